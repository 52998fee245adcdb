"""A server by its URL, with the standard library alone."""

import http.client
import json
import secrets
import socket
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from .. import __version__
from ..cancel import shut
from ..errors import ServerError
from .interrupt import waiting_for
from .lines import parse

SILENCE_S = 120  # far more than any heartbeat
ANSWER_S = 60
BLOCK = 1024 * 1024
PATHS = {"analysis": "/api/analyze/stream/parallel", "compare": "/compare-stream"}
JSON = {"Content-Type": "application/json"}


class Refused(ServerError):
    """What the server said instead of doing it."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Unreachable(ServerError):
    pass


class Server:
    def __init__(self, url, token=""):
        try:
            parts = urlsplit(url if "//" in url else f"http://{url}")
            self._host, self._port = parts.hostname, parts.port
        except ValueError:  # a port that is none
            self._host = None
        if not self._host or parts.scheme not in ("http", "https"):
            raise Refused(400, f"{url} is no address of a server. Write http://HOST:PORT.")
        self.url = url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._prefix = parts.path.rstrip("/")
        self._headers = {"User-Agent": f"parallax/{__version__}"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    # -- one answer

    def get(self, path, timeout=ANSWER_S):
        return self._whole("GET", path, timeout)

    def post(self, path, timeout=ANSWER_S):
        return self._whole("POST", path, timeout)

    def upload(self, path):
        """The server's new video, as it lists it."""
        path, border = Path(path), secrets.token_hex(16)
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{filename(path.name)}"\r\n\r\n'
        ).encode()
        tail = f"\r\n--{border}--\r\n".encode()
        with open(path, "rb") as file:
            length = len(head) + path.stat().st_size + len(tail)
            headers = {
                "Content-Type": f"multipart/form-data; boundary={border}",
                "Content-Length": str(length),
            }
            return self._whole("POST", "/api/videos", ANSWER_S, body(head, file, tail), headers)

    def _whole(self, method, path, timeout, content=None, headers=None):
        _, connection, response = self._send(method, path, timeout, content, headers or {})
        try:
            return json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            raise Unreachable(f"{self.url}{path} did not answer in JSON.") from None
        finally:
            connection.close()

    # -- a stream

    def start(self, system, asked):
        """A Stream of the run this starts."""
        path, raw = PATHS[system], json.dumps(asked).encode()
        return Stream(*self._send("POST", path, SILENCE_S, raw, JSON))

    def round_trip(self):
        """Seconds of the network: what a TCP handshake takes."""
        connection = http.client.HTTPConnection(self._host, self._where, timeout=ANSWER_S)
        began = time.monotonic()
        try:
            waiting_for(connection.connect)
        except OSError as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        return time.monotonic() - began

    @property
    def _where(self):
        return self._port or (443 if self._secure else 80)

    def _send(self, method, path, timeout, content, headers):
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._where, timeout=timeout)
        try:
            waiting_for(connection.connect)
            line = Line(connection.sock, time.monotonic())
            try:
                connection.request(
                    method, self._prefix + path, content, {**self._headers, **headers}
                )
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may have answered already, that the upload is too large
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._unreachable(error) from None
        if response.status not in (200, 201):
            message = refusal(response)
            connection.close()
            raise Refused(response.status, message)
        return line, connection, response

    def _unreachable(self, error):
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it hung up"
        return Unreachable(f"Nothing answers at {self.url} ({why}).")


class Line(NamedTuple):
    sock: socket.socket
    sent_at: float


class Stream:
    """The messages of a run, as they come."""

    def __init__(self, line, connection, response):
        self._line = line
        self.content_type = response.headers.get("Content-Type", "")
        self.run_id = response.headers.get("X-Run-Id")
        self.cut = False  # it ended in the middle of something
        self._connection, self._response = connection, response

    def messages(self):
        rest = b""
        try:
            while part := self._response.read1(65536):
                at = time.monotonic() - self._line.sent_at
                *blocks, rest = (rest + part).replace(b"\r\n", b"\n").split(b"\n\n")
                for block in blocks:
                    yield parse(at, block.decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException):
            self.cut = True
        finally:
            self._response.close()
            self._connection.close()
        self.cut = self.cut or bool(rest.strip())

    def hang_up(self):
        """From another thread."""
        shut(self._line.sock)


def body(head, file, tail):
    yield head
    while block := file.read(BLOCK):
        yield block
    yield tail


def filename(name):
    """As browsers write it into a form."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def run_path(run_id, *more):
    return "/".join(["/api/runs", quote(run_id, safe=""), *more])


def refusal(response):
    """In the server's own words where it has any."""
    status = f"HTTP {response.status}"
    if 300 <= response.status < 400:
        return f"{status}: it has moved to {response.headers.get('Location')}; use that with --url."
    try:
        told = json.loads(response.read(65536))
        return f"{status}: {told['message']}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return f"{status}: {response.reason}. Is this a Parallax server?"
