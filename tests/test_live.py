"""Real gunicorn: streams, clients that leave, resume, cancel, capacity, restart."""

import itertools
import random
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import sample
from tests.live import Server, serving, texts, until

SLOW = "demo@first=0.05,rate=20,tokens=2000"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("live") / "data"
    (path / "videos").mkdir(parents=True)
    sample.make(path / "videos" / "sample.mp4")
    return path


@pytest.fixture(scope="module")
def server(data_dir):
    with serving(data_dir, DISCONNECT_GRACE_S="0.5", HEARTBEAT_S="1", MAX_RUNS=1000) as running:
        yield running


@pytest.fixture(scope="module")
def quiet(data_dir):
    """A server that has nothing to write to those who read a model that fell silent."""
    with serving(data_dir, DISCONNECT_GRACE_S="0.5", HEARTBEAT_S="60") as running:
        yield running


SILENT = "demo@first=0,stall_after=1"


def ask(*models, **more):
    return {"query": "What happens?", "models": list(models), "video_id": "sample", **more}


def gauge(server, name):
    _, _, body = server.request("GET", "/metrics")
    for line in body.decode().splitlines():
        if line.startswith(f"parallax_{name} "):
            return float(line.split()[1])
    raise AssertionError("no gauge")


def open_runs(server):
    return gauge(server, "runs_open")


def test_analysts_and_demo_answer_about_the_sample_video(server):
    stream = server.open(ask("cuts", "light", "sound", "demo"))
    assert stream.status == 200
    assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["Cache-Control"] == "no-cache, no-transform"
    assert stream.headers["X-Accel-Buffering"] == "no"
    events = stream.events()
    assert stream.raw.startswith(b"retry: ")
    assert events[-1] == "[DONE]"
    assert events[-2]["event_type"] == "complete" and events[-2]["succeeded"] == 4
    assert set(texts(events)) == {"cuts", "light", "sound", "demo"}
    assert stream.headers["X-Run-Id"] == events[0]["run_id"]


def in_step(server, slots, slowest):
    """Whether all started together, and the run took no longer than the slowest of them."""
    events = server.open(ask(*slots)).events()
    starts = [e["timestamp"] for e in events[:-1] if e["event_type"] == "model_start"]
    assert len(starts) == len(slots) and events[-2]["total_time"] >= slowest
    return max(starts) - min(starts) < 0.05 and events[-2]["total_time"] <= slowest + 0.3


def test_nine_models_start_together_and_take_as_long_as_the_slowest(server):
    slots = [f"demo@first=0.2,rate=20,tokens={n * 2},start={n}" for n in range(1, 10)]
    # A noisy machine can hold up any thread; the best of a few is the server's own.
    assert any(in_step(server, slots, 0.2 + 18 / 20) for _ in "12345")


def longest_streak(server, slots):
    events = server.open(ask(*slots)).events()
    order = [e["model"] for e in events[:-1] if e["event_type"] == "text_generation"]
    return max(len(list(streak)) for _, streak in itertools.groupby(order))


def test_two_models_of_one_rate_take_turns(server):
    slots = ["demo@rate=100,tokens=100", "demo@rate=100,tokens=100,start=3"]
    # A noisy machine can hold up one worker's thread; the best of three is the server's own.
    assert min(longest_streak(server, slots) for _ in "123") <= 3


def lateness(server, slot, *others):
    """p99 of how much later than the least late of them this slot's pieces came, in s."""
    arrivals = [
        at
        for at, _, e in server.open(ask(slot, *others)).messages()
        if e != "[DONE]" and e["event_type"] == "text_generation" and e["model"] == slot
    ]
    late = [at - n / 50 for n, at in enumerate(arrivals)]
    return sorted(late)[int(len(late) * 0.99) - 1] - min(late)


def test_a_flood_does_not_delay_another_models_words(server):
    steady, flood = "demo@first=0,rate=50,tokens=90", "demo@first=0,rate=5000,tokens=10000"
    # A noisy machine only ever adds: the best of three is the server's own.
    assert min(lateness(server, steady, flood) - lateness(server, steady) for _ in "123") < 0.05


def test_a_fast_models_words_come_while_a_slow_one_is_silent(server):
    stream = server.open(ask("demo@first=0.05,tokens=3", "demo@first=1.5,tokens=3"))
    order = [e["model"] for e in stream.events()[:-1] if e["event_type"] == "text_generation"]
    assert order == ["demo@first=0.05,tokens=3"] * 3 + ["demo@first=1.5,tokens=3"] * 3


def test_silence_is_filled_with_heartbeats(server):
    stream = server.open(ask("demo@first=0.1,tokens=3,stall_after=2"))
    stream.until("text_generation")
    until(lambda: stream.response.read1(100).startswith(b":hb\n") or None)
    server.post(f"/api/runs/{stream.headers['X-Run-Id']}/cancel")
    stream.close()


def test_a_stopped_run_says_so_and_ends(server):
    stream = server.open(ask(SLOW, "demo@first=30"))
    _, event = stream.until("text_generation")
    run = stream.headers["X-Run-Id"]
    began = time.monotonic()
    assert server.post(f"/api/runs/{run}/cancel")[0] == 200
    events = stream.events()
    assert time.monotonic() - began < 10
    assert events[-2]["cancelled"] == 2
    assert [e["code"] for e in events[:-1] if e["event_type"] == "error"] == ["cancelled"] * 2
    assert server.post(f"/api/runs/{run}/cancel")[0] == 200


def test_one_model_is_stopped_by_its_slot(server):
    stream = server.open(ask("demo@first=30", "demo@tokens=30"))
    run = stream.headers["X-Run-Id"]
    stream.until("text_generation")
    assert server.post(f"/api/runs/{run}/models/demo@first=30/cancel")[0] == 200
    assert server.post(f"/api/runs/{run}/models/nobody/cancel")[0] == 404
    last = stream.events()[-2]
    assert (last["succeeded"], last["cancelled"]) == (1, 1)


def test_resuming_at_any_point_gives_the_rest_once_and_in_order(server):
    stream = server.open(ask("demo@rate=400,tokens=60", "demo@rate=300,tokens=40,start=9"))
    whole = list(stream.messages())
    run = stream.headers["X-Run-Id"]
    numbers = [number for _, number, _ in whole[:-1]]
    assert numbers == list(range(1, len(whole)))
    for cut in range(0, len(numbers), 7):
        rest = [(n, e) for _, n, e in server.follow(run, cut).messages()]
        assert rest == [(n, e) for _, n, e in whole[cut:]]
    assert server.follow(run, numbers[-1]).status == 204
    assert server.follow(run, "x").status == 400
    assert server.follow("unknown").status == 404


def test_a_reader_comes_back_to_a_live_run_within_the_grace_period(data_dir):
    with serving(data_dir, DISCONNECT_GRACE_S=30) as server:
        stream = server.open(ask("demo@rate=50,tokens=60"))
        number, event = stream.until("text_generation")
        run = stream.headers["X-Run-Id"]
        stream.close()
        rest = server.follow(run, number).events()
        assert rest[-2]["succeeded"] == 1
        said = event["text"] + texts(rest)["demo@rate=50,tokens=60"]
        (answered,) = server.get(f"/api/runs/{run}")[1]["models"].values()
        assert said == answered["text"]


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_leaves_silent_models_is_noticed_and_they_are_hung_up(quiet, leave):
    stream = quiet.open(ask(SILENT))
    stream.until("text_generation")
    run = stream.headers["X-Run-Id"]
    began = time.monotonic()
    getattr(stream, leave)()
    until(lambda: quiet.get(f"/api/runs/{run}")[1]["state"] == "cancelled")
    assert 0.4 < time.monotonic() - began  # the grace period is half a second


def test_a_follower_that_leaves_a_silent_run_is_noticed(quiet):
    stream = quiet.open(ask(SILENT))
    stream.until("text_generation")
    run = stream.headers["X-Run-Id"]
    follower = quiet.follow(run)
    follower.until("text_generation")
    follower.close()
    stream.close()
    until(lambda: quiet.get(f"/api/runs/{run}")[1]["state"] == "cancelled")


def test_a_thousand_readers_that_leave_anywhere_leave_nothing_behind(server):
    chance = random.Random(7)

    def visit(times):
        for _ in range(times):
            stream = server.open(ask(SLOW, "demo@first=20"))
            if chance.random() < 0.7:
                messages = stream.messages()
                for _ in range(chance.randrange(6)):
                    next(messages)
            (stream.reset if chance.random() < 0.5 else stream.close)()

    def visit_together(times):
        visitors = [threading.Thread(target=visit, args=(times,)) for _ in range(8)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        until(lambda: open_runs(server) == 0)

    # More at once than visitors ever are, so its pool grows no further; and until it
    # remembers as many runs as it ever will.
    crowd = [server.open(ask("demo@first=20")) for _ in range(64)]
    for stream in crowd:
        stream.close()
    visit_together(50)
    before = server.threads(), server.descriptors(), server.resident_mb()
    visit_together(115)
    until(lambda: server.threads() <= before[0] + 4)
    until(lambda: server.descriptors() <= before[1] + 2)
    assert server.resident_mb() - before[2] < 10


def test_the_same_idempotency_key_attaches_instead_of_paying_twice(server):
    key = {"Idempotency-Key": "k-1"}
    first = server.open(ask("demo@tokens=20"), **key)
    second = server.open(ask("demo@tokens=20"), **key)
    assert first.headers["X-Run-Id"] == second.headers["X-Run-Id"]
    said = first.events()
    assert said == second.events()
    assert said == server.open(ask("demo@tokens=20"), **key).events()  # and after it ended
    status, body = server.post("/api/analyze/stream/parallel", ask("demo@tokens=21"), **key)
    assert (status, body["code"]) == (409, "conflict")


def test_without_streaming_the_same_result_is_one_document(server):
    status, body = server.post(
        "/api/analyze/stream/parallel",
        ask("demo@first=0,tokens=4", "demo@first=0,tokens=4,fail_after=2", stream=False),
    )
    assert (status, body["status"], body["state"]) == (200, "ok", "complete")
    fine, broken = body["models"].values()
    assert fine["text"] == "This is a demo "
    assert (broken["state"], broken["error"]["code"]) == ("failed", "upstream")


def test_head_starts_nothing_and_has_no_body(server):
    stream = server.open(ask("demo@tokens=3"))
    run = stream.headers["X-Run-Id"]
    stream.events()
    status, _, body = server.request("HEAD", f"/api/runs/{run}/stream")
    assert (status, body) == (200, b"")
    assert server.request("HEAD", "/api/analyze/stream/parallel")[0] == 405


def ask_together(server, asked, **headers):
    """Six clients at once; their streams."""
    with ThreadPoolExecutor(6) as clients:
        opened = [clients.submit(server.open, asked, **headers) for _ in range(6)]
    return [each.result() for each in opened]


def test_the_same_key_asked_together_is_one_run_even_where_some_are_refused(data_dir):
    with serving(data_dir, THREADS=6, DISCONNECT_GRACE_S=0) as small:
        for number in range(30):
            key = {"Idempotency-Key": f"together-{number}"}
            streams = ask_together(small, ask(f"demo@first=0,tokens=3,start={number}"), **key)
            served = [stream for stream in streams if stream.status == 200]
            assert {stream.status for stream in streams} <= {200, 503} and served
            told = [stream.events() for stream in served]
            assert all(events == told[0] and events[-1] == "[DONE]" for events in told)
            assert told[0][-2]["succeeded"] == 1
            until(lambda: gauge(small, "streams_open") == 0)  # or all of the next were refused
        assert "Traceback" not in small.log()


JSON_POST = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def test_a_client_that_left_while_queued_costs_nothing(data_dir):
    body = b'{"query": "x", "models": ["demo"], "video_id": "sample"}'
    path = "/api/analyze/stream/parallel"
    with serving(data_dir, THREADS=3) as small:
        for _ in range(20):
            sock = socket.create_connection(("127.0.0.1", small.port))
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            sock.sendall(JSON_POST % path.encode() + length + body)
            sock.close()
        until(lambda: small.log().count(path) == 20)
        until(lambda: open_runs(small) == 0)
        lines = small.request("GET", "/metrics")[2].decode().splitlines()
        asked = [line for line in lines if line.startswith("parallax_model_requests_total{")]
        # A close that has not arrived when the request is looked at is a reader that leaves
        # a moment later; most have arrived.
        assert sum(float(line.split()[-1]) for line in asked) < 5


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 100\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
)
def test_a_body_that_breaks_off_or_is_broken_is_no_fault_of_ours(server, sent):
    sock = socket.create_connection(("127.0.0.1", server.port), 20)
    sock.sendall(b"POST /compare HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + sent)
    sock.shutdown(socket.SHUT_WR)
    assert sock.recv(100).startswith(b"HTTP/1.1 400")
    sock.close()


def test_beyond_capacity_it_says_so_at_once_and_health_still_answers(data_dir):
    with serving(data_dir, THREADS=6, DISCONNECT_GRACE_S=0) as small:
        streams = []
        while (stream := small.open(ask("demo@first=60"))).status == 200:
            streams.append(stream)
        assert 2 <= len(streams) <= 5
        assert stream.status == 503 and int(stream.headers["Retry-After"]) >= 1
        for _ in range(12):
            began = time.monotonic()
            assert small.open(ask("demo")).status == 503
            assert small.get("/healthz")[0] == 200
            assert time.monotonic() - began < 10
        run = streams[0].headers["X-Run-Id"]
        assert small.post(f"/api/runs/{run}/cancel")[0] == 200
        assert streams[0].events()[-1] == "[DONE]"
        until(lambda: small.open(ask("demo@tokens=2")).status == 200)


@pytest.mark.parametrize("told", ["TERM", "INT", "QUIT"])
def test_a_stop_ends_every_stream_properly_and_quickly(data_dir, told):
    # So long it would wait for the browser.
    server = Server(data_dir, GUNICORN_CMD_ARGS="--graceful-timeout 60").start()
    idle = server.connect()
    idle.request("GET", "/healthz")
    idle.getresponse().read()  # and the connection stays, as a browser's would
    streams = [server.open(ask("demo@first=60", SLOW)) for _ in range(5)]
    for stream in streams:
        stream.until("text_generation")
    began = time.monotonic()
    server.process.send_signal(signal.Signals[f"SIG{told}"])
    for stream in streams:
        events = stream.events()
        assert events[-1] == "[DONE]" and events[-2]["cancelled"] == 2
        assert all(e["retryable"] for e in events[:-1] if e["event_type"] == "error")
    assert server.process.wait(20) == 0
    assert time.monotonic() - began < 15
    idle.close()


def test_a_reader_that_never_reads_is_given_up_and_frees_its_thread(data_dir):
    flood = "demo@first=0,rate=100000,tokens=100000"
    with serving(data_dir, SEND_TIMEOUT_S=0.5, DISCONNECT_GRACE_S=0) as stuck:
        stream = stuck.open(ask(flood))
        assert stream.status == 200
        run = stream.headers["X-Run-Id"]
        until(lambda: stuck.get(f"/api/runs/{run}")[1]["state"] == "cancelled")
        until(lambda: open_runs(stuck) == 0)
        assert "Traceback" not in stuck.log()


def test_no_request_left_a_traceback(server):
    assert "Traceback" not in server.log(), server.log()
