"""Requests that come slowly, or never, straight to gunicorn: they hold no thread."""

import json
import socket
import statistics
import time
from contextlib import ExitStack, closing

import pytest

from server.arriving import MOST, missing
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
        (b"\x16\x03\x01", 4),
    ],
)
def test_a_request_is_waited_for_until_it_is_worth_a_thread(data, wanted):
    assert missing(data) == wanted


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    """A server that waits half a second for a request, and has few threads."""
    folder = tmp_path_factory.mktemp("arriving")
    (folder / "sitecustomize.py").write_text("from server import arriving\narriving.PATIENCE_S=.5")
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


def test_a_request_in_bytes_is_served_like_any_other(impatient):
    with closing(connect(impatient)) as sock:
        for byte in GET + b"Connection: close\r\n\r\n":
            sock.sendall(bytes([byte]))
            time.sleep(0.002)  # each one a packet of its own
        assert answer(sock).startswith(b"HTTP/1.1 200")


def test_a_connection_is_used_again_however_slowly_the_next_request_comes(impatient):
    with closing(connect(impatient, GET + b"\r\n")) as sock:
        came = b""
        while not came.endswith(b"}\n"):
            came += sock.recv(65536)
        for part in (GET[:7], GET[7:], b"Connection: close\r\n\r\n"):
            time.sleep(0.05)
            sock.sendall(part)
        assert answer(sock).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [GET, POST + b"Content-Length: 100\r\n\r\n{"])
def test_a_request_that_never_comes_is_told_so(impatient, sent):
    with closing(connect(impatient, sent)) as sock:
        head, _, body = answer(sock).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408") and json.loads(body)["code"] == "bad_request"


def test_headers_without_end_are_refused(impatient):
    with closing(connect(impatient, GET + b"X: " + b"x" * MOST)) as sock:
        assert answer(sock).startswith(b"HTTP/1.1 431")


def test_who_leaves_in_the_middle_is_let_go(impatient):
    impatient.get("/healthz")
    before = impatient.descriptors()
    for sent in (b"", GET, LARGE):
        connect(impatient, sent).close()
    until(lambda: impatient.descriptors() <= before)


def test_large_bodies_have_threads_of_their_own_and_one_too_many_is_told(impatient):
    most = Settings(threads=8).body_threads
    with ExitStack() as stack:
        for _ in range(most):
            stack.callback(connect(impatient, LARGE).close)
        until(lambda: not received(impatient))
        assert impatient.get("/healthz")[0] == 200
        assert impatient.post("/compare", {**ASKED, "models": ["demo@tokens=2"]})[0] == 200
    until(lambda: received(impatient))


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


def test_a_body_that_was_read_gives_its_thread_to_the_next(impatient):
    body = json.dumps({**ASKED, "conversation_history": []}).encode().ljust(MOST + 1000)
    raw = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    most = Settings(threads=8).body_threads
    with ExitStack() as stack:
        for _ in range(most + 1):
            sock = stack.enter_context(closing(connect(impatient, raw)))
            assert sock.recv(12) == b"HTTP/1.1 200"
    until(lambda: b"parallax_streams_open 0.0" in impatient.request("GET", "/metrics")[2])


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
