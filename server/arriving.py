"""gunicorn's threaded worker, in which a request takes a thread only once it is there.

gunicorn hands each new connection to a thread, which then reads: who sends headers byte by
byte, or half a body, holds that thread, and as many such clients as there are threads stop
a server. Here the main loop looks at what has come without taking it, and asks the kernel
to be woken when there is more (SO_RCVLOWAT), so waiting costs nothing. What is too large to
wait for in the socket's buffer is read by the application, under its own deadlines, in
threads of its own number.
"""

import errno
import re
import selectors
import socket
import time
from functools import partial

from gunicorn.workers.gthread import TConn, ThreadWorker

MOST = 32 * 1024  # so much of a request is waited for; larger headers are refused
PATIENCE_S = 10.0  # for all of it, from the connection on
LAST_WORD_S = 2.0  # a refused client may go on sending for so long

LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r$")
IN_PARTS = re.compile(rb"(?im)^(transfer-encoding|expect)[ \t]*:")
NO_LENGTH_HAS = 19  # so many digits

ANSWER = (
    b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Retry-After: 2\r\nConnection: close\r\n\r\n%s"
)
TOO_LONG = (
    b"431 Request Header Fields Too Large",
    b'{"status":"error","code":"bad_request","message":"The headers are larger than 32 KiB."}\n',
)
TOO_SLOW = (
    b"408 Request Timeout",
    b'{"status":"error","code":"bad_request","message":"The request was not there in 10 s."}\n',
)
TOO_MANY = (
    b"503 Service Unavailable",
    b'{"status":"error","code":"busy",'
    b'"message":"Too many bodies are being received; ask again in a moment."}\n',
)


def missing(data):
    """How many bytes there must be before this request is looked at again; 0 when it is
    whole, None when its body is not to be waited for here."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return len(data) + 1
    head = data[: end + 2]
    if IN_PARTS.search(head):
        return 0 if data.endswith(b"\r\n0\r\n\r\n") else None
    length = LENGTH.search(head)
    if length and len(length[1]) >= NO_LENGTH_HAS:
        return None
    whole = end + 4 + (int(length[1]) if length else 0)
    if whole <= len(data):
        return 0
    return whole if whole <= MOST else None


class Arrival(TConn):
    """A connection whose request has not begun."""

    wanted = 1  # bytes, before it is looked at again
    began = 0.0


class Worker(ThreadWorker):
    bodies = 4  # threads that may read one at a time; the rest is for what was waited for

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._reading = set()  # sockets of those bodies

    def accept(self, listener):
        if self.cfg.is_ssl or listener.family == socket.AF_UNIX:
            super().accept(listener)  # nothing can be seen in those; a proxy is before them
            return
        try:
            client_sock, client_addr = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        self._expect(Arrival(self.cfg, client_sock, client_addr, listener.getsockname()))

    def on_client_socket_readable(self, conn, client):
        """One that was served before has something to ask again."""
        if not isinstance(conn, Arrival):
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._expect(conn)

    def _expect(self, conn):
        conn.began, conn.wanted = time.monotonic(), 1
        conn.timeout = conn.began + PATIENCE_S
        self.pending_conns.append(conn)
        look = partial(self._look, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, look)

    def _look(self, conn, client):
        try:
            data = client.recv(MOST, socket.MSG_PEEK)
            # Woken for less than was waited for: it has left. gunicorn knows what then.
            wanted = 0 if len(data) < conn.wanted else missing(data)
            if wanted and wanted > MOST:
                self._refuse(conn, TOO_LONG)
                return
            conn.wanted = wanted or 1
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, conn.wanted)
        except BlockingIOError:
            return
        except OSError:
            wanted = 0
        if wanted:
            return
        if wanted is None:
            if len(self._reading) >= self.bodies:
                self._refuse(conn, TOO_MANY)
                return
            self._reading.add(client)
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        conn.data_ready = True
        self.enqueue_req(conn)

    # -- bodies that a thread reads

    def body_is_here(self, sock):
        """That thread goes on with the request: another may read its body."""
        self.method_queue.defer(self._reading.discard, sock)

    def finish_request(self, conn, fs):
        self._reading.discard(conn.sock)
        super().finish_request(conn, fs)

    # -- and those who are not let in

    def _refuse(self, conn, answer):
        try:
            conn.sock.send(ANSWER % (answer[0], len(answer[1]), answer[1]))
            # Hanging up on bytes that were not read would take the answer back.
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it left
        conn.wanted, conn.timeout = 1, time.monotonic() + LAST_WORD_S
        look = partial(self._see_off, conn)
        self.poller.modify(conn.sock, selectors.EVENT_READ, look)

    def _see_off(self, conn, client):
        try:
            if client.recv(MOST):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._let_go(conn)

    def _let_go(self, conn):
        self.pending_conns.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self):
        now = time.monotonic()
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            if self.alive and conn.wanted > 1:
                self._refuse(conn, TOO_SLOW)
            else:
                self._let_go(conn)

    def arriving(self, within_s):
        """Whether somebody came a moment ago and was not heard yet."""
        youngest = time.monotonic() - within_s
        return any(conn.began > youngest for conn in tuple(self.pending_conns))
