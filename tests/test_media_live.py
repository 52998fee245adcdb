"""Uploads and downloads through a real gunicorn, with well and ill behaved clients."""

import shutil
import socket

import pytest

from tests.live import serving, until
from tests.uploading import answer, chunked, head, part

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory, clip):
    data = tmp_path_factory.mktemp("served") / "data"
    with serving(data, MAX_UPLOAD_MB=300, THREADS=16, SEND_TIMEOUT_S=3) as server:
        shutil.copy(clip, data / "videos/clip.mp4")
        yield server


@pytest.fixture
def raw(server):
    """A bare connection: what a client can send that no HTTP library would."""
    sockets = []

    def connect(text=b""):
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        sockets.append(sock)
        sock.sendall(text)
        return sock

    yield connect
    for sock in sockets:
        sock.close()


def leftovers(server):
    folder = server.data_dir / "videos"
    return [path.name for path in folder.iterdir() if path.suffix == ".part"]


def test_a_chunked_upload_is_taken(raw, clip):
    body = part(clip.read_bytes()) + b"--b--\r\n"
    sock = raw(head("Transfer-Encoding: chunked"))
    for piece in chunked(body):
        sock.sendall(piece)
    status, answered = answer(sock)
    assert status == 201, answered


def test_a_client_that_waits_for_leave_to_send_gets_it(raw, clip):
    body = part(clip.read_bytes()) + b"--b--\r\n"
    sock = raw(head("Expect: 100-continue", f"Content-Length: {len(body)}"))
    assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
    sock.sendall(body)
    assert answer(sock)[0] == 201


def big_body(megabytes):
    yield part(b"")[:-2]
    for _ in range(megabytes):
        yield bytes(MEGABYTE)
    yield b"\r\n--b--\r\n"


def test_a_large_upload_is_not_held_in_memory(server, raw):
    server.get("/api/videos")
    before = server.resident_mb()
    most = before
    sock = raw(head("Transfer-Encoding: chunked"))
    for piece in big_body(200):
        sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        most = max(most, server.resident_mb())
    sock.sendall(b"0\r\n\r\n")
    assert answer(sock)[0] == 422
    assert most - before < 50
    assert leftovers(server) == []


def test_a_chunked_body_that_grows_too_large_is_413(server, raw):
    sock = raw(head("Transfer-Encoding: chunked"))
    try:
        for piece in big_body(301):
            sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        sock.sendall(b"0\r\n\r\n")
    except OSError:
        pass  # the server may hang up on what it refused; its answer is there all the same
    assert answer(sock)[0] == 413
    assert leftovers(server) == []


def test_a_refused_client_that_never_stops_sending_is_cut_off(server, raw):
    sock = raw(head("Transfer-Encoding: chunked").replace(b"multipart", b"application"))
    sent = 0
    piece = b"%x\r\n%s\r\n" % (MEGABYTE, bytes(MEGABYTE))

    def cut_off():
        nonlocal sent
        try:
            sock.sendall(piece)
        except OSError:
            return True
        sent += 1

    until(cut_off, every_s=0.02)
    assert sent
    assert server.get("/healthz")[0] == 200


@pytest.mark.parametrize("length", ["Transfer-Encoding: chunked", "Content-Length: 9000000"])
def test_a_client_that_leaves_leaves_nothing_behind(server, raw, length):
    piece = part(bytes(MEGABYTE))
    if "chunked" in length:
        piece = next(chunked(piece, len(piece)))
    sock = raw(head(length) + piece)
    until(lambda: leftovers(server))
    sock.close()
    until(lambda: not leftovers(server))


def test_a_client_that_falls_silent_is_given_up(server, raw):
    sock = raw(head("Content-Length: 9000000") + part(b"x"))
    status, answered = answer(sock)
    assert status == 400 and b"broke off" in answered
    assert leftovers(server) == []


def test_a_killed_upload_is_cleared_away_at_the_next_start(server, raw):
    raw(head("Content-Length: 9000000") + part(bytes(MEGABYTE)))
    until(lambda: leftovers(server))
    server.kill_worker()
    until(lambda: not leftovers(server))
    until(server._answers)


def test_a_reader_that_never_reads_gives_its_place_back(server, raw):
    path = server.data_dir / "videos/large.mp4"
    with open(path, "wb") as file:
        file.truncate(64 * MEGABYTE)
    server.get("/api/runs")  # the store of runs opens its files with the first look
    before = server.descriptors()
    for _ in range(2):  # all the places there are
        assert b" 200 OK" in raw(head(path="/api/videos/large", method="GET")).recv(100)
    assert full(server)
    until(lambda: not full(server))
    until(lambda: server.descriptors() <= before)
    path.unlink()


def full(server):
    status, _, _ = server.request("GET", "/api/videos/clip")
    return status == 503


@pytest.mark.parametrize(
    "path",
    [
        "/api/videos/../../../etc/passwd",
        "/api/videos/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/api/videos/..%2f..%2f..%2fetc%2fpasswd",
        "/api/videos/%252e%252e%252f%252e%252e%252fetc%252fpasswd",
        "/api/videos/..%5c..%5cetc%5cpasswd",
        "/api/videos/..\\..\\etc\\passwd",
        "/api/videos/%2fetc%2fpasswd",
        "/api/videos//etc/passwd",
        "/api/videos/clip.mp4%00.txt",
        "/api/videos/../titles",
        "/api/videos/%c0%ae%c0%ae/etc/passwd",
        "/api/videos/../../../etc/passwd/thumbnail",
    ],
)
def test_no_path_leads_out_of_the_library(server, raw, path):
    sock = raw(head(path=path, method="GET"))
    status, answered = answer(sock)
    assert status in (400, 404, 308), answered
    assert b"root:" not in answered and str(server.data_dir).encode() not in answered


def test_nothing_of_this_left_a_traceback(server):
    assert "Traceback" not in server.log(), server.log()[-3000:]
