import threading
from types import SimpleNamespace

import pytest

from server import alarms as module
from server.alarms import Alarms
from tests import threads

DEADLINE_S = 20


@pytest.fixture
def clock(monkeypatch):
    """It stands still while alarms are set, however long that takes."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def test_alarms_ring_in_order_of_time_not_of_asking(clock):
    alarms, rung, done = Alarms(), [], threading.Event()
    alarms.after(0.15, done.set)
    alarms.after(0.1, lambda: rung.append("second"))
    alarms.after(0.05, lambda: rung.append("first"))
    clock.seconds = 1.0
    assert done.wait(DEADLINE_S)
    assert rung == ["first", "second"]


def test_alarms_that_found_no_thread_ring_once_there_is_one(clock):
    alarms, done = Alarms(), threading.Event()
    with threads.none_left("alarms"), pytest.raises(RuntimeError):
        alarms.after(0.01, done.set)
    alarms.after(0.02, lambda: None)
    clock.seconds = 1.0
    assert done.wait(DEADLINE_S)


def test_a_cancelled_alarm_does_not_ring(clock):
    alarms, rung, done = Alarms(), [], threading.Event()
    alarms.after(0.02, lambda: rung.append("no")).cancel()
    alarms.after(0.06, done.set)
    clock.seconds = 1.0
    assert done.wait(DEADLINE_S)
    assert rung == []


def test_an_alarm_that_fails_does_not_stop_the_others(caplog):
    alarms, done = Alarms(), threading.Event()
    alarms.after(0.01, lambda: 1 / 0)
    alarms.after(0.03, done.set)
    assert done.wait(DEADLINE_S)


def test_an_alarm_may_set_another():
    alarms, done = Alarms(), threading.Event()
    alarms.after(0.01, lambda: alarms.after(0.01, done.set))
    assert done.wait(DEADLINE_S)
