"""What the ledger makes of runs, with a real file, a real redis-server, and neither."""

import os
import signal
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from server.ledger import MANY, TURNS, Ledger
from server.runs import Run
from server.settings import Settings
from server.stores import Begin, Frames, StoreError, open_store
from server.stores.lives import ENTRIES
from server.stores.redis import ALIVE_S
from server.stores.sqlite import SqliteStore
from tests.live import until
from tests.redis_server import RedisServer

LONG = 2500  # messages: more than a block of a journal


class Told(Run):
    """A run that says what it is told to."""

    kind, remembered, lanes = "analysis", True, {}

    def __init__(self, settings):
        super().__init__(None)
        self.state = "working"

    def say(self, *frames):
        self.journal.extend(list(frames))

    def end(self, ledger):
        self.journal.close()
        self.state = "complete"
        ledger.end(self)


class Nobody:
    def ordered(self, id, what):
        pass


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def serving():
    ledgers = []

    def serve(settings, finish=None):
        ledger = Ledger(settings)
        ledger.start(Nobody(), finish or (lambda *known: ([b"end"], {})))
        ledgers.append(ledger)
        return ledger

    yield serve
    for ledger in ledgers:
        ledger.close()


def begun(ledger, settings):
    run = Told(settings)
    ledger.begin(run, {"query": "What?"})
    return run


def whole(store, id):
    frames = []
    while more := store.frames(id, len(frames)):
        frames += more
    return frames


def noted(store, run):
    return seen(lambda: store.run(run.id))


def written(store, run):
    kept = noted(store, run)
    return kept if kept and kept.ended and kept.length == run.journal.length else None


def seen(look):
    """What is found; nothing while the store does not answer."""
    try:
        return look()
    except StoreError:
        return None


def said(number):
    return [b"message %d" % n for n in range(1, number + 1)]


def test_a_run_is_written_down_as_it_was_said(serving, settings):
    ledger = serving(settings)
    run = begun(ledger, settings)
    for frame in said(LONG):
        run.say(frame)
    run.end(ledger)
    kept = until(lambda: written(ledger.store, run))
    assert (kept.state, kept.length) == ("complete", LONG)
    assert whole(ledger.store, run.id) == said(LONG)


def test_many_runs_take_turns_and_none_is_left_out(serving, settings, monkeypatch):
    ledger = serving(settings)
    until(lambda: ledger.store)
    batches, write = [], ledger.store.write
    monkeypatch.setattr(
        ledger.store, "write", lambda owner, them: batches.append(len(them)) or write(owner, them)
    )
    runs = [begun(ledger, settings) for _ in range(6 * MANY)]
    for run in runs:
        run.say(*said(3))
    until(lambda: all(kept and kept.length == 3 for kept in map(ledger.store.run, ids(runs))))
    batches.clear()
    for run in runs:
        run.say(*said(2))
    until(lambda: all(ledger.store.run(run.id).length == 5 for run in runs))
    assert max(batches) <= 6 * MANY // TURNS
    for run in runs:
        run.end(ledger)
    until(lambda: all(written(ledger.store, run) for run in runs))


def ids(runs):
    return [run.id for run in runs]


def test_what_was_said_before_the_server_stops_is_written(serving, settings, monkeypatch):
    """Also by a run that ends only then."""
    monkeypatch.setattr("server.ledger.CLOSING_S", 20)
    ledger = serving(settings)
    run = begun(ledger, settings)
    run.say(b"one")
    threading.Timer(0.3, lambda: (run.say(b"two"), run.end(ledger))).start()
    ledger.close()
    store = open_store(settings)
    store.open("later")
    assert store.run(run.id).state == "complete" and whole(store, run.id) == [b"one", b"two"]
    store.close()


def test_a_store_that_is_busy_for_long_costs_no_run_its_history(
    serving, settings, monkeypatch, caplog
):
    monkeypatch.setattr("server.stores.database.BUSY_S", 0.1)
    ledger = serving(settings)
    run = begun(ledger, settings)
    run.say(b"one")
    until(lambda: ledger.store.run(run.id))
    path = settings.data_dir / "runs/runs.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run.say(b"two")
        until(lambda: "the history of runs failed" in caplog.text)
        run.end(ledger)
        other.execute("ROLLBACK")
    until(lambda: written(ledger.store, run))
    assert whole(ledger.store, run.id) == [b"one", b"two"]


@pytest.mark.parametrize("meanwhile", ["paused", "restarted empty", "not there at first"])
def test_a_redis_that_comes_back_gets_all_it_missed(
    serving, settings, redis_server, monkeypatch, caplog, meanwhile
):
    monkeypatch.setattr("server.stores.redis.TIMEOUT_S", 0.3)
    shared = Settings(data_dir=settings.data_dir, redis_url=redis_server.url)
    if meanwhile == "not there at first":
        redis_server.stop()
    ledger = serving(shared)
    run, short = begun(ledger, shared), begun(ledger, shared)
    run.say(*said(LONG)[:-2])
    if meanwhile == "paused":
        until(lambda: noted(ledger.store, run))
        os.kill(redis_server._process.pid, signal.SIGSTOP)
    elif meanwhile == "restarted empty":
        until(lambda: noted(ledger.store, run))
        redis_server.stop()
    caplog.clear()
    short.say(b"x")
    short.end(ledger)
    run.say(said(LONG)[-2])
    until(lambda: caplog.text.count("Redis failed") >= 2)  # it is looked at, and written to
    if meanwhile == "paused":
        os.kill(redis_server._process.pid, signal.SIGCONT)
    else:
        redis_server.start()
    run.say(said(LONG)[-1])
    until(lambda: ledger.store and seen(lambda: whole(ledger.store, run.id)) == said(LONG))
    run.end(ledger)
    for each in (run, short):
        assert until(lambda each=each: written(ledger.store, each)).state == "complete"
    until(lambda: seen(lambda: whole(ledger.store, run.id)) == said(LONG))


def test_who_was_taken_for_dead_leaves_the_run_as_it_was_ended(serving, settings, redis_server):
    shared = Settings(data_dir=settings.data_dir, redis_url=redis_server.url)
    ledger = serving(shared)
    run, other = begun(ledger, shared), begun(ledger, shared)
    run.say(b"one")
    kept = until(lambda: (kept := ledger.store.run(run.id)) and kept.length == 1 and kept)
    thief = open_store(shared)
    thief.open("thief")
    assert thief.adopt(kept, "thief")
    run.say(b"two")
    run.end(ledger)
    other.say(b"mine")
    other.end(ledger)
    # Who would not say that it lives would lose the run to the ledger that lost it.
    until(lambda: thief.beat("thief") or written(ledger.store, other))
    assert whole(thief, run.id) == [b"one"] and not thief.run(run.id).ended
    thief.close()


def test_after_a_redis_was_away_nobody_is_taken_for_dead(serving, settings, redis_server):
    shared = Settings(data_dir=settings.data_dir, redis_url=redis_server.url)
    ledgers = [serving(shared) for _ in range(2)]
    runs = [begun(ledger, shared) for ledger in ledgers]
    for ledger, run in zip(ledgers, runs):
        until(lambda ledger=ledger, run=run: ledger.store.run(run.id))
    os.kill(redis_server._process.pid, signal.SIGSTOP)
    time.sleep(ALIVE_S + 0.5)  # what says that they live expires: a fact nobody can ask for
    os.kill(redis_server._process.pid, signal.SIGCONT)
    for ledger, run in zip(ledgers, runs):
        until(lambda ledger=ledger, run=run: noted(ledger.store, run))
        run.end(ledger)
    for ledger, run in zip(ledgers, runs):
        assert until(lambda ledger=ledger, run=run: written(ledger.store, run)).state == "complete"


def test_where_nobody_serves_nothing_waits_to_be_written(settings):
    ledger = Ledger(settings)
    begun(ledger, settings).end(ledger)
    assert not ledger._copies and ledger._queue.empty()


def orphan(settings, *frames):
    """A run of a process that is no more, on disk."""
    store = open_store(settings)
    store.open("dead")
    store.write("dead", [Begin("orphan", "analysis", 1.0, {}), Frames("orphan", 1, list(frames))])
    store.close()


def test_a_run_that_was_adopted_is_ended_although_the_store_failed_just_then(
    serving, settings, monkeypatch
):
    orphan(settings, b"one")
    write, failures = SqliteStore.write, []

    def failing(store, owner, changes):
        if len(failures) < 1:
            failures.append(changes)
            raise StoreError()
        return write(store, owner, changes)

    monkeypatch.setattr(SqliteStore, "write", failing)
    ledger = serving(settings)
    until(lambda: (kept := ledger.find("orphan")) and kept.state == "interrupted")
    assert failures and whole(ledger.store, "orphan") == [b"one", b"end"]


def test_a_run_nobody_can_make_sense_of_is_forgotten_and_stops_no_other(serving, settings):
    orphan(settings, b"one")

    def senseless(*known):
        raise KeyError("models")

    ledger = serving(settings, senseless)
    until(lambda: ledger.store.run("orphan") is None)
    run = begun(ledger, settings)
    run.end(ledger)
    until(lambda: written(ledger.store, run))


def test_one_run_that_cannot_be_written_costs_the_others_nothing(serving, settings):
    ledger = serving(settings)
    run, odd = begun(ledger, settings), Told(settings)
    ledger.begin(odd, {"query": object()})
    run.say(b"one")
    for each in (odd, run):
        each.end(ledger)
    until(lambda: written(ledger.store, run))
    assert ledger.store.run(odd.id) is None
    until(lambda: len(ledger.store._lives._free) == ENTRIES)


@pytest.mark.parametrize("count", [10, 3 * TURNS * MANY])
def test_what_waits_for_a_store_that_is_away_is_bounded(
    serving, settings, monkeypatch, caplog, count
):
    monkeypatch.setattr("server.ledger.AGAIN_S", 0.02)
    monkeypatch.setattr("server.ledger.MAX_UNWRITTEN", 3)
    settings.data_dir.mkdir()
    (settings.data_dir / "runs").write_text("a file where a folder should be")
    ledger = serving(settings)
    runs = [begun(ledger, settings) for _ in range(count)]
    for run in reversed(runs):  # who ended last is newest, not who began last
        run.say(b"x")
        run.end(ledger)
    lost = lambda: caplog.text.count("will not be remembered")  # noqa: E731
    until(lambda: lost() == count - 3)
    (settings.data_dir / "runs").unlink()
    until(lambda: ledger.store and all(written(ledger.store, run) for run in runs[:3]))
    kept = [bool(ledger.store.run(run.id)) for run in runs]
    assert kept == 3 * [True] + (count - 3) * [False] and lost() == count - 3
    until(lambda: not ledger._copies)


def test_what_was_given_up_is_told_once_and_forgotten(serving, settings, monkeypatch, caplog):
    monkeypatch.setattr("server.ledger.MAX_UNWRITTEN", 3)
    monkeypatch.setattr("server.ledger.AGAIN_S", 0.01)
    ledger = serving(settings)
    runs = [begun(ledger, settings) for _ in range(10)]
    until(lambda: all(ledger.store.run(run.id) for run in runs))
    failures = []

    def failing(*known):
        failures.append(known)
        raise StoreError()

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(SqliteStore, "write", failing)
        for run in runs:
            run.end(ledger)
        until(lambda: caplog.text.count("will not be remembered") >= 7)
        more = len(failures) + 3
        until(lambda: len(failures) >= more)
    until(lambda: not ledger._copies)
    assert caplog.text.count("will not be remembered") == 7
    assert sum(bool(ledger.store.run(run.id)) for run in runs) == 3


def test_an_order_that_fails_costs_none_of_those_behind_it():
    class Runs:
        ordered = staticmethod(lambda id, what: obeyed.append(id) if id != "broken" else 1 / 0)

    obeyed = []
    for id in ("broken", "whole"):
        Ledger._obey(Runs, id, {"cancel": "Stop."})
    assert obeyed == ["whole"]
