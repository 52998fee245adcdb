"""Two real servers that share a store: a run that is started on one is watched, read and
stopped on the other, and does not die with whoever watched it."""

import http.client
import itertools
import json
import threading

import pytest
from redis import Redis

from server import sample
from tests.live import Server, texts, until
from tests.redis_server import serving_redis

PATH = "/api/analyze/stream/parallel"
STEADY = "demo@first=0,rate=50,tokens=100"
ENDLESS = "demo@first=0,rate=20,tokens=5000"
SHORT = "demo@first=0,tokens=3"


def ask(*models, **more):
    return {"query": "What happens?", "models": list(models), "video_id": "sample", **more}


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def two(request, tmp_path_factory):
    """(one, other): of one machine by a file, of two machines by Redis."""
    folder = tmp_path_factory.mktemp(f"shared-{request.param}")
    sample.make(video(folder / "one"))
    if request.param == "sqlite":
        servers = [Server(folder / "one", DISCONNECT_GRACE_S=1) for _ in range(2)]
        yield from started(servers)
        return
    video(folder / "other").write_bytes(video(folder / "one").read_bytes())
    with serving_redis(folder) as redis:
        variables = {"REDIS_URL": redis.url, "DISCONNECT_GRACE_S": 1}
        yield from started([Server(folder / name, **variables) for name in ("one", "other")])


def video(data_dir):
    (data_dir / "videos").mkdir(parents=True, exist_ok=True)
    return data_dir / "videos/sample.mp4"


def started(servers):
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            if server.process:
                server.stop()


def settled(server, run):
    """The run as that server tells of it once it has ended."""
    found = lambda: server.get(f"/api/runs/{run}")[1]  # noqa: E731
    return until(lambda: (told := found())["state"] != "working" and told)


def test_a_run_of_one_is_followed_read_and_found_on_the_other(two):
    one, other = two
    stream = one.open(ask(STEADY, "demo@first=0,tokens=4,fail_after=2"))
    run = stream.headers["X-Run-Id"]
    follower = other.follow(run)
    assert follower.status == 200
    said, heard = stream.events(), follower.events()
    assert said == heard and heard[-1] == "[DONE]"
    assert settled(other, run) == settled(one, run)
    assert other.follow(run, after=len(said) - 1).status == 204
    assert other.follow(run, after=5).events() == said[5:]
    listed = [server.get("/api/runs?limit=1")[1]["runs"] for server in two]
    assert listed[0] == listed[1] and listed[0][0]["run_id"] == run


def test_a_conversation_goes_on_at_the_other(two):
    one, other = two
    asked = {"input_data": "Hi", "models": ["demo@tokens=3"]}
    run = one.post("/compare", asked)[1]["metadata"]
    first = one.get("/api/runs?limit=1")[1]["runs"][0]["run_id"]
    assert run and settled(other, first)["kind"] == "comparison"
    said = {"input_data": "And then?", "follow_up_of": first}
    assert other.post("/compare", said)[1]["metadata"]["models_successful"] == 1


def test_a_run_of_one_is_stopped_from_the_other_within_a_second(two):
    one, other = two
    stream = one.open(ask(ENDLESS, "demo@first=60"))
    run = stream.headers["X-Run-Id"]
    stream.until("text_generation")
    assert other.post(f"/api/runs/{run}/models/{ENDLESS}/cancel")[0] == 200
    _, stopped = stream.until("error")
    assert (stopped["model"], stopped["code"]) == (ENDLESS, "cancelled")
    assert other.post(f"/api/runs/{run}/cancel")[0] == 200
    assert stream.events()[-2]["cancelled"] == 2
    assert settled(other, run)["state"] == "cancelled"
    assert other.post(f"/api/runs/{run}/cancel")[0] == 200, "a second cancel is harmless"


def test_a_reader_on_the_other_keeps_the_run_alive(two):
    one, other = two
    # Long enough to say from one to the other that somebody reads; then longer than the grace.
    stream = one.open(ask("demo@first=0,rate=20,tokens=100"))
    run = stream.headers["X-Run-Id"]
    follower = other.follow(run)
    for _ in range(20):
        follower.until("text_generation")
    stream.close()
    assert follower.events()[-2]["succeeded"] == 1


def test_without_any_reader_it_is_ended_after_its_grace(two):
    one, other = two
    stream = one.open(ask(ENDLESS))
    run = stream.headers["X-Run-Id"]
    stream.until("text_generation")
    stream.close()
    assert settled(other, run)["state"] == "cancelled"


def test_one_key_is_one_run_whoever_is_asked(two):
    one, other = two
    key = {"Idempotency-Key": "shared"}
    first = one.open(ask(STEADY), **key)
    again = other.open(ask(STEADY), **key)
    assert again.status == 200 and again.headers["X-Run-Id"] == first.headers["X-Run-Id"]
    assert first.events() == again.events()
    assert other.open(ask("demo"), **key).status == 409
    third = other.open(ask(STEADY, stream=False), **{**key, "Idempotency-Key": "new"})
    assert third.status == 200 and third.headers["X-Run-Id"] != first.headers["X-Run-Id"]


def test_both_asked_with_one_key_at_the_same_moment_make_one_run(two):
    for number in range(5):
        key, ids = {"Idempotency-Key": f"together-{number}"}, []
        together = threading.Barrier(2)

        def knock(server, key=key, ids=ids, together=together):
            together.wait()
            ids.append(server.open(ask("demo@first=0,tokens=3"), **key).headers["X-Run-Id"])

        threads = [threading.Thread(target=knock, args=(server,)) for server in two]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 2 and len(set(ids)) == 1, ids


def test_what_failed_on_one_is_tried_again_on_the_other(two):
    one, other = two
    stream = one.open(ask("demo@first=0,tokens=4", "demo@first=0,tokens=4,fail_after=2"))
    run = stream.headers["X-Run-Id"]
    said = texts(stream.events())
    settled(other, run)
    events = other.open({"retry_of": run}).events()
    starts = [e for e in events[:-1] if e["event_type"] == "model_start"]
    assert [e["cached"] for e in starts].count(True) == 1
    assert texts(events)["demo@first=0,tokens=4"] == said["demo@first=0,tokens=4"]


def test_a_watcher_whose_server_dies_goes_on_at_the_other_without_a_gap(two):
    one, other = two
    stream = one.open(ask(ENDLESS))
    run = stream.headers["X-Run-Id"]
    follower = other.follow(run)
    assert follower.status == 200
    seen = []
    try:
        for _, number, event in follower.messages():
            seen.append((number, event))
            if len(seen) == 20:
                other.kill_worker()
    except http.client.IncompleteRead:
        pass
    rest = one.follow(run, after=seen[-1][0])
    seen.append(rest.until("text_generation"))
    assert one.post(f"/api/runs/{run}/cancel")[0] == 200
    seen += [(number, event) for _, number, event in rest.messages()]
    assert [event for _, event in seen] == stream.events()
    assert [number for number, _ in seen[:-1]] == list(range(1, len(seen)))
    until(lambda: answers(other))


def test_who_goes_on_at_the_other_at_once_hears_nothing_twice(two):
    """What one has sent the store has a moment later."""
    one, other = two
    stream = one.open(ask("demo@first=0,rate=400,tokens=400"))
    run = stream.headers["X-Run-Id"]
    for _, number, _ in stream.messages():
        if number and number % 60 == 0:
            follower = other.follow(run, after=number)
            assert next(n for _, n, _ in follower.messages() if n) == number + 1
            follower.close()


def test_a_repeated_request_for_a_document_has_the_run_as_it_ended(two):
    one, other = two
    key = {"Idempotency-Key": "document"}
    asked = ask("demo@first=0,rate=20,tokens=10", stream=False)
    newest = lambda: one.get("/api/runs?limit=1")[1]["runs"][0]  # noqa: E731
    told, before = [], newest()["run_id"]
    first = threading.Thread(target=lambda: told.append(one.post(PATH, asked, **key)[1]))
    first.start()
    until(lambda: (run := newest())["run_id"] != before and run["state"] != "waiting")
    again = other.post(PATH, asked, **key)[1]
    first.join()
    assert again == told[0] and again["state"] == "complete"


def test_a_run_whose_server_dies_is_told_to_be_interrupted(two):
    one, other = two
    stream = one.open(ask(ENDLESS, SHORT, "demo@first=60"))
    run = stream.headers["X-Run-Id"]
    told, following = [], other.follow(run).messages()
    while not told or told[-1][1].get("event_type") != "model_end":  # it is written down
        told.append(next(following)[1:])
    seen = [number for _, number, _ in itertools.islice(stream.messages(), 20)]
    one.kill_worker()
    told += [(number, event) for _, number, event in following]
    numbers, events = [n for n, _ in told[:-1]], [e for _, e in told]
    assert numbers == sorted(set(numbers)) and events[-1] == "[DONE]"
    assert (events[-2]["succeeded"], events[-2]["failed"]) == (1, 2)
    broken = [e for e in events[:-1] if e["event_type"] == "error"]
    assert {e["model"] for e in broken} == {ENDLESS, "demo@first=60"}
    assert all(e["retryable"] and "broke off" in e["message"] for e in broken)
    assert settled(other, run)["state"] == "interrupted"
    # The first reader may have seen more than was written: it gets the end all the same.
    rest = other.follow(run, after=seen[-1]).events()
    assert rest[-2]["event_type"] == "complete"
    assert other.follow(run, after=numbers[-1]).status == 204
    until(lambda: answers(one))
    assert one.get(f"/api/runs/{run}")[1]["state"] == "interrupted"
    again = other.open({"retry_of": run, "models": [SHORT]}).events()
    assert again[-2]["succeeded"] == 1 and again[1]["cached"]


def answers(server):
    try:
        return server.get("/healthz")[0] == 200
    except OSError:
        return False


def test_a_run_is_remembered_over_a_restart(two):
    one, _ = two
    stream = one.open(ask("demo@first=0,tokens=5"))
    run, said = stream.headers["X-Run-Id"], stream.events()
    told = one.get(f"/api/runs/{run}")[1]
    assert one.stop() == 0
    one.start()
    assert one.get(f"/api/runs/{run}")[1] == told
    assert one.follow(run, after=0).events() == said


def test_nobody_left_a_traceback(two):
    for server in two:
        assert "Traceback" not in server.log()
        assert "will not be remembered" not in server.log()


def test_machines_share_their_limits_and_their_answers(tmp_path):
    with serving_redis(tmp_path) as redis:
        sample.make(video(tmp_path / "one"))
        video(tmp_path / "other").write_bytes(video(tmp_path / "one").read_bytes())
        variables = {"REDIS_URL": redis.url, "RATE_LIMIT": "4/minute"}
        servers = [Server(tmp_path / name, **variables) for name in ("one", "other")]
        for one, other in started(servers):
            goes_on_over_a_restart_of_its_store(redis, one, other)  # it counts anew then
            first = one.open(ask("cuts")).events()
            until(lambda: answers_in(redis))  # behind the stream that had it
            assert texts(first) and cached(other)
            statuses = [server.open(ask("cuts")).status for server in (one, other, one)]
            assert statuses[-1] == 429, statuses
            redis.stop()
            assert one.open(ask("cuts")).status == 200, "each counts for itself then"
            assert one.get("/healthz")[0] == 200


def goes_on_over_a_restart_of_its_store(redis, one, other):
    stream = one.open(ask("demo@first=0,rate=25,tokens=100"))
    follower = other.follow(stream.headers["X-Run-Id"])
    follower.until("text_generation")
    redis.stop()
    assert one.get("/healthz")[0] == 200
    redis.start()  # it has nothing any more
    heard = follower.events()
    assert heard == stream.events()[-len(heard) :] and len(heard) > 90


def answers_in(redis):
    with Redis.from_url(redis.url) as client:
        return client.keys("parallax:answer:*")


def cached(server):
    events = server.open(ask("cuts")).events()
    return next(e["cached"] for e in events[:-1] if e["event_type"] == "model_start")


def test_a_history_that_cannot_be_kept_is_said_and_stops_nobody(tmp_path):
    sample.make(video(tmp_path / "data"))
    (tmp_path / "data/runs").write_text("a file where a folder should be")
    server = Server(tmp_path / "data").start()
    try:
        assert server.open(ask("demo@first=0,tokens=3")).events()[-2]["succeeded"] == 1
        status, told = server.get("/readyz")
        assert status == 503 and "remembered" in told["message"]
        (tmp_path / "data/runs").unlink()
        until(lambda: server.get("/readyz")[0] == 200)
        run = server.open(ask("demo@first=0,tokens=3"))
        assert run.events()[-1] == "[DONE]"
        assert json.dumps(settled(server, run.headers["X-Run-Id"]))
    finally:
        server.stop()
