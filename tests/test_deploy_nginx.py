"""The shipped nginx in front of a real gunicorn: what holds straight holds through it, and
what gunicorn alone cannot do, it does."""

import http.client
import shutil
import socket
import statistics
import subprocess
import time
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from server import sample
from tests.live import texts, until
from tests.proxy import NGINX, Nginx, behind_nginx

SLOW = "demo@first=0.05,rate=20,tokens=2000"
SECRET = b"what only the operator may read"


def ask(*models, **more):
    return {"query": "What happens?", "models": list(models), "video_id": "sample", **more}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("deployed") / "data"
    (path / "videos").mkdir(parents=True)
    path.parent.chmod(0o755)  # nginx's workers are another user
    path.parent.parent.chmod(0o755)
    sample.make(path / "videos" / "sample.mp4")
    (path / "secret.txt").write_bytes(SECRET)
    (path / "videos" / "secret.txt").write_bytes(SECRET)
    (path / "videos" / "link.mp4").symlink_to(path / "secret.txt")
    return path


@pytest.fixture(scope="module")
def deployed(data_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    with behind_nginx(data_dir, folder, HEARTBEAT_S=1, MAX_UPLOAD_MB=3) as both:
        yield both


@pytest.fixture
def nginx(deployed):
    return deployed[1]


def test_the_shipped_file_is_one_nginx_takes(deployed, tmp_path):
    for prefix in ("", "/parallax"):
        command = Nginx(tmp_path, deployed[0], prefix).write()
        # Its output is a socket under systemd, and a socket cannot be opened by a name.
        ours, its = socket.socketpair()
        with ours, its:
            tried = subprocess.run([*command, "-t"], stdout=its, stderr=subprocess.PIPE, text=True)
        assert tried.returncode == 0, tried.stderr
        assert "warn" not in tried.stderr, tried.stderr


# -- streams


def test_words_come_through_as_they_come(nginx):
    stream = nginx.open(ask("demo@first=0,rate=20,tokens=60"))
    assert stream.status == 200
    arrived = [at for at, _, e in stream.messages() if e != "[DONE]" and "text" in e]
    assert len(arrived) == 60 and arrived[-1] - arrived[0] > 0.8
    assert "Content-Encoding" not in stream.headers


def test_a_stream_that_is_cut_off_looks_cut_off(data_dir, tmp_path):
    with behind_nginx(data_dir, tmp_path / "nginx") as (server, nginx):
        stream = nginx.open(ask(SLOW))
        stream.until("text_generation")
        server.kill_worker()
        with pytest.raises(http.client.IncompleteRead):
            stream.response.read()
        until(lambda: nginx.get("/healthz")[0] == 200)
        if shutil.which("curl"):
            with curl(nginx, SLOW) as client:
                client.stdout.readline()
                server.kill_worker()
                client.stdout.read()
                assert client.wait(20) == 18


def curl(nginx, slot):
    body = '{"query": "x", "models": ["%s"], "video_id": "sample"}' % slot
    address = f"http://127.0.0.1:{nginx.port}/api/analyze/stream/parallel"
    json = "Content-Type: application/json"
    command = ["curl", "-sN", "-H", json, "-d", body, address]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_a_run_outlasts_every_timeout_on_its_way(data_dir, tmp_path):
    def impatient(text):
        changed = text.replace("proxy_read_timeout 4h", "proxy_read_timeout 3s")
        assert changed != text
        return changed

    settings = {"HEARTBEAT_S": 0.4, "GUNICORN_CMD_ARGS": "--timeout 4"}
    with behind_nginx(data_dir, tmp_path / "nginx", "", impatient, **settings) as (server, nginx):
        events = nginx.open(ask("demo@first=5,tokens=3")).events()
        assert events[-1] == "[DONE]" and events[-2]["succeeded"] == 1
        assert "WORKER TIMEOUT" not in server.log()


def test_a_client_that_leaves_is_noticed_behind_nginx(deployed):
    server, nginx = deployed
    stream = nginx.open(ask("demo@first=60"))
    run = stream.headers["X-Run-Id"]
    stream.until("model_start")
    open_before = streams_open(server)
    stream.reset()
    until(lambda: streams_open(server) < open_before)
    server.post(f"/api/runs/{run}/cancel")


def streams_open(server):
    lines = server.request("GET", "/metrics")[2].decode().splitlines()
    return next(float(x.split()[1]) for x in lines if x.startswith("parallax_streams_open "))


# -- bytes

RANGES = [
    {},
    *(
        {"Range": f"bytes={spec}"}
        for spec in ("0-", "0-0", "-100", "-99999999999", "10-19", "1000-99999999999", "-0")
    ),
    *({"Range": f"bytes={spec}"} for spec in ("99999999999-", "5-2", "0-1,5-6", "a-b", "", "-")),
    {"Range": "bytes=0-" + "9" * 40},
    {"Range": "bytes=-" + "9" * 40},
    {"Range": "bytes= 3-4"},
    {"Range": "BYTES=3-4"},
    {"Range": "lines=0-5"},
    {"Range": "bytes=0-9", "If-Range": "{etag}"},
    {"Range": "bytes=0-9", "If-Range": "W/{etag}"},
    {"Range": "bytes=0-9", "If-Range": '"other"'},
    {"Range": "bytes=0-9", "If-Range": "{date}"},
    {"Range": "bytes=0-9", "If-Range": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"If-None-Match": "{etag}"},
    {"If-None-Match": "W/{etag}", "Range": "bytes=0-9"},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "*"},
    {"If-Match": "{etag}", "Range": "bytes=0-9"},
    {"If-Match": '"other"'},
    {"If-Match": "*"},
    {"If-Modified-Since": "{date}"},
    {"If-Unmodified-Since": "{date}"},
    {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT", "Range": "bytes=0-9"},
]


@pytest.fixture(scope="module")
def settled(deployed):
    """A date proves something only after its second has passed."""
    _, nginx = deployed
    time.sleep(max(0, (nginx.data_dir / "videos/sample.mp4").stat().st_mtime + 1.1 - time.time()))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("asked", RANGES, ids=str)
def test_a_range_is_the_same_through_nginx_and_straight(deployed, settled, method, asked):
    answers = []
    for server in deployed:
        _, known, _ = server.request("HEAD", "/api/videos/sample")
        filled = {"etag": known["ETag"], "date": known["Last-Modified"]}
        headers = {
            name: value.replace("{etag}", filled["etag"]).replace("{date}", filled["date"])
            for name, value in asked.items()
        }
        status, found, body = server.request(method, "/api/videos/sample", headers=headers)
        if status < 300:
            assert found["ETag"] == known["ETag"] and found["Accept-Ranges"] in ("bytes", None)
            assert found["Cache-Control"] == "private, no-cache"
            assert found["X-Content-Type-Options"] == "nosniff"
            assert found["Content-Type"] == "video/mp4"
        assert "X-Accel-Redirect" not in found
        answers.append((status, found["Content-Range"], found["Content-Length"], body))
    # What a 304 or 412 says beside its status may differ, its meaning may not.
    if answers[0][0] in (200, 206, 416):
        assert answers[1] == answers[0]
    else:
        assert answers[1][0] == answers[0][0]


def test_nginx_itself_sends_the_bytes(deployed):
    server, nginx = deployed
    logged = lambda: server.log().count("/api/videos/sample")  # noqa: E731
    sent = logged()
    status, headers, body = nginx.request("GET", "/api/videos/sample")
    assert status == 200 and body == (nginx.data_dir / "videos/sample.mp4").read_bytes()
    assert headers["ETag"].count("-") == 1
    until(lambda: logged() > sent)  # nginx may be done before it is written


def test_slow_downloads_hold_no_thread_of_the_server(data_dir, tmp_path):
    with behind_nginx(data_dir, tmp_path / "nginx", THREADS=3) as (server, nginx):
        with ExitStack() as stack:
            for _ in range(20):
                sock = socket.socket()
                stack.callback(sock.close)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                sock.connect(("127.0.0.1", nginx.port))
                sock.sendall(b"GET /api/videos/sample HTTP/1.1\r\nHost: x\r\n\r\n")
                assert sock.recv(12) == b"HTTP/1.1 200"
            assert texts(nginx.open(ask("demo@first=0,tokens=3")).events())
            assert nginx.get("/api/models")[0] == 200


# -- who may ask, for what

PATHS = [
    "/_data/videos/sample.mp4",
    "/_data/secret.txt",
    "/%5fdata/secret.txt",
    "//_data/secret.txt",
    "/_data/../_data/secret.txt",
    "/api/videos/../secret.txt",
    "/api/videos/..%2fsecret.txt",
    "/api/videos/%2e%2e/secret.txt",
    "/api/videos/%2e%2e%2fsecret.txt",
    "/api/videos/%252e%252e%252fsecret.txt",
    "/api/videos/..\\secret.txt",
    "/api/videos/..%5csecret.txt",
    "/api/videos//etc/passwd",
    "/api/videos/%2fetc%2fpasswd",
    "/api/videos/secret.txt",
    "/api/videos/link.mp4",
    "/api/videos/sample.mp4%00.txt",
    "/api/videos/x?video_path=../secret.txt",
    "/videos/streaming/../../secret.txt",
    "/videos/streaming/..%2f..%2fsecret.txt",
    "/videos/streaming/%2e%2e/secret.txt",
    "/videos/generated/..%2fsecret.txt",
    "/videos/generated/%2e%2e%2fsecret.txt",
    "/static/../secret.txt",
    "/static/..%2f..%2fdata%2fsecret.txt",
    "/static/%2e%2e/server/settings.py",
    "/" + "../" * 20 + "etc/passwd",
    "/static/" + "x" * 5000,
]


def raw(server, text):
    """(status, everything that came until the server hung up)"""
    with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
        came = b""
        try:
            sock.sendall(text)
            while part := sock.recv(65536):
                came += part
        except ConnectionError:
            pass  # it refused while we were sending
    return (int(came.split()[1]) if came else None), came


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:60])
def test_no_path_leads_out_through_nginx_nor_straight(deployed, path):
    for server in deployed:
        asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        status, came = raw(server, asked.encode())
        assert status in (308, *range(400, 500)), came[:300]
        assert SECRET not in came and b"root:" not in came and b"dataclass" not in came


POST = b"POST /api/analyze/stream/parallel HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
JSON = POST + b"Content-Type: application/json\r\n"
VALID = b'{"query": "x", "models": ["demo@tokens=2"], "video_id": "sample", "stream": false}'
REQUESTS = {
    "length and chunked": JSON
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": JSON + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}{",
    "a negative length": JSON + b"Content-Length: -1\r\n\r\n",
    "a bad chunk size": JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a strange coding": JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a body too long": JSON + b"Content-Length: 1048577\r\n\r\n" + b" " * 1048577,
    "too long, in chunks": JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    b"100001\r\n" + b" " * 0x100001 + b"\r\n0\r\n\r\n",
    "no body": JSON + b"\r\n",
    "no type": POST + b"Content-Length: 2\r\n\r\n{}",
    "not json": JSON + b"Content-Length: 2\r\n\r\n{]",
    "a space before the colon": JSON + b"Content-Length : 2\r\n\r\n{}",
    "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "a header of 100 kB": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "no such method": b"BREW /api/videos HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "http/9": b"GET / HTTP/9.0\r\nHost: x\r\n\r\n",
    "nothing of http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_broken_request_is_a_4xx_and_one_answer(deployed, name):
    for number, server in enumerate(deployed):
        status, came = raw(server, REQUESTS[name])
        if name == "no host" and number == 0:
            continue  # gunicorn lets it pass; nginx does not
        assert came.count(b"HTTP/1.1 ") <= 1, came[:500]
        # 501 and 505 say of HTTP itself that there is no such thing.
        assert status is None or 400 <= status < 500 or status in (501, 505), came
    assert all(server.get("/healthz")[0] == 200 for server in deployed)


def test_a_good_request_beside_them_is_served(deployed):
    for server in deployed:
        length = b"Content-Length: %d\r\n\r\n" % len(VALID)
        status, came = raw(server, JSON + length + VALID)
        assert status == 200 and b'"state":"complete"' in came.replace(b": ", b":")


def test_an_address_holds_as_much_context_as_a_commentary_takes(deployed):
    for server in deployed:
        for letter in ("x", "\u044f"):
            context = quote(letter * 4000)
            asked = f"/api/analyze-stream/sample.mp4?context={context}"
            assert server.request("HEAD", asked)[0] == 200
            assert server.request("GET", asked + quote(letter))[0] == 422


def test_what_nginx_refuses_it_refuses_in_json(nginx):
    status, came = raw(nginx, REQUESTS["a body too long"])
    assert status == 413 and b'"code":"too_large"' in came
    status, came = raw(nginx, REQUESTS["two lengths"])
    assert status == 400 and b'"code":"bad_request"' in came
    status, came = raw(nginx, b"GET /?" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 414 and b'"code":"bad_request"' in came


def form(size):
    start = (
        b"--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n"
        b"Content-Type: video/mp4\r\n\r\n"
    )
    return start + b"x" * size + b"\r\n--b--\r\n"


UPLOAD = (
    b"POST /api/videos HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
)


@pytest.mark.parametrize("how", ["by its length", "in chunks"])
def test_an_upload_over_the_limit_is_413_in_both_ways(deployed, how):
    body = form(4 * 1024 * 1024)
    for server in deployed:
        if how == "in chunks":
            sent = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            sent = b"Content-Length: %d\r\n\r\n" % len(body) + body
        with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
            try:
                sock.sendall(UPLOAD + sent)
            except OSError:
                pass  # it said no and hung up
            came = sock.recv(65536)
        assert came.startswith(b"HTTP/1.1 413"), came[:300]
    until(lambda: not list((server.data_dir / "videos").glob("*.part")))


def test_an_upload_larger_than_json_may_be_arrives(nginx):
    video = (nginx.data_dir / "videos/sample.mp4").read_bytes()
    assert len(video) > 2**20
    start = b"--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = start + video + b"\r\n--b--\r\n"
    status, _, answer = nginx.request("POST", "/api/videos", body, headers)
    assert status == 201, answer


def test_what_a_client_says_of_itself_is_not_believed(nginx):
    lies = {
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Accel-Redirect": "/_data/secret.txt",
        "Script-Name": "/evil",
    }
    _, listed = nginx.get("/api/videos", **lies)
    assert all(item["url"].startswith("/api/videos/") for item in listed["videos"])
    asked = {"Origin": "http://evil.example", "X-Forwarded-Host": "evil.example"}
    assert nginx.post("/compare", {"input_data": "x", "models": ["demo"]}, **asked)[0] == 403


def test_media_takes_the_token_through_nginx(data_dir, tmp_path):
    with behind_nginx(data_dir, tmp_path / "nginx", AUTH_TOKEN="wonderland") as (_, nginx):
        bearer = {"Authorization": "Bearer wonderland"}
        for method in ("GET", "HEAD"):
            assert nginx.request(method, "/api/videos/sample")[0] == 401
            assert nginx.request(method, "/api/videos/sample?token=wonderland")[0] == 401
            assert nginx.request(method, "/api/videos/sample", headers=bearer)[0] == 200
        until(lambda: nginx.access_log().count("/api/videos/sample") == 6)
        assert "wonderland" not in nginx.access_log()


# -- many, slow and hostile


def test_health_answers_while_all_streams_are_taken_and_strangers_hang(data_dir, tmp_path):
    with behind_nginx(data_dir, tmp_path / "nginx", THREADS=8) as (server, nginx):
        with ExitStack() as stack:
            streams = []
            while (stream := nginx.open(ask("demo@first=60"))).status == 200:
                streams.append(stream)
            assert stream.status == 503 and len(streams) >= 3
            for number in range(60):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", nginx.port)))
                if number < 20:  # headers that never end
                    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                elif number < 40:  # a body that never comes
                    sock.sendall(JSON + b"Content-Length: 1000\r\n\r\n{")
                else:  # an answer nobody takes, and no word of leaving
                    sock.sendall(
                        b"GET /api/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                    )
            took = []
            for _ in range(20):
                began = time.monotonic()
                assert nginx.get("/healthz")[0] == 200
                took.append(time.monotonic() - began)
            assert statistics.median(took) < 0.1, took
            assert "WORKER TIMEOUT" not in server.log()
            for stream in streams:
                server.post(f"/api/runs/{stream.headers['X-Run-Id']}/cancel")


# -- under a sub-path


def test_under_a_sub_path_everything_is_below_it(data_dir, tmp_path):
    with behind_nginx(data_dir, tmp_path / "nginx", "/a/parallax") as (_, nginx):
        status, listed = nginx.get("/api/videos")
        (video,) = [item for item in listed["videos"] if item["id"] == "sample"]
        assert video["url"] == "/a/parallax/api/videos/sample"
        status, headers, body = nginx.request("GET", video["url"], headers={"Range": "bytes=0-9"})
        assert (status, len(body)) == (206, 10)
        events = nginx.open(ask("demo@first=0,tokens=3")).events()
        assert events[-1] == "[DONE]" and events[-2]["succeeded"] == 1
        assert nginx.request("GET", "/a/parallax/")[0] == 200
        assert nginx.request("GET", "/a/parallax/static/css/tokens.css")[0] == 200
        for outside in ("/", "/api/videos", "/a/parallaxes/", "/a//parallax/healthz", "/healthz"):
            assert nginx.request("GET", outside)[0] in (404, 405), outside


def test_an_upload_under_a_sub_path_says_where_it_is(data_dir, tmp_path):
    with behind_nginx(data_dir, tmp_path / "nginx", "/p") as (_, nginx):
        start = b"--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\n"
        body = start + (data_dir / "videos/sample.mp4").read_bytes() + b"\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        status, found, _ = nginx.request("POST", "/p/api/videos", body, headers)
        assert status == 201 and found["Location"].startswith("/p/api/videos/")
        assert nginx.request("GET", found["Location"])[0] == 200


def test_nginx_is_installed():
    assert shutil.which(NGINX), "These tests need nginx: apt-get install nginx-light."
