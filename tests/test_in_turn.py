"""Turns: one at a time, and none is overtaken."""

import threading

import pytest

from server.in_turn import InTurn
from tests.live import until


def test_who_came_first_is_first_and_nobody_is_beside_another():
    turns, order, inside = InTurn(), [], []

    def come(number):
        with turns:
            inside.append(number)
            assert inside == [number]
            order.append(number)
            inside.remove(number)

    threads = []
    with turns:
        for number in range(20):
            threads.append(threading.Thread(target=come, args=(number,)))
            threads[-1].start()
            until(lambda: len(turns._waiting) == len(threads))
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_who_leaves_lets_the_first_in_and_not_one_who_comes_just_then():
    turns, order = InTurn(), []

    def come(name):
        with turns:
            order.append(name)

    with turns:
        waiting = threading.Thread(target=come, args=("waited",))
        waiting.start()
        until(lambda: turns._waiting)
    come("came just then")
    waiting.join()
    assert order == ["waited", "came just then"]


def test_one_who_fails_gives_its_turn_back():
    turns = InTurn()
    with pytest.raises(ZeroDivisionError), turns:
        raise ZeroDivisionError
    with turns:
        pass
