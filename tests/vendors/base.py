"""A vendor on this machine: a small threaded HTTP server of plain sockets, with a script.

A script is a function that is given the `Exchange` and plays the vendor's part in it,
byte by byte where a test needs that. Everything a client sent is kept, and so is the
moment it hung up: a socket tells more than any HTTP library would.
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import deque

from server.cancel import shut

PATIENCE_S = 10.0  # what no test needs; a script that waits longer is a mistake


class Exchange:
    """One request and the socket to answer it on."""

    def __init__(self, vendor, sock, method, path, headers, body):
        self.vendor, self.sock = vendor, sock
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.at = time.monotonic()
        self.hung_up = threading.Event()  # the client left, whoever spoke last
        self.hung_up_at = None

    @property
    def json(self):
        return json.loads(self.body)

    # -- what a script says

    def head(self, status=200, content_type="text/event-stream", length=None, **headers):
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {content_type}"]
        # One exchange each, so that who hung up when stays plain.
        headers.setdefault("Connection", "close")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        self.raw("\r\n".join([*lines, framing, "", ""]).encode())

    def chunk(self, data):
        self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.raw(b"0\r\n\r\n")

    def whole(self, status, body, content_type="application/json", **headers):
        self.head(status, content_type, len(body), **headers)
        self.raw(body)

    def raw(self, data):
        self.sock.sendall(data)

    def pause(self, seconds):
        """Pass time, less when the client leaves or the vendor is stopped."""
        self._read_until_gone(time.monotonic() + seconds)

    def wait_for_hang_up(self):
        self._read_until_gone(time.monotonic() + PATIENCE_S)

    def close(self):
        """FIN: what a process that ends does."""
        self.sock.close()

    def reset(self):
        """RST: what a crashed machine or a firewall does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    # -- what the client did

    def _read_until_gone(self, deadline):
        gone = False
        while not (gone or self.hung_up.is_set() or self.vendor.stopped):
            if self.sock.fileno() < 0:
                return  # it was we who left
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                self.sock.settimeout(min(left, 0.1))
                gone = not self.sock.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                gone = True
        if gone:
            self.hung_up_at = time.monotonic()
            self.hung_up.set()
        with contextlib.suppress(OSError):  # closed meanwhile, by another thread of ours
            self.sock.settimeout(PATIENCE_S)


class Vendor:
    def __init__(self, script=None, certificate=None):
        self.exchanges = []
        self.stopped = False
        self._scripts = {None: deque([script])}
        self._changed = threading.Condition()
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._sockets, self._threads = set(), []
        self._accepting = threading.Thread(target=self._accept, name="vendor", daemon=True)
        self._accepting.start()

    @property
    def origin(self):
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def plays(self, *scripts, about=None):
        """Play these, one request each and the last for ever; `about` picks the requests
        by what `subject()` makes of them."""
        self._scripts[about] = deque(scripts)

    def subject(self, exchange):
        """Which requests belong together. A subclass may say: the model."""
        return None

    def wait_for(self, count):
        """The first so many exchanges, once they have come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.exchanges) >= count, PATIENCE_S):
                raise AssertionError(f"{len(self.exchanges)} requests came, not {count}")
            return self.exchanges[:count]

    def settle(self):
        """Once all that a dead client asked has been heard, and nobody speaks any more."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as last:
            last.shutdown(socket.SHUT_WR)
            assert last.recv(1) == b""  # whoever came before was let in before
        for thread in list(self._threads):
            thread.join(PATIENCE_S)

    def stop(self):
        self.stopped = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._sockets):
            shut(sock)
        self._accepting.join(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # -- the server

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # stopped
            thread = threading.Thread(target=self._serve, args=(sock,), name="vendor", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(PATIENCE_S)
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._sockets.add(sock)
            exchange = self._receive(sock)
            if exchange is None:
                return
            with self._changed:
                self.exchanges.append(exchange)
                script = self._next_script(exchange)
                self._changed.notify_all()
            try:
                script(exchange)
            finally:
                exchange.wait_for_hang_up()
        except OSError:
            pass  # the client left mid-word, or the test is over
        finally:
            self._sockets.discard(sock)
            sock.close()

    def _next_script(self, exchange):
        about = self.subject(exchange)
        queue = self._scripts[about if about in self._scripts else None]
        return queue.popleft() if len(queue) > 1 else queue[0]

    def _receive(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunked(sock, body)
        else:
            length = int(headers.get("content-length", 0))
            parts, have = [body], len(body)
            while have < length:
                more = sock.recv(1 << 20)
                if not more:
                    return None
                parts.append(more)
                have += len(more)
            body = b"".join(parts)
        return Exchange(self, sock, method, path, headers, body)

    def _chunked(self, sock, data):
        body = b""
        while True:
            while b"\r\n" not in data:
                data += sock.recv(65536)
            size, _, data = data.partition(b"\r\n")
            size = int(size, 16)
            while len(data) < size + 2:
                data += sock.recv(1 << 20)
            body, data = body + data[:size], data[size + 2 :]
            if size == 0:
                return body


# -- a proxy reached by TLS, and where it may fall silent


def silent_proxy(moment):
    """A script: what such a proxy does until it says no more."""

    def script(exchange):
        if moment == "in the handshake through the tunnel":
            exchange.raw(b"HTTP/1.1 200 OK\r\n\r\n")
        elif moment == "mid-answer":
            exchange.head()
            exchange.chunk(b"[")
        exchange.wait_for_hang_up()

    return script


SILENCES = ("waiting for the tunnel", "in the handshake through the tunnel", "mid-answer")
