"""How many speak at once, first as numbers without a clock, then with threads."""

import threading

import pytest

from server.cancel import CancelToken
from server.errors import Abandoned
from server.voices.throttle import GROW_S, Limit, Throttle
from tests.live import DEADLINE_S, until


def test_a_refusal_halves_it_and_one_always_remains():
    limit = Limit(8, now=0)
    found = []
    for now in range(1, 6):
        limit.refused(began=now, now=now + 0.5)
        found.append(limit.allowed)
    assert found == [4, 2, 1, 1, 1]


def test_those_that_are_refused_together_count_once():
    limit = Limit(8, now=0)
    for _ in range(5):
        limit.refused(began=1, now=2)
    assert limit.allowed == 4
    limit.refused(began=1.9, now=3)  # it was on its way when the first was refused
    assert limit.allowed == 4
    limit.refused(began=2.1, now=3)
    assert limit.allowed == 2


def test_it_grows_back_slowly_and_never_beyond_what_is_allowed():
    limit = Limit(4, now=0)
    limit.refused(began=1, now=1)
    for now in range(1, int(GROW_S)):
        limit.succeeded(now)
    assert limit.allowed == 2
    for step in range(1, 6):
        limit.succeeded(1 + step * GROW_S)
        limit.succeeded(1 + step * GROW_S)  # one step at a time
        assert limit.allowed == min(2 + step, 4)


def test_what_the_vendor_tells_is_the_most_until_it_tells_otherwise():
    limit = Limit(5, now=0)
    limit.succeeded(1, told=2)
    assert limit.allowed == 2
    limit.succeeded(100, told=2)
    assert limit.allowed == 2
    limit.succeeded(200, told=50)
    limit.succeeded(300)
    limit.succeeded(400)
    limit.succeeded(500)
    assert limit.allowed == 5
    limit.succeeded(600, told=0)  # nonsense
    assert limit.allowed == 5


class Speaker(threading.Thread):
    def __init__(self, throttle, log, name):
        super().__init__(daemon=True)
        self.throttle, self.log, self.label = throttle, log, name
        self.token, self.done, self.raised = CancelToken(), threading.Event(), None
        self.start()

    def run(self):
        try:
            with self.throttle.turn(self.token):
                self.log.append(self.label)
                self.done.wait(DEADLINE_S)
        except Abandoned as error:
            self.raised = error


def test_turns_are_given_in_the_order_they_were_asked_for():
    throttle, log = Throttle(1), []
    speakers = []
    for number in range(6):
        speakers.append(Speaker(throttle, log, number))
        until(lambda: len(throttle._waiting) + len(log) == len(speakers))
    for number, speaker in enumerate(speakers):
        until(lambda: log[number:] == [number])  # noqa: B023
        speaker.done.set()
        speaker.join(DEADLINE_S)
    assert log == list(range(6))


def test_a_cancel_ends_the_wait_and_the_next_moves_up():
    throttle, log = Throttle(1), []
    first = Speaker(throttle, log, "first")
    until(lambda: log)
    second = Speaker(throttle, log, "second")
    until(lambda: len(throttle._waiting) == 1)
    third = Speaker(throttle, log, "third")
    until(lambda: len(throttle._waiting) == 2)
    second.token.cancel("enough")
    second.join(DEADLINE_S)
    assert second.raised and log == ["first"]
    first.done.set()
    until(lambda: log == ["first", "third"])
    third.done.set()
    third.join(DEADLINE_S)
    assert not throttle._waiting and throttle._speaking == 0


def test_a_turn_is_given_back_whatever_happens_in_it():
    throttle = Throttle(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), throttle.turn(CancelToken()):
            raise ZeroDivisionError
    assert throttle._speaking == 0
