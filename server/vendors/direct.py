"""Straight to a vendor: one connection per request, read as fast as Python can.

What httpx and httpx2 stand on parses the body of an answer as carefully as its head, and
asks the system twice for every read: with a piece of text in every chunk that was half of
what a stream cost. Here h11 speaks for the head, strictly, and the body is taken apart in
`framing.py`. A read is one system call, in which the thread waits without the interpreter's
lock; where TLS is between, its own way.

Those libraries and their guards hand a body through four generators, and a thread that wakes
must find its way back into each. Who can, reads the line itself (`wire.arriving`).

Proxies are left to the libraries' own transports.
"""

import math

import h11

from .. import cancel, patient
from . import dialing, faults, framing

READ_BYTES = 64 * 1024
MAX_HEAD = 100 * 1024
TOGETHER = 64 * 1024  # so much of a request leaves at once


class BrokeOff(Exception):
    """The vendor ended before its answer began."""


class Line:
    """A connection to a vendor, handed to the token of the call before anything is said.

    httpx knows it as `network_stream`, in the extensions of a response."""

    def __init__(self, host, port, tls, timeouts):
        self._read_s = timeouts.get("read")
        self._socket = dialing.connected(host, port, timeouts.get("connect"))
        try:
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host)
        except BaseException:
            self.close()
            raise
        self._head = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)

    def get_extra_info(self, name):
        return self._socket if name == "socket" else None

    def close(self):
        self._socket.close()

    def send(self, method, target, headers, body, seconds):
        patient.write_within(self._socket, seconds)
        try:
            for data in together(self._request(method, target, headers, body)):
                self._socket.sendall(data)
        except ConnectionError:
            pass  # it may have answered already, and closed
        # Whoever holds the token of a call keeps its time, and hangs up.
        patient.read_within(self._socket, None if cancel.current() else self._read_s)

    def _request(self, method, target, headers, body):
        yield self._head.send(h11.Request(method=method, target=target, headers=headers))
        for part in body:
            yield self._head.send(h11.Data(data=part))
        yield self._head.send(h11.EndOfMessage())

    def head(self):
        """The answer's first line and headers."""
        while True:
            event = self._head.next_event()
            if isinstance(event, h11.Response):
                self._body = framing.of(event.headers)
                return event
            if event is h11.NEED_DATA:
                data = self._socket.recv(READ_BYTES)
                if not data and self._head.their_state == h11.SEND_RESPONSE:
                    raise BrokeOff("no answer came")
                self._head.receive_data(data)

    def parts(self, limit=math.inf):
        """The answer's body, as it comes, up to so many bytes."""
        body, read, left = self._body, self._socket.recv, limit
        data = self._head.trailing_data[0]  # came with the head
        try:
            while True:
                if data and (said := body.feed(data)):
                    left -= len(said)
                    if left < 0:
                        raise faults.too_much(limit)
                    yield said
                if body.ended:
                    return
                if body.broken:
                    raise faults.broke()
                if not (data := read(READ_BYTES)):
                    if body.cut_off:
                        raise faults.CutOff
                    return
        except (TimeoutError, BlockingIOError):  # the system's word for the same
            raise faults.silent() from None
        except (OSError, ValueError):
            raise faults.broke() from None


def together(parts):
    """A question and all that is around it leave by one system call."""
    waiting = b""
    for part in parts:
        if waiting and len(waiting) + len(part) > TOGETHER:
            yield waiting
            waiting = b""
        waiting += part  # with nothing before it, it is that part itself, and no copy
    if waiting:
        yield waiting


def transport(httpx, tls_context):
    """The same as a transport of that library. `tls_context()` is asked for when needed."""

    class Answer(httpx.SyncByteStream):  # type: ignore[name-defined]
        def __init__(self, line):
            self._line = line

        def __iter__(self):
            return self._line.parts()

        def close(self):
            self._line.close()

    class Direct(httpx.BaseTransport):  # type: ignore[name-defined]
        def handle_request(self, request):
            timeouts = request.extensions.get("timeout", {})
            line = self._connect(request.url, timeouts)
            try:
                response = self._exchange(line, request, timeouts.get("write"))
                return httpx.Response(
                    response.status_code,
                    headers=response.headers.raw_items(),
                    stream=Answer(line),
                    extensions={"network_stream": line},
                )
            except BaseException:
                line.close()
                raise

        def _connect(self, url, timeouts):
            if url.scheme not in ("http", "https"):
                raise httpx.UnsupportedProtocol("neither http:// nor https://")
            tls = tls_context() if url.scheme == "https" else None
            host = url.raw_host.decode("ascii")
            try:
                return Line(host, url.port or (443 if tls else 80), tls, timeouts)
            except TimeoutError as error:
                raise httpx.ConnectTimeout(str(error)) from error
            except OSError as error:
                raise httpx.ConnectError(str(error)) from error

        def _exchange(self, line, request, write_s):
            try:
                line.send(
                    request.method,
                    request.url.raw_path,
                    request.headers.raw,
                    request.stream,
                    write_s,
                )
                return line.head()
            except (TimeoutError, BlockingIOError) as error:
                raise httpx.ReadTimeout(str(error)) from error
            except OSError as error:
                raise httpx.ReadError(str(error)) from error
            except (BrokeOff, h11.RemoteProtocolError) as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            except h11.LocalProtocolError as error:
                raise httpx.LocalProtocolError(str(error)) from error

    return Direct()
