"""One does it, the others wait: what they hear meanwhile, and who takes over."""

import threading

import pytest

from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.providers.base import Call
from server.providers.flights import Flights
from tests.live import until


class Asker(threading.Thread):
    """Somebody who asks for the work, what they were told and what came of it."""

    def __init__(self, flights, make, shelf):
        super().__init__(daemon=True)
        self.token, self.phases, self.own, self.outcome = CancelToken(), [], [], None
        self.turn = threading.Event()
        self.turn.set()
        call = Call(self.token, self._works, self.phases.append)
        self._ask = lambda: flights.get("key", lambda: shelf.get("key"), make, call)
        self.start()

    def _works(self, phase):
        self.own.append(phase)
        self.turn.wait(10)
        self.phases.append(phase)

    def run(self):
        try:
            self.outcome = self._ask()
        except (ProviderError, Abandoned) as error:
            self.outcome = error


class Work:
    """Goes on when told to, and counts how often it was begun."""

    def __init__(self, shelf):
        self.begun, self.may_go_on, self.may_end = [], threading.Semaphore(0), threading.Event()
        self._shelf, self._steps = shelf, 0

    def __call__(self, call):
        self.begun.append(call)
        while not self.may_end.is_set():
            call.token.wait(0.005)
            if self.may_go_on.acquire(blocking=False):
                self._steps += 1
                call.phase(self._steps)
        self._shelf["key"] = "made"
        return "made"


@pytest.fixture(name="ask")
def several_askers():
    flights, shelf = Flights(), {}
    work = Work(shelf)

    def start():
        return Asker(flights, work, shelf)

    start.work = work
    start.shelf = shelf
    return start


def wait(askers, maker, work):
    """Until they are known to wait: all have heard of the maker's latest progress."""
    told = len(maker.phases) + 1
    work.may_go_on.release()
    until(lambda: all(each.phases[-1:] == [told] for each in askers))
    assert maker.is_alive()


def test_progress_is_told_to_all_and_waiting_is_none(ask):
    maker = ask()
    until(lambda: ask.work.begun)
    waiting = [ask(), ask()]
    wait(waiting, maker, ask.work)
    wait(waiting, maker, ask.work)
    told = [len(each.phases) for each in waiting]
    with pytest.raises(AssertionError):
        until(lambda: [len(each.phases) for each in waiting] != told, 0.5)
    ask.work.may_end.set()
    for each in (maker, *waiting):
        each.join(20)
    assert maker.outcome == ("made", False)
    assert [each.outcome for each in waiting] == [("made", True)] * 2
    assert len(ask.work.begun) == 1
    assert maker.phases == waiting[0].phases == waiting[1].phases == [1, 2]
    assert maker.own and not waiting[0].own, "it is no turn of theirs"


def test_a_maker_that_waits_for_its_turn_makes_no_progress(ask):
    maker = ask()
    until(lambda: ask.work.begun)
    follower = ask()
    wait([follower], maker, ask.work)
    maker.turn.clear()
    told, own = len(follower.phases), len(maker.own)
    ask.work.may_go_on.release()
    until(lambda: len(maker.own) > own)
    with pytest.raises(AssertionError):
        until(lambda: len(follower.phases) != told, 0.3)
    maker.turn.set()
    until(lambda: len(follower.phases) > told)
    ask.work.may_end.set()
    for each in (maker, follower):
        each.join(20)
    assert follower.outcome == ("made", True)


def test_when_the_maker_is_called_off_one_of_those_waiting_takes_over(ask):
    maker = ask()
    until(lambda: ask.work.begun)
    waiting = [ask(), ask()]
    wait(waiting, maker, ask.work)
    maker.token.cancel("enough")
    until(lambda: len(ask.work.begun) == 2)
    ask.work.may_end.set()
    for each in (maker, *waiting):
        each.join(20)
    assert isinstance(maker.outcome, Abandoned)
    assert sorted(each.outcome for each in waiting) == [("made", False), ("made", True)]
    assert len(ask.work.begun) == 2


def test_those_whose_time_is_over_with_the_makers_do_not_begin_anew(ask, monkeypatch):
    maker = ask()
    until(lambda: ask.work.begun)
    waiting = [ask() for _ in range(4)]
    wait(waiting, maker, ask.work)
    monkeypatch.setattr("server.providers.flights.LOOK_AROUND_S", 2)  # for these few lines
    everybody = [maker, *waiting]
    for each in everybody:
        each.token.cancel("too late")
    for each in everybody:
        each.join(20)
        assert isinstance(each.outcome, Abandoned)
    assert len(ask.work.begun) == 1


def test_a_failure_is_that_of_all_who_waited(ask):
    maker = ask()
    until(lambda: ask.work.begun)
    waiting = ask()
    wait([waiting], maker, ask.work)
    refusal = ProviderError("quota", "No room.")
    ask.work.begun[0].phase = lambda name: (_ for _ in ()).throw(refusal)
    ask.work.may_go_on.release()
    for each in (maker, waiting):
        each.join(20)
        assert each.outcome is refusal
    assert len(ask.work.begun) == 1
