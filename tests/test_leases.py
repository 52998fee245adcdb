"""Who may tell of a commentary that is made elsewhere, on a real Redis."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import redis

from server import sse
from server.__main__ import main
from server.commentary.caretaker import MOST_DEATHS, NOBODY_S, SILENCE_S, TAKING_S
from server.commentary.crew import named
from server.commentary.dispatch import Dispatch
from server.commentary.pen import Pen
from server.commentary.shelved import Shelved
from server.doctor import report
from server.errors import ProviderError, TooBusy
from server.settings import InvalidSetting, Settings, load
from server.stores.leases import Lease, LeaseLost
from tests.live import DEADLINE_S, ROOT, free_port, until
from tests.redis_server import serving_redis

ID = "a" * 24
STATUS = {"type": "status", "message": "Looking.", "progress": 0, "stage": "prepare"}
LINE = {"type": "line_failed", "index": 0, "stage": "speak", "code": "network", "message": "No."}


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    with serving_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture
def raw(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def desk(raw, redis_url, tmp_path):
    settings = Settings(data_dir=tmp_path, redis_url=redis_url, commentary_workers="rq")
    desk = Dispatch(settings)
    desk.sessions.open(ID).make()
    desk.leases.begin(ID, "commentary", time.time(), {"video": "film.mp4", "fresh": False})
    return desk


def heard(desk):
    """What readers have of it."""
    return [json.loads(frame.split(b"data: ")[1]) for frame in desk.leases.frames(ID, 0)]


def on_disk(desk):
    return desk.sessions.open(ID).told()


def pen_of(desk):
    """As another process has it: with a session of its own."""
    return Pen(desk.sessions.open(ID), desk.leases.take(ID))


def expire(raw):
    raw.delete(f"parallax:lease:{ID}")


def test_one_has_it_until_it_lets_go(desk):
    lease = desk.leases.take(ID)
    assert desk.leases.take(ID) is None and desk.leases.held(ID)
    lease.drop()
    assert desk.leases.take(ID) is not None


def test_one_that_has_ended_cannot_be_had(desk):
    with desk.pen(ID) as pen:
        pen.tell([{"type": "cancelled", "message": "Stopped."}], "cancelled")
    assert desk.leases.take(ID) is None
    assert desk.leases.run(ID).state == "cancelled"
    assert desk.leases.working() == {}


def test_who_believes_to_have_it_still_tells_nothing(desk, raw):
    frozen = pen_of(desk)
    frozen.tell([STATUS])
    expire(raw)
    now = pen_of(desk)
    now.tell([LINE])
    assert frozen.lease._until > time.monotonic(), "by its own clock it still has it"
    with pytest.raises(LeaseLost):
        frozen.tell([{**STATUS, "message": "Too late."}])
    with pytest.raises(LeaseLost):
        frozen.lease.renew()
    with pytest.raises(LeaseLost):
        frozen.session.keep("placed_0.json", {})
    now.tell([{**STATUS, "message": "Still here."}])
    assert heard(desk) == on_disk(desk) == [STATUS, LINE, {**STATUS, "message": "Still here."}]


def test_by_its_own_clock_it_is_over_before_redis_is_asked(desk, raw):
    pen = pen_of(desk)
    pen.lease._until = time.monotonic()
    with pytest.raises(LeaseLost):
        pen.tell([STATUS])
    assert heard(desk) == on_disk(desk) == []


def test_what_the_disk_has_lost_is_taken_from_redis_and_the_other_way_round(desk, raw):
    with desk.pen(ID) as pen:
        pen.tell([STATUS, LINE])
    expire(raw)
    path = desk.sessions.open(ID).private / "events.jsonl"
    path.write_text(json.dumps(STATUS) + '\n{"type": "half')
    pen = pen_of(desk)
    assert pen.history == on_disk(desk) == [STATUS, LINE]
    pen.drop()
    desk.leases.begin(ID, "commentary", time.time(), {"video": "film.mp4", "fresh": False})
    assert heard(desk) == []
    pen = pen_of(desk)
    pen.tell([STATUS])
    assert heard(desk) == on_disk(desk) == [STATUS, LINE, STATUS]


def test_an_end_that_redis_missed_is_not_told_again(desk):
    end = {"type": "complete", "progress": 100}
    pen = pen_of(desk)
    pen.tell([STATUS])
    pen.session.tell([end])  # and there it dies
    pen.drop()
    with desk.pen(ID) as pen:
        assert pen is None
    assert heard(desk) == on_disk(desk) == [STATUS, end]
    assert desk.leases.run(ID).state == "complete" and desk.leases.working() == {}


def test_an_older_redis_that_comes_back_costs_the_lease(desk, raw):
    pen = pen_of(desk)
    pen.tell([STATUS])
    raw.delete(f"parallax:frames:{ID}")
    raw.hset(f"parallax:run:{ID}", "length", 0)
    with pytest.raises(LeaseLost):
        pen.tell([LINE])
    assert pen.lease._until > time.monotonic(), "it has not tried until its time was over"
    pen.drop()
    with desk.pen(ID):
        assert heard(desk) == on_disk(desk) == [STATUS, LINE]


def test_told_twice_because_the_answer_got_lost_is_there_once(desk):
    lease = desk.leases.take(ID)
    frames = [sse.encode(1, STATUS), sse.encode(2, LINE)]
    lease.tell(0, frames)
    lease.tell(0, frames)
    assert heard(desk) == [STATUS, LINE]
    assert desk.leases.run(ID).length == 2


def test_a_cancel_is_seen_with_the_next_renewal(desk):
    lease = desk.leases.take(ID)
    assert lease.renew() == ""
    desk.cancel(ID, "Stopped on request.")
    assert lease.renew() == "Stopped on request."
    assert heard(desk) == [], "it is for whoever works on it to say so"


def test_a_cancel_that_comes_while_its_place_is_told_holds(desk):
    desk.crew.ask(ID, 1)
    telling = desk.leases.take(ID)
    desk.cancel(ID, "Stopped on request.")
    assert heard(desk) == []
    telling.drop()
    desk.caretaker._look(0.0)
    assert [event["type"] for event in heard(desk)] == ["cancelled"]
    assert desk.leases.working() == {}


def test_one_that_others_work_on_is_not_cancelled_behind_their_back(desk):
    with desk.pen(ID) as pen:
        pen.tell([STATUS])
    services = SimpleNamespace(commentaries=desk)
    Shelved(services, desk.sessions.open(ID)).cancel(ProviderError("cancelled", "Stopped."))
    assert on_disk(desk) == [STATUS]


def test_of_two_who_find_it_left_one_goes_on(desk):
    assert desk.leases.next_attempt(ID, 1, died=True) == 1
    assert desk.leases.next_attempt(ID, 1, died=True) is None
    assert desk.leases.next_attempt(ID, 2, died=False) == 1, "a worker that stopped did not die"
    assert desk.leases.working() == {ID: 3}


def test_redis_away_for_a_moment_loses_nothing_and_for_longer_the_lease(tmp_path):
    with serving_redis(tmp_path) as server:
        settings = Settings(
            data_dir=tmp_path, redis_url=server.url, commentary_workers="rq", run_retention_s=1
        )
        desk = Dispatch(settings)
        desk.leases.begin(ID, "commentary", time.time(), {"video": "film.mp4", "fresh": False})
        lease = desk.leases.take(ID)
        server.stop()
        lease._until = time.monotonic() + 0.5
        with pytest.raises(LeaseLost):
            lease.tell(0, [sse.encode(1, STATUS)])


def test_only_one_server_at_a_time_begins_a_commentary(desk):
    with desk.leases.asking("key"):
        assert not desk.leases._redis.set("parallax:asking:key", 1, nx=True)
    with desk.leases.asking("key"):
        pass


# -- the caretaker, by a clock of the test's own


def hire(raw):
    """A worker that RQ knows of."""
    raw.sadd("rq:workers:parallax-commentaries", "rq:worker:one")
    raw.hset("rq:worker:one", "state", "idle")


def test_one_that_nobody_works_on_goes_to_another_worker_and_not_for_ever(desk, raw):
    hire(raw)
    now = 0.0
    for attempt in range(2, MOST_DEATHS + 2):
        desk.caretaker._look(now)
        assert desk.crew.waiting() == [], "it may have been taken from the queue this instant"
        now += TAKING_S
        desk.caretaker._look(now)
        assert desk.crew.waiting() == [named(ID, attempt)]
        desk.crew.dismiss(ID, attempt)  # as a worker does that takes it, and dies
    desk.caretaker._look(now)
    desk.caretaker._look(now + TAKING_S)
    assert desk.crew.waiting() == []
    (end,) = heard(desk)
    assert end["type"] == "error" and "workers died" in end["message"]
    assert desk.leases.run(ID).state == "failed" and on_disk(desk) == [end]


def test_one_whose_worker_is_gone_waits_less_than_one_that_was_just_taken(desk, raw):
    hire(raw)
    desk.leases.take(ID)
    desk.caretaker._look(0.0)
    expire(raw)
    desk.caretaker._look(1.0)
    assert desk.crew.waiting() == [], "its worker may be handing it over"
    desk.caretaker._look(1.0 + SILENCE_S)
    assert desk.crew.waiting() == [named(ID, 2)]


def test_one_that_somebody_works_on_is_left_alone(desk, raw):
    desk.leases.take(ID)
    for now in range(0, 100, 10):
        desk.caretaker._look(float(now))
    assert desk.crew.waiting() == [] and desk.leases.working() == {ID: 1}


def test_where_no_worker_comes_it_ends_and_says_what_to_do(desk, raw):
    desk.crew.ask(ID, 1)
    assert raw.keys("rq:job:*")
    for now in (0.0, 1.0, NOBODY_S - 1):
        desk.caretaker._look(now)
    assert [event["type"] for event in heard(desk)] == ["queued"]
    desk.caretaker._look(NOBODY_S)
    end = heard(desk)[-1]
    assert (end["type"], end["code"]) == ("error", "busy") and "server worker" in end["message"]
    assert desk.crew.waiting() == [] and desk.leases.working() == {}
    assert raw.keys("rq:job:*") == []


def test_one_whose_folder_is_gone_ends_and_keeps_nobody_from_the_others(desk, raw):
    other = "b" * 24
    desk.sessions.open(other).make()
    desk.leases.begin(other, "commentary", time.time(), {"video": "film.mp4", "fresh": False})
    for id in (ID, other):
        desk.crew.ask(id, 1)
    shutil.rmtree(desk.sessions.open(ID).folder)
    desk.caretaker._look(0.0)
    assert [event["type"] for event in desk.sessions.open(other).told()] == ["queued"]
    desk.caretaker._look(NOBODY_S)
    assert [event["type"] for event in heard(desk)] == ["error"]
    assert desk.leases.working() == {}


def test_places_in_the_line_are_told_once_by_however_many_servers(desk, raw, redis_url, tmp_path):
    hire(raw)
    other = Dispatch(Settings(data_dir=tmp_path, redis_url=redis_url, commentary_workers="rq"))
    desk.crew.ask("b" * 24, 1)
    desk.crew.ask(ID, 1)
    for now in range(4):
        desk.caretaker._look(float(now))
        other.caretaker._look(float(now))
    assert [(e["position"], e["message"]) for e in heard(desk)] == [
        (2, "Waiting for a place; 1 ahead.")
    ]
    desk.crew.dismiss("b" * 24, 1)
    desk.caretaker._look(5.0)
    other.caretaker._look(5.0)
    assert [event["position"] for event in heard(desk)] == [2, 1]


def test_a_run_that_redis_lost_is_not_looked_after_for_ever(desk, raw):
    raw.delete(f"parallax:run:{ID}")
    desk.caretaker._look(0.0)
    desk.caretaker._look(TAKING_S)
    assert desk.leases.working() == {}


def test_a_line_that_is_full_takes_no_more(desk, raw):
    for number in range(20):
        desk.crew.ask("c" * 24, number)
    with pytest.raises(TooBusy) as refused:
        desk._check_line()
    assert refused.value.retry_after == 60


def test_one_that_waits_is_not_swept(desk, tmp_path):
    session = desk.sessions.open(ID)
    desk.sessions._max_bytes = 0
    desk.sessions.sweep()
    assert session.private.is_dir()
    with desk.pen(ID) as pen:
        pen.tell([{"type": "cancelled", "message": "Stopped."}], "cancelled")
    desk.sessions.sweep()
    assert not session.private.is_dir()


def test_without_a_redis_there_are_no_workers():
    with pytest.raises(InvalidSetting, match="needs REDIS_URL"):
        load({"COMMENTARY_WORKERS": "rq"})


def test_the_lease_is_a_key_that_expires_by_itself(desk, raw):
    lease = desk.leases.take(ID)
    raw.pexpire(lease.key, 50)
    until(lambda: not desk.leases.held(ID))
    assert isinstance(desk.leases.take(ID), Lease)


def test_a_worker_without_its_settings_says_what_it_needs(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["worker"]) == 2
    assert "COMMENTARY_WORKERS=rq and REDIS_URL" in capsys.readouterr().err


def test_a_worker_that_finds_no_redis_says_so_and_not_its_address(tmp_path):
    variables = {
        "COMMENTARY_WORKERS": "rq",
        "REDIS_URL": f"redis://me:hidden@127.0.0.1:{free_port()}",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "server", "worker"],
        cwd=ROOT,
        env={**os.environ, **variables, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1 and "REDIS_URL" in said
    assert "Traceback" not in said and "hidden" not in said


def test_the_doctor_knows_how_many_workers_there_are(desk, raw, redis_url, tmp_path):
    settings = Settings(data_dir=tmp_path, redis_url=redis_url, commentary_workers="rq")
    assert "workers   none: start `python -m server worker`" in report(settings)[0]
    hire(raw)
    assert "workers   1" in report(settings)[0]
    lines, well = report(replace(settings, redis_url="redis://127.0.0.1:1"))
    assert "workers   unknown: the Redis of REDIS_URL does not answer" in lines and not well
