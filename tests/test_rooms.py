"""Where lines may be said in a window."""

from hypothesis import given
from hypothesis import strategies as st

from server.commentary.base import Moment, Window
from server.commentary.rooms import rooms

LONG = 3600.0


def at(*times, weight=0.5):
    return tuple(Moment(time, time + 1, f"at {time}", weight) for time in times)


def spans(window, moments, duration=LONG):
    return [(room.start, room.until) for room in rooms(window, moments, duration)]


def test_a_line_begins_a_second_into_its_window_and_may_spill_over_its_end():
    assert spans(Window(0, 0.0, 10.0), at(0.0)) == [(1.0, 10.7)]


def test_nothing_is_said_beyond_the_video():
    assert spans(Window(0, 0.0, 10.0), at(0.0), duration=10.0) == [(1.0, 10.0)]


def test_a_line_begins_with_its_moment():
    assert spans(Window(1, 30.0, 60.0), at(31.2, 40.0, 52.0)) == [
        (31.0, 39.75),
        (40.0, 51.75),
        (52.0, 60.7),
    ]


def test_while_nothing_has_happened_yet_there_is_a_line_to_say_so():
    assert spans(Window(0, 0.0, 30.0), at(20.0)) == [(1.0, 19.75), (20.0, 30.7)]
    assert spans(Window(0, 0.0, 12.0), at(9.0)) == [(9.0, 12.7)], "only one line fits"


def test_the_first_line_is_about_what_is_there_already():
    moments = at(0.0, 4.0, weight=0.5) + at(3.0, weight=0.9)
    assert spans(Window(0, 0.0, 13.0), moments) == [(1.0, 13.7)]


def test_a_moment_at_the_very_end_has_no_line_of_its_own_if_there_is_another():
    assert spans(Window(0, 0.0, 13.0), at(2.0) + at(12.0, weight=0.9)) == [(2.0, 13.7)]
    assert spans(Window(0, 0.0, 6.0), at(4.5, weight=0.9)) == [(4.5, 6.7)]


def test_of_moments_that_crowd_each_other_the_weightiest_has_the_line():
    moments = at(3.0, weight=0.4) + at(5.0, weight=0.9) + at(8.0, weight=0.5)
    (room,) = rooms(Window(0, 0.0, 13.9), moments, LONG)
    assert room.start == 5.0
    assert [each.start for each in room.moments] == [3.0, 5.0, 8.0], "and may tell the others"


def test_each_moment_is_some_lines_to_tell():
    moments = at(2.0, 10.0, 12.0, 22.0)
    told = [each for room in rooms(Window(0, 0.0, 30.0), moments, LONG) for each in room.moments]
    assert told == list(moments)


def test_a_window_in_which_nothing_happens_has_one_line_if_it_is_worth_it():
    assert spans(Window(0, 0.0, 30.0), ()) == [(1.0, 30.7)]
    assert spans(Window(0, 0.0, 4.9), ()) == []


def test_no_line_where_four_words_do_not_fit():
    assert spans(Window(0, 0.0, 2.0), at(0.0), duration=2.0) == []
    assert spans(Window(0, 0.0, 2.0), at(0.0)) == [(1.0, 2.7)]
    assert spans(Window(0, 0.0, 0.04), at(0.0), duration=0.04) == []


def test_the_budget_is_two_and_a_half_words_a_second_and_no_speech():
    (room,) = rooms(Window(0, 0.0, 5.0), at(0.0), LONG)
    assert room.words == 11
    (room,) = rooms(Window(0, 0.0, 60.0), (), LONG)
    assert room.words == 30


@given(
    st.floats(0, 1000),
    st.floats(0.01, 120),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=24),
    st.floats(0, 5),
)
def test_rooms_are_where_they_may_be(start, seconds, drawn, rest):
    window = Window(3, start, start + seconds)
    moments = tuple(Moment(start + place * seconds, window.end, "x", w) for place, w in drawn)
    duration = window.end + rest
    found = rooms(window, moments, duration)
    for room in found:
        assert room.start >= start + 1 - 0.001
        assert room.until <= min(duration, window.end + 0.7) + 0.001
        assert room.words >= 4
    for one, other in zip(found, found[1:], strict=False):
        assert one.until <= other.start - 0.249
        assert other.start - one.start >= 5 - 0.001
    assert len(found) <= max(1, seconds / 7)
