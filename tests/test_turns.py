"""Which windows are worked on, here or by a model, and in which order."""

import threading

import pytest

from server.cancel import CancelToken
from server.commentary.turns import Turns
from server.errors import Abandoned
from tests.live import until

MAKING, ASKING = 2, 3


class Window(threading.Thread):
    """One that says how far it is, and goes on when told to."""

    def __init__(self, turns, index):
        super().__init__(daemon=True)
        self._turns, self._index = turns, index
        self.at, self.error = "waiting", None
        self.may_ask, self.may_end = threading.Event(), threading.Event()
        self.start()

    def run(self):
        try:
            with self._turns.taken(self._index) as turn:
                self.at = "made"
                turn.phase("preparing")
                self.may_ask.wait(10)
                self.at = "waiting for the model"
                turn.phase("uploading")
                self.at = "asked"
                turn.phase("thinking")
                self.may_end.wait(10)
            self.at = "done"
        except Abandoned as error:
            self.error = error

    def asks(self):
        self.may_ask.set()
        until(lambda: self.at == "asked")

    def waits_to_ask(self):
        self.may_ask.set()
        until(lambda: self._index in self._turns._asking._waiting)

    def ends(self):
        self.may_end.set()
        until(lambda: self.at == "done")


@pytest.fixture(name="token")
def one_token():
    return CancelToken()


@pytest.fixture(name="begin")
def beginning(token):
    turns = Turns(token, MAKING, ASKING)
    windows = []

    def begin(count):
        for index in range(len(windows), len(windows) + count):
            windows.append(Window(turns, index))
            # So that they wait in that order, whatever the order of threads.
            until(lambda at=index: windows[at].at == "made" or at and waits(turns, at))
        return windows

    yield begin
    token.cancel()
    for window in windows:
        window.may_ask.set()
        window.may_end.set()
        window.join(10)
        assert not window.is_alive()


def waits(turns, index):
    return index in turns._making._waiting


def at(windows, state):
    return [index for index, window in enumerate(windows) if window.at == state]


def test_the_first_has_the_machine_to_itself_until_it_is_on_its_way(begin):
    windows = begin(4)
    assert at(windows, "made") == [0] and at(windows, "waiting") == [1, 2, 3]
    windows[0].asks()
    until(lambda: at(windows, "made") == [1, 2])
    assert at(windows, "waiting") == [3]


def test_it_may_as_well_end_without_having_asked(token):
    turns = Turns(token, MAKING, ASKING)
    with pytest.raises(ZeroDivisionError), turns.taken(0):
        1 / 0
    others = [Window(turns, 1), Window(turns, 2)]
    for window in others:
        until(lambda each=window: each.at == "made")
    for window in others:
        window.asks()
        window.ends()


def test_what_comes_next_is_made_while_others_are_asked_and_waits_for_its_turn(begin):
    windows = begin(6)
    for window in windows[:ASKING]:
        until(lambda each=window: each.at == "made")
        window.asks()
    until(lambda: at(windows, "made") == [3, 4])
    windows[4].waits_to_ask()
    until(lambda: at(windows, "made") == [3, 5])  # its place here is another's
    windows[3].waits_to_ask()
    assert at(windows, "asked") == [0, 1, 2]
    windows[1].ends()
    until(lambda: at(windows, "asked") == [0, 2, 3])  # the earliest, though it came last
    windows[0].ends()
    until(lambda: at(windows, "asked") == [2, 3, 4])


def test_nobody_waits_any_more_when_the_job_is_cancelled(begin, token):
    windows = begin(7)
    for window in windows[:ASKING]:
        until(lambda each=window: each.at == "made")
        window.asks()
    windows[3].waits_to_ask()
    until(lambda: at(windows, "made") == [4, 5])
    token.cancel()
    for window in (windows[3], windows[6]):
        until(lambda each=window: each.error is not None, 5)  # sooner than the others end
