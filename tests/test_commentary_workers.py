"""Commentaries that are made by workers: a real gunicorn, a real Redis, real worker processes,
and vendors on this machine who count how often they are asked."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import rq

from server.commentary.crew import NAME

from tests import clips
from tests.commentaries import (
    ENDS,
    check,
    ended,
    ffmpegs_of,
    first,
    get,
    lines_of,
    of,
    opened,
    summary,
    told,
)
from tests.live import Server, serving, until
from tests.redis_server import serving_redis
from tests.test_commentary_live import packets
from tests.vendors.commentators import WINDOW, Commentators
from tests.workers import busy, working

SECONDS = 26.0
QUIET = {"HEARTBEAT_S": 300}  # so that a reader who waits in vain fails at its own limit


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return clips.moving(tmp_path_factory.mktemp("film") / "film.mp4", SECONDS, sound="sine=440")


@pytest.fixture
def vendors():
    with Commentators(0.3, 0.3, 0.3) as vendors:
        yield vendors


@pytest.fixture
def data(tmp_path, film):
    (tmp_path / "data" / "videos").mkdir(parents=True)
    (tmp_path / "data" / "videos" / "film.mp4").write_bytes(film.read_bytes())
    return tmp_path / "data"


@pytest.fixture
def redis_server(tmp_path):
    with serving_redis(tmp_path) as redis_server:
        yield redis_server


@pytest.fixture
def server(data, vendors, redis_server):
    variables = {**QUIET, "REDIS_URL": redis_server.url, "COMMENTARY_WORKERS": "rq"}
    with serving(data, **variables, **vendors.environment()) as server:
        yield server
        assert "Traceback" not in server.log()


def read(stream):
    return [(number, event) for _, number, event in stream.messages()]


def up_to(stream, kind):
    """What is told up to the first event of that kind."""
    heard = []
    for _, number, event in stream.messages():
        heard.append((number, event))
        if event["type"] == kind:
            return heard
    raise AssertionError(f"the stream ended without {kind}: {heard}")


def without_ids(events):
    """What a commentary is, whoever made it and however long each part took."""
    told = {}
    for _, event in events:
        kept = {k: v for k, v in event.items() if k not in ("progress", "url", "message")}
        if event["type"] in ("events_detected", "commentary_ready", "line_failed", "chunk_ready"):
            told.setdefault(event["type"], []).append(kept)
    return told


def test_a_worker_makes_what_the_server_would_have_made(server, vendors, data, film, tmp_path):
    with working(server, 1) as (worker,):
        stream = opened(server, "film.mp4")
        heard = up_to(stream, "chunk_ready")
        run = heard[0][1]["run_id"]
        assert stream.headers["X-Run-Id"] == run
        assert get(server, heard[-1][1]["url"])[0] == 200
        attached = opened(server, "film.mp4", after=heard[2][0])
        assert attached.headers["X-Run-Id"] == run, "the same film is the same commentary"
        assert [each["run_id"] for each in server.get("/api/runs")[1]["runs"]] == [run]
        events = check(heard + read(stream))
        assert read(attached) == events[3:]
        assert "a lease was lost" not in worker.log() and not worker.tracebacks()
        assert worker.end() == 0, "an idle one stops as well"
    assert of(events, "complete") and not of(events, "line_failed")
    assert told(server, "film.mp4") == events
    assert get(server, f"/api/runs/{run}/stream", **{"Last-Event-ID": str(len(events))})[0] == 204
    assert summary(server, run)["events"] == [event for _, event in events]
    assert [(n, e) for n, e in enumerate(lines_of(events_of(data, run)), 1)] == events
    final = tmp_path / "final.mp4"
    final.write_bytes(get(server, of(events, "complete")[0]["final_url"])[2])
    assert packets(final) == packets(film)

    (tmp_path / "alone" / "videos").mkdir(parents=True)
    (tmp_path / "alone" / "videos" / "film.mp4").write_bytes(film.read_bytes())
    with serving(tmp_path / "alone", **vendors.environment()) as alone:
        expected = check(told(alone, "film.mp4"))
    assert without_ids(events) == without_ids(expected)


def events_of(data, run):
    return data / "streaming" / run / "job" / "events.jsonl"


# Killing it when this has been told, or this has been asked for.
MOMENTS = {
    "while it detects": ("detect", "status"),
    "between chunks": ("speak", "chunk_ready"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_another_worker_goes_on(server, vendors, data, moment):
    asked_for, kind = MOMENTS[moment]
    with working(server, 2) as workers:
        stream = opened(server, "film.mp4")
        heard = up_to(stream, kind)
        until(lambda: vendors.asked[asked_for] >= 1)
        one, _ = busy(workers)
        one.end(signal.SIGKILL)
        vendors.settle()
        before = {what: dict(asks) for what, asks in vendors.asks.items()}
        until(lambda: not ffmpegs_of(one))
        events = check(heard + read(stream))
    assert of(events, "complete") and not of(events, "line_failed")
    for what, asks in vendors.asks.items():
        assert max(asks.values()) <= 2, what
        # What was under way when it died is asked once more; nothing else is.
        assert {ask for ask, count in asks.items() if count > 1} <= set(before[what]), what
    for event in of(heard, "events_detected"):
        assert times_seen(vendors, event["interval"]) == 1, "it was told: it is not paid twice"
    for event in of(heard, "commentary_ready"):
        assert vendors.asks["speak"][event["text"]] == 1
    run = events[0][1]["run_id"]
    assert lines_of(events_of(data, run)) == [event for _, event in events]
    assert get(server, of(events, "complete")[0]["final_url"])[0] == 200


def times_seen(vendors, interval):
    """How often that window was sent to be looked at."""
    asks = vendors.asks["detect"].items()
    return sum(
        count for ask, count in asks if [float(s) for s in WINDOW.search(ask).groups()] == interval
    )


def test_a_cancel_at_the_server_ends_it_at_the_worker_within_a_second(server, vendors):
    vendors.latencies["detect"] = 60.0
    with working(server, 1) as (worker,):
        stream = opened(server, "film.mp4")
        _, status = first(stream, "status")
        until(lambda: vendors.asked["detect"] >= 1)
        began = time.monotonic()
        assert server.post(f"/api/runs/{status['run_id']}/cancel")[0] == 200
        rest = read(stream)
        took = time.monotonic() - began
        assert [event["type"] for _, event in rest] == ["cancelled"]
        assert took < 15.0, "the vendor would have taken a minute"
        until(lambda: not ffmpegs_of(worker))
        assert summary(server, status["run_id"])["state"] == "cancelled"
        assert server.post(f"/api/runs/{status['run_id']}/cancel")[0] == 200, "twice is harmless"
        # It is free for the next one.
        vendors.latencies["detect"] = 0.0
        assert of(check(told(server, "film.mp4", "?style=sports")), "complete")


def test_a_worker_that_was_frozen_tells_nothing_more(server, vendors, data):
    vendors.latencies["write"] = 2.0
    with working(server, 2) as workers:
        stream = opened(server, "film.mp4")
        heard = up_to(stream, "events_detected")
        one, (other,) = busy(workers)
        one.send(signal.SIGSTOP)
        heard += up_to(stream, "commentary_ready")
        assert any("Going on" in event.get("message", "") for _, event in heard)
        one.send(signal.SIGCONT)
        until(lambda: "a lease was lost" in one.log())
        events = check(heard + read(stream))
        assert of(events, "complete") and not of(events, "line_failed")
        assert max(map(len, (set(asks.values()) for asks in vendors.asks.values()))) <= 2
        assert lines_of(events_of(data, events[0][1]["run_id"])) == [e for _, e in events]
        assert "a lease was lost" not in other.log()
        # It is a worker like any other again.
        assert other.end() == 0
        assert of(check(told(server, "film.mp4", "?original_volume=0.5")), "complete")
        # (What a stage says that wakes too late for its ffmpeg is its own matter.)
        assert not one.tracebacks(after="a lease was lost")


def test_a_worker_that_is_told_to_stop_hands_over_at_once(server, vendors):
    with working(server, 2) as workers:
        stream = opened(server, "film.mp4")
        heard = up_to(stream, "events_detected")
        one, _ = busy(workers)
        assert one.end(signal.SIGTERM) == 0
        assert not ffmpegs_of(one)
        assert of(check(heard + read(stream)), "complete")
        for log in (server.log(), *(worker.log() for worker in workers)):
            assert "a worker is gone" not in log, "nobody waited for its lease to expire"
        assert max(vendors.asks["detect"].values()) <= 2


def test_without_a_worker_it_waits_and_says_so(server):
    stream = opened(server, "film.mp4")
    heard = up_to(stream, "queued")
    assert heard[-1][1]["position"] == 1 and "no worker" in heard[-1][1]["message"]
    assert "there is no worker" in server.log()
    told_of = get(server, "/metrics")[2]
    assert b"parallax_commentary_workers 0.0" in told_of
    assert b"parallax_commentaries_waiting 1.0" in told_of
    second = opened(server, "film.mp4", "?style=sports")
    behind = up_to(second, "queued")
    assert behind[-1][1]["position"] == 2
    # One that waits is stopped at once, and those behind it move up.
    run = heard[0][1]["run_id"]
    assert server.post(f"/api/runs/{run}/cancel")[0] == 200
    assert [event["type"] for _, event in check(heard + read(stream))][-1] == "cancelled"
    behind += up_to(second, "queued")
    assert behind[-1][1]["position"] == 1
    with working(server, 1):
        assert of(check(behind + read(second)), "complete")


def test_one_more_than_there_are_workers_waits_for_its_turn(server, vendors):
    vendors.latencies["detect"] = 1.5
    with working(server, 1):
        stream = opened(server, "film.mp4")
        heard = up_to(stream, "status")
        until(lambda: vendors.asked["detect"] >= 1)
        second = check(told(server, "film.mp4", "?style=sports"))
        queued = of(second, "queued")
        assert [event["position"] for event in queued] == [1]
        assert queued[0]["message"] == "Waiting for a place."
        assert of(second, "complete") and of(check(heard + read(stream)), "complete")


def test_a_server_that_stops_or_dies_leaves_its_readers_to_the_other(server, data):
    other = Server(data, **server.variables).start()
    pool = ThreadPoolExecutor()
    try:
        stream, elsewhere = pool.map(lambda each: opened(each, "film.mp4"), (server, other))
        run = stream.headers["X-Run-Id"]
        assert elsewhere.headers["X-Run-Id"] == run, "asked for twice at once, it is one"
        whole = pool.submit(server.post, "/api/analyze", {"filename": "film.mp4"})
        with working(server, 1):
            heard = up_to(stream, "events_detected")
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            rest = read(stream)
            status, answer = whole.result()
            assert time.monotonic() - began < 5.0, "its readers are let go, not waited for"
            assert status == 503 and "goes on" in answer["message"]
            assert all(event["type"] not in ("error", "cancelled") for _, event in rest)
            heard += rest
            again = opened(other, "film.mp4", after=heard[-1][0])
            assert again.headers["X-Run-Id"] == run
            assert of(check(heard + read(again)), "complete")
            ended(other, run)
    finally:
        pool.shutdown(wait=False)
        other.stop()


def test_a_redis_that_comes_back_empty_costs_what_was_under_way_and_no_more(
    data, vendors, redis_server
):
    variables = {**QUIET, "REDIS_URL": redis_server.url, "COMMENTARY_WORKERS": "rq"}
    with (
        serving(data, **variables, **vendors.environment()) as server,
        working(server, 1) as (worker,),
    ):
        stream = opened(server, "film.mp4")
        heard = up_to(stream, "commentary_ready")
        redis_server.stop()
        worker.end(signal.SIGKILL)  # or it goes by itself, and is started again by its supervisor
        redis_server.start()
        heard += read(stream)
        assert not any(event["type"] in ENDS for _, event in heard)
        with working(server, 1):
            heard += told(server, "film.mp4", after=heard[-1][0])
    assert of(check(heard), "complete")
    for event in of(heard, "events_detected"):
        assert times_seen(vendors, event["interval"]) <= 2


def test_a_worker_that_sees_another_folder_says_so(server, tmp_path):
    elsewhere = Server(tmp_path / "elsewhere", **server.variables)
    elsewhere.data_dir.mkdir()
    with working(elsewhere, 1):
        events = check(told(server, "film.mp4"))
    assert "DATA_DIR" in of(events, "error")[0]["message"]
    assert summary(server, events[0][1]["run_id"])["state"] == "failed"


def test_a_folder_that_cannot_be_written_to_is_no_death_of_a_worker(server, data):
    stream = opened(server, "film.mp4")
    heard = up_to(stream, "queued")
    (events_of(data, heard[0][1]["run_id"]).parent / "job.json.part").mkdir()
    with working(server, 1) as (worker,):
        events = check(heard + read(stream))
        assert of(events, "error")[0]["code"] == "out_of_space" and not worker.tracebacks()


def test_a_job_of_somebody_else_is_not_done(server, tmp_path):
    touched = tmp_path / "touched"
    with working(server, 1) as (worker,), redis.Redis.from_url(worker.url) as client:
        for serializer in ("pickle", "json"):
            queue = rq.Queue(NAME, connection=client, serializer=serializer)
            queue.enqueue("os.mkdir", str(touched), on_failure=rq.Callback("os.mkdir"))
        until(lambda: queue.count == 0 and len(queue.failed_job_registry) == 2)
        assert not touched.exists()
        assert of(check(told(server, "film.mp4")), "complete")


def test_the_whole_in_one_answer(server):
    with working(server, 1):
        key = {"Idempotency-Key": "once"}
        status, answer = server.post("/api/analyze", {"filename": "film.mp4"}, **key)
        assert status == 200 and answer["commentary"] and answer["final_url"]
        again = server.post("/api/analyze", {"filename": "film.mp4"}, **key)
        assert again == (200, answer)
        other = {"filename": "film.mp4", "style": "sports"}
        assert server.post("/api/analyze", other, **key)[0] == 409
