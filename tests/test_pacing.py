import pytest

from server.analysis.pacing import LONGEST_S, Pace


def test_it_is_as_set_while_threads_are_woken_in_time():
    pace = Pace(0.002)
    for _ in range(100):
        pace.waited(0.0001)
    assert pace.wait_s == 0.002


def test_it_grows_with_how_late_they_are_and_comes_back():
    pace, seen = Pace(0.002), []
    for _ in range(200):
        pace.waited(0.003)
        seen.append(pace.wait_s)
    assert seen == sorted(seen) and seen[-1] == pytest.approx(0.012, rel=0.05)
    for _ in range(200):
        pace.waited(0.0)
    assert pace.wait_s == 0.002


def test_one_late_wait_among_many_is_no_reason():
    pace = Pace(0.002)
    pace.waited(0.007)
    assert pace.wait_s < 0.003


def test_it_stays_unseen_however_late_they_are():
    pace = Pace(0.002)
    for _ in range(100):
        pace.waited(1.0)
    assert pace.wait_s == LONGEST_S
    slow = Pace(0.5)  # as somebody set it
    slow.waited(1.0)
    assert slow.wait_s == 0.5
