"""Moving windows, by a clock of our own."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import RateLimited
from server.moving_window import MovingWindow
from server.rates import RateLimits


def test_as_many_as_may_come_and_the_next_is_told_when():
    window = MovingWindow(2, 10)
    assert window.visit("a", 100) is None
    assert window.visit("a", 104) is None
    assert window.visit("a", 105) == 5
    assert window.visit("b", 105) is None
    assert window.visit("a", 109.5) == 0.5
    assert window.visit("a", 110) is None
    assert window.visit("a", 113.9) == pytest.approx(0.1)


def test_who_does_not_come_any_more_is_forgotten():
    window = MovingWindow(2, 10)
    for number in range(1000):
        window.visit(f"visitor {number}", number / 1000)
    assert len(window) == 1000
    window.visit("somebody", 10.5)
    assert len(window) == 500
    window.visit("somebody", 30)
    assert len(window) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 5))), st.integers(1, 4))
def test_it_is_what_one_would_count(steps, amount):
    window, let_in, now = MovingWindow(amount, 7), [], 0.0
    for who, later in steps:
        now += later
        within = Counter(each for each, at in let_in if at > now - 7)
        wait = window.visit(who, now)
        assert (wait is None) == (within[who] < amount)
        if wait is None:
            let_in.append((who, now))
        else:
            assert 0 < wait <= 7


def test_of_several_limits_each_counts():
    rates = RateLimits("3/hour; 2/minute")
    rates.hit("a")
    rates.hit("a")
    with pytest.raises(RateLimited, match="More than 2 per 1 minute; ask again in (59|60) s"):
        rates.hit("a")
    with pytest.raises(RateLimited, match="More than 3 per 1 hour") as refused:
        rates.hit("a")
    assert 3590 < refused.value.retry_after <= 3600
    rates.hit("b")
