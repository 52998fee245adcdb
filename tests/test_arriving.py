"""Requests that come slowly, or never, straight to gunicorn: they hold no thread."""

import json
import os
import resource
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from selectors import DefaultSelector

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers import gthread

from server.arriving import MOST, Errands, Worker, missing
from server.settings import Settings
from tests.live import ROOT, serving, until

ASKED = {"input_data": "x", "models": ["demo@first=60"]}
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /compare-stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LARGE = POST + b"Content-Length: 500000\r\n\r\n{"


@pytest.mark.parametrize(
    "data, wanted",
    [
        (b"", 1),
        (GET, len(GET) + 1),
        (GET + b"\r\n", 0),
        (POST + b"Content-Length: 5\r\n\r\n{", len(POST) + 26),
        (POST + b"content-length:2\r\n\r\n{}", 0),
        (POST + b"Content-Length: 2\r\n\r\n{}GET /", 0),
        (POST + b"X: 1\r\nContent-Length: 0\r\n\r\n", 0),
        (LARGE, None),
        (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", None),
        (POST + b"Content-Length: -1\r\n\r\n", 0),  # nonsense is for gunicorn to refuse
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", None),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 0),
        (POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", None),
        (GET + b"Expect: 100-continue\r\n\r\n", 0),
        (b"\x16\x03\x01", 4),
    ],
)
def test_a_request_is_waited_for_until_it_is_worth_a_thread(data, wanted):
    assert missing(data) == wanted


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server that waits half a second for a request."""
    with serving_with(tmp_path_factory, "arriving.PATIENCE_S=.5") as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server that waits for a request as long as any, and has few threads."""
    with serving_with(tmp_path_factory) as server:
        yield server


@contextmanager
def serving_with(tmp_path_factory, more=""):
    folder = tmp_path_factory.mktemp("arriving")
    (folder / "sitecustomize.py").write_text(
        f"from server import arriving\n{more}\n"
        "from server.views import receiving\nreceiving.LINGER_S=.5\n"
    )
    path = f"{folder}:{ROOT}"
    with serving(folder / "data", THREADS=8, PYTHONPATH=path, DISCONNECT_GRACE_S=0) as server:
        yield server


def connect(server, *sent):
    sock = socket.create_connection(("127.0.0.1", server.port), 20)
    for part in sent:
        sock.sendall(part)
    return sock


def answer(sock):
    came = b""
    while part := sock.recv(65536):
        came += part
    return came


def test_a_request_in_bytes_is_served_like_any_other(served):
    with closing(connect(served)) as sock:
        for byte in GET + b"Connection: close\r\n\r\n":
            sock.sendall(bytes([byte]))
            time.sleep(0.002)  # each one a packet of its own
        assert answer(sock).startswith(b"HTTP/1.1 200")


def test_a_connection_is_used_again_however_slowly_the_next_request_comes(served):
    with closing(connect(served, GET + b"\r\n")) as sock:
        came = b""
        while not came.endswith(b"}\n"):
            came += sock.recv(65536)
        for part in (GET[:7], GET[7:], b"Connection: close\r\n\r\n"):
            time.sleep(0.05)
            sock.sendall(part)
        assert answer(sock).startswith(b"HTTP/1.1 200")


def test_requests_that_come_together_are_all_answered(served):
    last = POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
    with closing(connect(served, 3 * (GET + b"\r\n") + last[:-1])) as sock:
        came = b""
        while came.count(b"HTTP/1.1 200") < 3:
            assert (part := sock.recv(65536)), came
            came += part
        sock.sendall(last[-1:])
        assert b"HTTP/1.1 400" in came + answer(sock)


def test_a_body_nobody_needs_is_refused_and_not_waited_for(served):
    whole = GET + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
    for more in (b"Content-Length: 500000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1"):
        with closing(connect(served, GET + more)) as sock:
            assert answer(sock).startswith(b"HTTP/1.1 413")  # to its end
    with closing(connect(served, whole)) as sock:
        assert answer(sock).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("length", [100, MOST + 100])
def test_a_body_that_ends_too_early_is_told_so(served, length):
    sent = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n{" % length
    with closing(connect(served, sent)) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert b"broke off" in answer(sock)


@pytest.mark.parametrize("sent", [GET, POST + b"Content-Length: 100\r\n\r\n{"])
def test_a_request_that_never_comes_is_told_so(impatient, sent):
    with closing(connect(impatient, sent)) as sock:
        head, _, body = answer(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408") and json.loads(body)["code"] == "bad_request"


def test_a_request_that_is_arriving_when_the_server_stops_is_told_so(tmp_path):
    with serving(tmp_path / "data") as server:
        with closing(connect(server, POST + b"Content-Length: 100\r\n\r\n{")) as sock:
            assert server.get("/healthz")[0] == 200  # so it was let in, too
            server.process.terminate()
            head, _, body = answer(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503") and b"restarting" in body
        assert server.process.wait(20) == 0


def test_headers_without_end_are_refused_and_counted(served):
    with closing(connect(served, GET + b"X: " + b"x" * MOST)) as sock:
        assert answer(sock).startswith(b"HTTP/1.1 431")
    assert b'parallax_refused_total{status="431"} 1.0' in served.request("GET", "/metrics")[2]


def test_one_header_may_be_as_long_as_all_together(served):
    with closing(connect(served, GET + b"X: " + b"x" * (MOST - 200) + b"\r\n\r\n")) as sock:
        assert answer(sock).startswith(b"HTTP/1.1 200")


def test_where_there_are_no_descriptors_left_the_others_are_served_on(served):
    worker = served.worker_pid
    stream = served.open(ASKED, "/compare-stream")
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    taken = max(map(int, os.listdir(f"/proc/{worker}/fd"))) + 1
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (taken, before[1]))
    with ExitStack() as stack:
        until(lambda: one_more(served, stack) and "can be let in" in served.log())
        resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    assert served.get("/healthz")[0] == 200
    assert served.post(f"/api/runs/{stream.headers['X-Run-Id']}/cancel")[0] == 200
    assert stream.events()[-1] == "[DONE]" and served.worker_pid == worker


def one_more(server, stack):
    """As many as it takes: some numbers below the limit may be free again."""
    stack.callback(connect(server).close)
    return True


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_every_address_is_heard(tmp_path):
    with serving(tmp_path / "data", HOST="::") as server:  # asked at 127.0.0.1
        with closing(socket.create_connection(("::1", server.port), 20)) as sock:
            sock.sendall(GET + b"Connection: close\r\n\r\n")
            assert answer(sock).startswith(b"HTTP/1.1 200")


def test_more_descriptors_are_taken_than_a_shell_gives(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        with serving(tmp_path / "data") as server:
            soft, hard = resource.prlimit(server.worker_pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert soft == min(hard, 16384) > 512


def test_a_silent_client_on_a_unix_socket_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(gthread, "DEFAULT_WORKER_DATA_TIMEOUT", 0.01)
    config = Config()
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        worker = Worker(0, os.getpid(), [listener], None, 30, config, Logger(config))
        worker.method_queue.init()
        worker.poller = stack.enter_context(DefaultSelector())
        worker.tpool = stack.enter_context(ThreadPoolExecutor(1))
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        client.connect(str(tmp_path / "socket"))
        client.settimeout(5)
        worker.accept(listener)
        until(lambda: worker.method_queue.run_callbacks(None) or worker.pending_conns)
        assert worker.nr_conns == 1 and not worker.arriving(60)
        worker.pending_conns[0].timeout = 0
        worker.murder_pending()
        assert worker.nr_conns == 0 and client.recv(1) == b""
        worker.tmp.close()


def test_who_has_an_errand_when_all_is_over_writes_into_no_file(tmp_path):
    errands = Errands()
    errands.init()
    pipe = errands._read_fd, errands._write_fd
    errands.close()
    paths = [tmp_path / name for name in "abc"]
    with ExitStack() as stack:
        for path in paths:
            stack.enter_context(open(path, "wb", buffering=0))
        errands.defer(print)
        assert [path.read_bytes() for path in paths] == 3 * [b""]
        for descriptor in pipe:
            os.close(descriptor)


def test_who_leaves_in_the_middle_is_let_go(served):
    served.get("/healthz")
    before = served.descriptors()
    for sent in (b"", GET, LARGE):
        connect(served, sent).close()
    until(lambda: served.descriptors() <= before)


def test_large_bodies_have_threads_of_their_own_and_one_too_many_is_told(served):
    most = Settings(threads=8).body_threads
    with ExitStack() as stack:
        for _ in range(most):
            stack.callback(connect(served, LARGE).close)
        until(lambda: not received(served))
        assert served.get("/healthz")[0] == 200
        assert served.post("/compare", {**ASKED, "models": ["demo@tokens=2"]})[0] == 200
    until(lambda: received(served))


def received(server):
    """Whether a large body is let in. Only one that is refused is answered at once."""
    with closing(connect(server, LARGE)) as sock:
        sock.settimeout(0.3)
        try:
            came = sock.recv(65536)
        except TimeoutError:
            return True
    assert came.startswith(b"HTTP/1.1 503") and b"Retry-After:" in came
    return False


def test_a_body_that_was_read_gives_its_thread_to_the_next(served):
    body = json.dumps({**ASKED, "conversation_history": []}).encode().ljust(MOST + 1000)
    raw = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    most = Settings(threads=8).body_threads
    with ExitStack() as stack:
        for _ in range(most + 1):
            sock = stack.enter_context(closing(connect(served, raw)))
            assert sock.recv(12) == b"HTTP/1.1 200"
    until(lambda: b"parallax_streams_open 0.0" in served.request("GET", "/metrics")[2])


def test_health_answers_while_all_streams_are_taken_and_strangers_hang(tmp_path):
    with serving(tmp_path / "data", THREADS=8) as server, ExitStack() as stack:
        alone = took(server)
        streams = []
        while (stream := server.open(ASKED, "/compare-stream")).status == 200:
            streams.append(stream)
        assert stream.status == 503 and len(streams) >= 3
        for number in range(40):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            stack.callback(sock.close)
            sock.connect(("127.0.0.1", server.port))
            sock.sendall(
                (
                    GET + b"X-Slow: ",  # headers that never end
                    POST + b"Content-Length: 1000\r\n\r\n{",  # a body that never comes
                    LARGE,
                    b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n",  # an answer nobody takes
                )[number % 4]
            )
        taken = took(server)
        assert taken < max(0.1, 10 * alone), (alone, taken)
        run = streams[0].headers["X-Run-Id"]
        assert server.post(f"/api/runs/{run}/cancel")[0] == 200
        assert streams[0].events()[-1] == "[DONE]"
        assert "WORKER TIMEOUT" not in server.log() and "Traceback" not in server.log()


def took(server):
    """Seconds until /healthz answers, in the middle of twenty."""
    times = []
    for _ in range(20):
        began = time.monotonic()
        assert server.get("/healthz")[0] == 200
        times.append(time.monotonic() - began)
    return statistics.median(times)
