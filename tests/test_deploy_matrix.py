"""Whatever is asked, nginx as shipped and gunicorn alone give the same answer: bytes of every
kind of file, headers of every kind of answer, bodies of every kind of badness."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.commentaries import of, told
from tests.marks import film
from tests.proxy import behind_nginx
from tests.test_deploy_nginx import RANGES, raw

# What a proxy may change: who speaks, when, and how the connection goes on.
HOPS = {"server", "date", "connection", "transfer-encoding", "keep-alive", "accept-ranges", "vary"}
# A file's tag is nginx's own where nginx sends it; the others are there, and looked at apart.
HOPS |= {"etag", "x-accel-buffering", "content-security-policy", "content-length"}
PROTECTED = ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """(gunicorn, nginx, kind of file -> its address)"""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "data/videos").mkdir(parents=True)
    for path in (folder, folder.parent):
        path.chmod(0o755)  # nginx's workers are another user
    film(folder / "data/videos/film.mp4", 10)
    (folder / "data/videos/empty.mp4").touch()
    with behind_nginx(folder / "data", folder / "nginx") as (server, nginx):
        events = told(server, "film.mp4")
        (last,) = of(events, "complete")
        age(folder / "data")
        yield server, nginx, {
            "a chunk": of(events, "chunk_ready")[0]["url"],
            "the finished film": last["final_url"],
            "a playlist": last["playlist_url"],
            "captions": last["captions_url"],
            "a thumbnail": "/api/videos/film/thumbnail",
            "a file of the page": "/static/css/tokens.css",
        }


def age(folder):
    """A date proves something only once its second has passed."""
    then = time.time() - 10
    for path in (folder / "streaming", folder / "generated"):
        for file in filter(Path.is_file, path.rglob("*")):
            os.utime(file, (then, then))


@pytest.fixture
def both(deployed):
    return deployed[:2]


FILES = ("a chunk", "the finished film", "a playlist", "captions")


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_range_of_every_kind_of_file_is_the_same(deployed, kind, method):
    *both, addresses = deployed
    for asked in RANGES:
        answers = []
        for server in both:
            _, known, whole = server.request("GET", addresses[kind])
            filled = {"{etag}": known["ETag"], "{date}": known["Last-Modified"]}
            headers = dict(asked)
            for name in headers:
                for mark, value in filled.items():
                    headers[name] = headers[name].replace(mark, value)
            status, found, body = server.request(method, addresses[kind], headers=headers)
            if status in (200, 206):
                assert found["ETag"] == known["ETag"]
                assert found["Content-Type"] == known["Content-Type"]
                assert method == "HEAD" or body in whole
                assert method == "GET" or not body
            told = (found["Content-Range"], found["Content-Length"], body)
            answers.append((status, *(told if status in (200, 206, 416) else ())))
        assert answers[0] == answers[1], asked


@pytest.mark.parametrize("kind", [*FILES, "a thumbnail", "a file of the page"])
def test_a_file_has_the_same_headers_and_is_kept_as_long(deployed, kind):
    *both, addresses = deployed
    for method in ("GET", "HEAD"):
        assert same(both, method, addresses[kind])[0] == 200
    _, found, _ = both[1].request("GET", addresses[kind])
    immutable = "immutable" in found["Cache-Control"]
    assert immutable == (kind == "a chunk")


ASKED = {
    "the page": ("GET", "/"),
    "a list": ("GET", "/api/models"),
    "the document": ("GET", "/openapi.json"),
    "health": ("GET", "/healthz"),
    "nothing": ("GET", "/nowhere"),
    "no such video": ("GET", "/api/videos/none"),
    "no such chunk": ("GET", "/videos/streaming/" + "x" * 24 + "/chunk_0.mp4"),
    "no such run": ("GET", "/api/runs/none/stream"),
    "a wrong method": ("PUT", "/api/models"),
    "a stream that is looked at": ("HEAD", "/api/analyze-stream/film.mp4"),
    "a video that is none": ("GET", "/api/videos/empty"),
    "options": ("OPTIONS", "/api/videos"),
    "a slash too many": ("GET", "/api/models/"),
    "two slashes": ("GET", "//api/models"),
}


@pytest.mark.parametrize("name", ASKED)
def test_every_answer_has_the_same_headers(both, name):
    same(both, *ASKED[name])


def same(both, method, path):
    """(status, headers) that both give, having made sure of what every answer must have."""
    answers = []
    for server in both:
        status, found, body = server.request(method, path)
        for header in PROTECTED:
            assert found[header], f"{method} {path} has no {header} from {type(server).__name__}"
        assert found.get("Cache-Control"), path
        if status >= 400 and method != "HEAD":
            assert found["Content-Type"] == "application/json" and b'"status":"error"' in body
        kept = {name.lower(): value for name, value in found.items()}
        answers.append((status, {n: v for n, v in kept.items() if n not in HOPS}))
    assert answers[0] == answers[1]
    return answers[0]


BODIES = {
    "nothing": b"",
    "an array": b"[]",
    "null": b"null",
    "a string": b'"x"',
    "broken": b'{"query": ',
    "NaN": b'{"query": NaN}',
    "deep": b"[" * 200_000,
    "a long number": b'{"query": ' + b"9" * 5000 + b"}",
    "UTF-16": '{"query": "x"}'.encode("utf-16"),
    "a mark at the beginning": b'\xef\xbb\xbf{"query": "x"}',
    "not UTF-8": b'{"query": "\xff"}',
    "half a character": b'{"query": "\\ud800", "models": ["demo"], "video_id": "film"}',
    "a zero": b'{"query": "\\u0000", "models": [], "video_id": "film"}',
    "twice the same name": b'{"query": "x", "query": [], "models": ["demo"], "video_id": "film"}',
    "too large": b" " * (2**20 + 1),
}
TYPES = ("application/json", "text/plain", "application/x-www-form-urlencoded", "", "a/b;;=")


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_bad_body_gets_the_same_refusal(both, name, chunked):
    answers = []
    for server in both:
        status, came = raw(server, post(BODIES[name], chunked=chunked))
        assert came.count(b"HTTP/1.1 ") == 1 and status < 500, came[:300]
        if status == 200:  # text that is strange, and text all the same
            assert name == "half a character" and b"data: [DONE]" in came
        answers.append((status, code_in(came)))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", TYPES)
def test_a_body_of_another_type_gets_the_same_refusal(both, kind):
    good = b'{"query": "x", "models": ["demo@tokens=1"], "video_id": "film", "stream": false}'
    answers = [raw(server, post(good, kind))[0] for server in both]
    assert answers == ([200, 200] if kind == "application/json" else [415, 415])


def post(body, kind="application/json", chunked=False):
    head = b"POST /api/analyze/stream/parallel HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += b"Content-Type: %s\r\n" % kind.encode() if kind else b""
    if chunked:
        pieces = [body[n : n + 65536] for n in range(0, len(body), 65536)]
        whole = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + whole + b"0\r\n\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def code_in(came):
    return came.partition(b'"code":"')[2].partition(b'"')[0]


BROKEN = {
    "bad request": b"GET / HTTP/1.1\r\n\r\n",
    "too large": post(b" " * (2**20 + 1)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_nginx_itself_says_is_as_guarded(both, name):
    _, came = raw(both[1], BROKEN[name])
    head = came.partition(b"\r\n\r\n")[0].decode()
    for header in (*PROTECTED, "Cache-Control"):
        assert f"\r\n{header}: " in head, head


def test_a_server_that_is_away_is_said_in_the_same_words(both):
    server, nginx = both
    worker = server.worker_pid
    server.process.kill()
    os.kill(worker, signal.SIGKILL)
    server.process.wait()
    status, headers, body = nginx.request("GET", "/api/models")
    assert status == 503 and headers["Retry-After"] and b'"code":"busy"' in body
    assert all(headers[name] for name in (*PROTECTED, "Cache-Control"))
