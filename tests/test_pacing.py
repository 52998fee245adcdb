"""How long words wait for each other, and that a run keeps to it."""

import time

import pytest

from server.analysis.pacing import BEARABLE, LONGEST_S, Flow, Pace
from server.analysis.run import AnalysisRun
from server.analysis.ticks import Ticks
from server.providers.base import Question


def test_it_is_as_set_while_threads_are_woken_in_time():
    pace = Pace(0.002)
    for _ in range(100):
        pace.waited(0.0001)
    assert pace.wait_s == 0.002


def test_it_doubles_with_how_late_they_are_and_comes_back():
    pace, seen = Pace(0.002), []
    for _ in range(200):
        pace.waited(BEARABLE * 0.009)
        seen.append(pace.wait_s)
    assert list(dict.fromkeys(seen)) == [0.002, 0.004, 0.008]
    for _ in range(200):
        pace.waited(0.0)
    assert pace.wait_s == 0.002


def test_one_late_wait_among_many_is_no_reason():
    pace = Pace(0.002)
    pace.waited(0.007)
    assert pace.wait_s == 0.002


def test_it_stays_unseen_however_late_they_are():
    pace = Pace(0.002)
    for _ in range(100):
        pace.waited(1.0)
    assert pace.wait_s == LONGEST_S
    for set_by_somebody in (0.5, 0.0):
        slow = Pace(set_by_somebody)
        slow.waited(1.0)
        assert slow.wait_s == set_by_somebody


def test_whoever_waits_is_woken_at_the_same_moment():
    pace = Pace(0.002)
    ends = [now + pace.rest(now, now) for now in (10.0001, 10.0005, 10.0019)]
    assert ends == pytest.approx([10.002] * 3)
    assert 0 < pace.rest(10.002, 10.002) <= 0.002  # never not at all


def test_nobody_waits_longer_than_since_the_last_write():
    pace = Pace(0.05)
    assert pace.rest(10.049, 10.01) == pytest.approx(0.001)
    assert pace.rest(10.01, 9.97) == pytest.approx(0.01)
    assert pace.rest(10.0, 9.95) == 0.0 == Pace(0.0).rest(10.0, 10.0)


def flow(pace, *gaps, count=1):
    """One whose words come with these seconds between them."""
    found, now = Flow(pace, 0.0), 0.0
    for gap in gaps:
        now += gap
        found.came(count, now)
    return found


def test_nobody_waits_for_words_that_come_seldom():
    pace = Pace(0.002)
    assert not flow(pace, *[0.0021] * 100).thick
    assert not flow(pace, 0.0001).thick, "one is not many"
    assert flow(pace, *[0.001] * 20).thick
    assert flow(pace, *[0.02] * 20, count=15).thick, "many that come at once are many"


def test_a_longer_window_is_worth_waiting_for_sooner():
    pace = Pace(0.002)
    assert not flow(pace, *[0.006] * 50).thick
    for _ in range(100):
        pace.waited(0.002)
    assert flow(pace, *[0.006] * 50).thick


def test_a_pause_is_soon_forgotten():
    pace = Pace(0.002)
    found = flow(pace, *[0.001] * 20, 60.0)
    assert found.thick, "it was one gap"
    assert not flow(pace, *[0.001] * 20, *[60.0] * 8).thick
    assert flow(pace, *[60.0] * 8, *[0.001] * 12).thick


def test_without_a_window_nobody_waits():
    assert not flow(Pace(0.0), *[0.0] * 100).thick


class Line:
    """What a run reads: a word that was said so long after it was waited for; or before."""

    def __init__(self, said_after_s):
        self._said_after_s = said_after_s

    def take(self, timeout):
        return [(None, time.monotonic() + self._said_after_s, "word")]

    def there(self):
        return []


class Watched(Pace):
    def __init__(self, shortest_s=0.002):
        super().__init__(shortest_s)
        self.late, self.rests = [], 0

    def waited(self, late_s):
        self.late.append(late_s)

    def rest(self, now, wrote_at):
        self.rests += 1
        return 0.001


@pytest.fixture(name="run")
def one_run(make_services):
    services = make_services()
    services.pace = Watched()
    return AnalysisRun(Question("What?"), [], services)


@pytest.mark.parametrize("said_after_s, counted", [(0.0, True), (-60.0, False)])
def test_being_woken_late_counts_and_being_busy_does_not(run, said_after_s, counted):
    run._channel = Line(said_after_s)
    run._take(Ticks(10), False)
    late = run.services.pace.late
    assert len(late) == counted and all(0 <= each < 60 for each in late)


@pytest.mark.parametrize("thick", [True, False])
def test_a_run_rests_only_while_its_words_come_thick_and_fast(run, thick):
    run._channel, run._flow.thick = Line(0.0), thick
    assert [word for _, _, word in run._take(Ticks(10), False)] == ["word"]
    assert run.services.pace.rests == thick
