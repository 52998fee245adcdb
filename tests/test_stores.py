"""What every store promises, on a real file and on a real redis-server."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from server.settings import Settings
from server.stores import Begin, End, Forget, Frames, StoreError, open_store
from server.stores.database import BUSY_S
from tests.live import ROOT, until
from tests.redis_server import serving_redis

ASKED = {"query": "What?", "models": {"demo": {"state": "waiting", "label": "Demo"}}}
SUMMARY = {**ASKED, "state": "complete"}


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    with serving_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(params=["sqlite", "redis"])
def settings(request, tmp_path):
    url = ""
    if request.param == "redis":
        import redis

        url = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(url) as client:
            client.flushall()
    return Settings(data_dir=tmp_path / "data", redis_url=url)


@pytest.fixture
def opened(settings):
    """Stores as other processes of the same server would have them."""
    stores = []

    def another(owner):
        store = open_store(settings)
        store.open(owner)
        stores.append(store)
        return store

    yield another
    for store in stores:
        with contextlib.suppress(FileNotFoundError):
            store.close()


@pytest.fixture
def store(opened):
    return opened("me")


def begin(store, id, created=1000.0, owner="me"):
    store.write(owner, [Begin(id, "analysis", created, ASKED)])


def test_a_run_is_found_as_it_was_written_also_by_another_process(store, opened):
    begin(store, "a")
    store.write("me", [Frames("a", 1, [b"one", b"two"]), Frames("a", 3, [b"", b"\x00\xff"])])
    for reader in (store, opened("other")):
        kept = reader.run("a")
        assert (kept.id, kept.kind, kept.owner, kept.state) == ("a", "analysis", "me", "working")
        assert (kept.created, kept.length, kept.asked) == (1000.0, 4, ASKED)
        assert kept.summary is None and not kept.ended
        assert reader.frames("a", 0) == [b"one", b"two", b"", b"\x00\xff"]
    store.write("me", [End("a", "complete", SUMMARY)])
    kept = store.run("a")
    assert kept.ended and kept.state == "complete" and kept.summary == SUMMARY


@pytest.mark.parametrize("after", range(8))
def test_frames_are_read_after_any_number(store, after):
    begin(store, "a")
    said = [b"%d" % number for number in range(1, 8)]
    store.write("me", [Frames("a", 1, said[:3]), Frames("a", 4, said[3:4])])
    store.write("me", [Frames("a", 5, said[4:])])
    assert store.frames("a", after) == said[after:]


def test_many_frames_are_read_in_turns(store):
    begin(store, "a")
    said = [b"%d" % number for number in range(3000)]
    for start in range(0, 3000, 7):
        store.write("me", [Frames("a", start + 1, said[start : start + 7])])
    found = []
    while more := store.frames("a", len(found)):
        found += more
    assert found == said


def test_what_is_not_there_is_none(store):
    assert store.run("nobody") is None and store.frames("nobody", 0) == []
    assert store.claimed("no") is None and store.orders("me") == []
    assert store.newest(5) == []


def test_a_forgotten_run_is_gone(store):
    begin(store, "a")
    store.write("me", [Frames("a", 1, [b"x"]), Forget("a")])
    assert store.run("a") is None and store.frames("a", 0) == []


def test_the_newest_come_first_page_by_page(store):
    for number in range(7):
        begin(store, f"run{number}", created=1000.0 + number // 2)
    found, edge = [], None
    while page := store.newest(3, edge):
        found += [run.id for run in page]
        edge = (page[-1].created, page[-1].id)
    assert found == [f"run{number}" for number in reversed(range(7))]


def test_of_all_who_claim_a_key_one_is_first(opened, store):
    claims = all_claim([opened(f"worker{n}") for n in range(4)], "key")
    assert len(set(claims)) == 1 and len(claims) == 4
    assert store.claimed("key") == claims[0]


def test_so_it_is_when_the_run_that_had_the_key_is_forgotten(opened, settings):
    stores = [opened(f"worker{n}") for n in range(4)]
    for number in range(25):
        key = f"key{number}"
        stores[0].claim(key, "print", "forgotten")
        if settings.redis_url:
            stores[0]._redis.expire(f"parallax:key:{key}", 100)  # it was a day
        else:
            with stores[0]._writing() as db:
                db.execute("UPDATE keys SET created = 0")
        [(fingerprint, run)] = set(all_claim(stores, key))
        assert fingerprint.startswith("print") and run != "forgotten"


def all_claim(stores, key):
    claims, together = [], threading.Barrier(len(stores))

    def claim(number):
        together.wait()
        claims.append(stores[number].claim(key, f"print{number}", f"run{number}"))

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return claims


def test_orders_reach_their_process_once_and_in_order(store, opened):
    other = opened("other")
    other.order("me", "a", {"cancel": "one"})
    other.order("me", "a", {"cancel": "two"})
    other.order("somebody", "b", {"cancel": "not for me"})
    assert store.orders("me") == [("a", {"cancel": "one"}), ("a", {"cancel": "two"})]
    assert store.orders("me") == []


def test_the_runs_of_the_living_are_nobodys_orphans(store, opened):
    other = opened("other")
    begin(store, "a")
    other.beat("other")
    assert list(other.orphans("other")) == []


def test_two_find_an_orphan_and_one_adopts_it(opened, settings):
    child = dying(settings)
    first, second = opened("first"), opened("second")
    assert child.wait() == -9
    [(kept, sent)] = until(lambda: list(first.orphans("first")))
    assert kept.id == "orphan" and kept.length == 1
    assert sent > 100 if settings.redis_url else sent == 5
    assert [first.adopt(kept, "first"), second.adopt(kept, "second")] == [True, False]
    assert first.run("orphan").owner == "first"
    assert list(first.orphans("first")) == []


DYING = """
import os, sys
from pathlib import Path
from server.settings import Settings
from server.stores import Begin, Frames, open_store
store = open_store(Settings(data_dir=Path(sys.argv[1]), redis_url=sys.argv[2]))
store.open("dead")
store.write("dead", [Begin("orphan", "analysis", 1.0, {}), Frames("orphan", 1, [b"x"])])
sent = store.sent("orphan")
if sent:
    sent(5)
os.kill(os.getpid(), 9)
"""


def dying(settings):
    command = [sys.executable, "-c", DYING, str(settings.data_dir), settings.redis_url]
    return subprocess.Popen(command, cwd=ROOT)


def test_what_was_acknowledged_survives_a_kill_of_the_writer(opened, settings):
    reader = opened("reader")  # several times, for it is a race each time
    for _ in range(5):
        assert dying(settings).wait() == -9
        assert reader.frames("orphan", 0) == [b"x"]
        reader.write("reader", [Forget("orphan")])


def test_who_waits_is_woken_by_what_comes(store):
    begin(store, "a")
    began = time.monotonic()
    timer = threading.Timer(0.1, lambda: store.write("me", [Frames("a", 1, [b"x"])]))
    timer.start()
    while not store.frames("a", 0):
        store.wait("a", 0, 10)
    assert time.monotonic() - began < 5
    timer.join()


def test_ended_runs_are_forgotten_after_their_time_and_live_ones_are_not(settings, tmp_path):
    from dataclasses import replace

    store = open_store(replace(settings, run_retention_s=1))
    store.open("me")
    for id in ("old", "live"):
        begin(store, id)
    store.claim("key", "print", "old")
    ended = time.monotonic()
    store.write("me", [Frames("old", 1, [b"x"]), End("old", "complete", SUMMARY)])
    assert store.run("old") or time.monotonic() - ended > 1
    until(lambda: store.run("old") is None)
    store.sweep(1, 10**9)
    assert [run.id for run in store.newest(5)] == ["live"]
    until(lambda: store.claimed("key") is None)
    assert store.claim("key", "another", "new") == ("another", "new")
    store.close()


# -- the file


def sqlite(tmp_path, **changes):
    store = open_store(Settings(data_dir=tmp_path / "data", **changes))
    store.open("me")
    return store


def test_the_oldest_leave_when_there_is_no_room(tmp_path):
    store = sqlite(tmp_path)
    for number in range(10):
        begin(store, f"run{number}", created=number)
        store.write("me", [Frames(f"run{number}", 1, [os.urandom(1000)])])
        store.write("me", [End(f"run{number}", "complete", SUMMARY)])
    store.sweep(3600, 5500)
    assert [run.id for run in store.newest(20)] == [f"run{n}" for n in (9, 8, 7, 6)]
    assert store.frames("run0", 0) == []
    store.close()


@pytest.mark.parametrize("content", [b"this is no database" * 100, b""])
def test_a_broken_file_is_put_aside_and_the_server_starts(tmp_path, content):
    folder = tmp_path / "data/runs"
    folder.mkdir(parents=True)
    (folder / "runs.sqlite3").write_bytes(content)
    store = sqlite(tmp_path)
    begin(store, "a")
    assert store.run("a")
    store.close()
    assert (folder / "runs.broken").exists() == bool(content)


def test_a_folder_that_cannot_be_written_is_a_store_error_and_not_a_crash(tmp_path):
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(StoreError):
        sqlite(tmp_path)


def test_a_full_disk_is_a_store_error_and_the_next_write_works(tmp_path):
    store = sqlite(tmp_path)
    begin(store, "a")
    with store._db() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StoreError):
        store.write("me", [Frames("a", 1, [os.urandom(200_000)])])
    assert store.run("a").length == 0, "all of it, or nothing"
    with store._db() as db:
        db.execute("PRAGMA max_page_count=1000000")
    store.write("me", [Frames("a", 1, [b"x"])])
    assert store.frames("a", 0) == [b"x"]
    store.close()


def test_readers_do_not_wait_for_a_writer(tmp_path):
    store = sqlite(tmp_path)
    begin(store, "a")
    other = sqlite3.connect(tmp_path / "data/runs/runs.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert store.run("a") and store.frames("a", 0) == []
    assert time.monotonic() - began < BUSY_S - 1
    other.execute("ROLLBACK")
    other.close()
    store.close()


def test_the_end_of_a_long_run_is_read_as_quickly_as_of_a_short_one(tmp_path):
    store, steps = sqlite(tmp_path), []
    for length, id in ((10, "short"), (2000, "long")):
        begin(store, id)
        store.write("me", [Frames(id, number, [b"x"]) for number in range(1, length + 1)])
        with store._db() as db:
            taken = []
            db.set_progress_handler(lambda taken=taken: taken.append(1), 1)
        assert store.frames(id, length - 1) == [b"x"]
        steps.append(len(taken))
    assert steps[0] > 0 and steps[1] < 2 * steps[0]
    store.close()


# -- redis


def test_a_redis_that_is_gone_is_a_store_error_without_its_address(tmp_path, caplog):
    url = "redis://:a-password@127.0.0.1:1/0"
    store = open_store(Settings(data_dir=tmp_path, redis_url=url))
    with pytest.raises(StoreError) as raised:
        store.open("me")
    assert "a-password" not in caplog.text + str(raised.value)


def test_of_processes_that_find_a_broken_file_one_puts_it_aside(tmp_path, monkeypatch):
    from server.stores.database import DatabaseFile

    (tmp_path / "data/runs").mkdir(parents=True)
    (tmp_path / "data/runs/runs.sqlite3").write_bytes(b"this is no database" * 100)
    prepare, together, found = DatabaseFile._prepare, threading.Barrier(2), []

    def slowly(file):
        try:
            prepare(file)
        except sqlite3.DatabaseError:
            found.append(file)
            time.sleep(0.2 * len(found))  # so the other is done meanwhile
            raise

    monkeypatch.setattr(DatabaseFile, "_prepare", slowly)
    stores = [open_store(Settings(data_dir=tmp_path / "data")) for _ in range(2)]

    def open_and_write(number):
        together.wait()
        stores[number].open(f"worker{number}")
        begin(stores[number], f"run{number}", owner=f"worker{number}")

    threads = [threading.Thread(target=open_and_write, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = sqlite(tmp_path)
    assert {run.id for run in later.newest(5)} == {"run0", "run1"}
    for each in (*stores, later):
        each.close()
