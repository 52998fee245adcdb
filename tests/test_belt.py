import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.commentary.base import Picture, Stretch, Window
from server.commentary.belt import Belt
from tests.live import DEADLINE_S, until


def stretch(index):
    return Stretch(Window(index, index * 10.0, index * 10.0 + 10), Picture(Path("film.mp4")))


def taken(belt, count):
    return [belt.take().window.index for _ in range(count)]


def test_the_earliest_is_taken_first():
    belt = Belt(5)
    for index in (3, 1, 2):
        belt.put(stretch(index))
    assert taken(belt, 3) == [1, 2, 3]


def test_an_ordered_belt_waits_for_the_one_whose_turn_it_is():
    belt = Belt(5, ordered=True)
    belt.put(stretch(1))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(taken, belt, 2)
        assert not first.done()
        belt.put(stretch(0))
        assert first.result(DEADLINE_S) == [0, 1]


def test_a_full_belt_makes_its_feeder_wait():
    belt = Belt(1)
    belt.put(stretch(0))
    with ThreadPoolExecutor() as pool:
        second = pool.submit(belt.put, stretch(1))
        assert not second.done()
        assert taken(belt, 1) == [0]
        assert second.result(DEADLINE_S)


def test_the_end_comes_after_the_last():
    belt = Belt(5)
    belt.put(stretch(0))
    belt.end()
    assert belt.take().window.index == 0
    assert belt.take() is None


@pytest.mark.parametrize("ordered", [True, False])
def test_closing_lets_everybody_go(ordered):
    belt = Belt(1, ordered)
    belt.put(stretch(1))
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(belt.put(stretch(2)))),
        threading.Thread(target=lambda: done.append(Belt.take(empty))),
    ]
    empty = Belt(1, ordered)
    for thread in threads:
        thread.start()
    belt.close()
    empty.close()
    until(lambda: len(done) == 2)
    assert sorted(done, key=str) == [False, None]
    assert belt.put(stretch(3)) is False
