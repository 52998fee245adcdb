"""What gunicorn's parser refuses is refused in the form of everything else."""

import json
import socket

import pytest

from tests.live import serving

HOST = b"Host: x\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("not-http") / "data") as running:
        yield running


def answer(server, sent):
    """(status, headers, body) of the one response."""
    with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        came = b""
        while part := sock.recv(65536):
            came += part
    head, _, body = came.partition(b"\r\n\r\n")
    assert came.count(b"HTTP/1.1 ") == 1
    return int(head.split(b" ", 2)[1]), head.lower(), body


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"get /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"a b: c\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"Expect: sk-secret\r\n\r\n", 417),
        (b"POST /compare HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: sk-secret\r\n\r\n", 501),
        (
            b"POST /compare HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            400,
        ),
    ],
)
def test_it_is_json_without_a_word_of_what_was_sent(server, sent, status):
    told, head, body = answer(server, sent)
    assert told == status and b"content-type: application/json" in head
    known = json.loads(body)
    assert (known["status"], known["code"]) == ("error", "bad_request") and known["message"]
    assert b"secret" not in body and "sk-secret" not in server.log()
    counted = f'parallax_refused_total{{status="{status}"}}'
    assert counted in server.request("GET", "/metrics")[2].decode()


@pytest.mark.parametrize("name", [b"SCRIPT_NAME", b"PATH_INFO", b"Script-Name"])
def test_no_header_but_the_prefix_changes_where_it_is_served(server, name):
    sent = b"GET /healthz HTTP/1.1\r\n" + HOST + name + b": /elsewhere\r\nConnection: close\r\n\r\n"
    assert answer(server, sent)[0] == 200
