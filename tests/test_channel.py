import threading
import time

from server.channel import Channel

DEADLINE_S = 5


def test_the_reader_takes_all_that_is_there_at_once():
    channel = Channel()
    for number in range(3):
        assert channel.put(number)
    assert channel.take(0) == [0, 1, 2]
    assert channel.take(0) == []


def test_a_taker_waits_for_the_first_item():
    channel = Channel()
    threading.Timer(0.05, channel.put, ["late"]).start()
    assert channel.take(DEADLINE_S) == ["late"]


def test_a_full_channel_holds_a_worker_until_the_reader_takes():
    channel = Channel(maxsize=1)
    channel.put("first")
    worker = threading.Thread(target=channel.put, args=("second",))
    worker.start()
    assert channel.take(0) == ["first"]
    worker.join(DEADLINE_S)
    assert not worker.is_alive()
    assert channel.take(0) == ["second"]


def test_closing_lets_every_waiting_worker_go():
    channel = Channel(maxsize=1)
    channel.put("full")
    answers = []
    workers = [threading.Thread(target=lambda: answers.append(channel.put(1))) for _ in range(5)]
    for worker in workers:
        worker.start()
    channel.close()
    for worker in workers:
        worker.join(DEADLINE_S)
    assert answers == [False] * 5


def test_an_urgent_word_goes_in_although_it_is_full():
    channel = Channel(maxsize=1)
    channel.put("full")
    channel.put_urgent("end")
    assert channel.take(0) == ["full", "end"]


def test_a_poke_wakes_the_taker_with_nothing():
    channel = Channel()
    threading.Timer(0.05, channel.poke).start()
    began = time.monotonic()
    assert channel.take(DEADLINE_S) == []
    assert time.monotonic() - began < DEADLINE_S / 2


def test_a_poke_before_the_take_is_not_lost():
    channel = Channel()
    channel.poke()
    began = time.monotonic()
    assert channel.take(DEADLINE_S) == []
    assert time.monotonic() - began < DEADLINE_S / 2


def test_looking_leaves_a_poke_for_who_waits():
    channel = Channel()
    channel.put("here")
    channel.poke()
    assert channel.there() == ["here"] and channel.there() == []
    began = time.monotonic()
    assert channel.take(DEADLINE_S) == []
    assert time.monotonic() - began < DEADLINE_S / 2
