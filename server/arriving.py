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
from contextlib import suppress
from functools import partial

from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import PollableMethodQueue, TConn, ThreadWorker

from . import not_http

MOST = 32 * 1024  # so much of a request is waited for; larger headers are refused
PATIENCE_S = 10.0  # for all of it, from the connection on
LAST_WORD_S = 2.0  # a refused client may go on sending for so long
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
NO_ROOM_S = 1.0  # so long nobody is let in after one of these

HEAD_ENDS = b"\r\n\r\n"
LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r$")
IN_PARTS = re.compile(rb"(?im)^transfer-encoding[ \t]*:")
ASKS_FIRST = re.compile(rb"(?im)^expect[ \t]*:")
NO_LENGTH_HAS = 19  # so many digits

ANSWER = (
    b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Retry-After: 2\r\nConnection: close\r\n\r\n%s"
)
TOO_LONG = (
    b"431 Request Header Fields Too Large",
    b'{"status":"error","code":"bad_request","message":"Address and headers are over 32 KiB."}\n',
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
STOPPING = (
    b"503 Service Unavailable",
    b'{"status":"error","code":"busy","message":"The server is restarting; ask again."}\n',
)


def missing(data):
    """How many bytes there must be before this request is looked at again; 0 when it is
    whole, None when its body is not to be waited for here."""
    end = data.find(HEAD_ENDS)
    if end < 0:
        return len(data) + 1
    head = data[: end + 2]
    if IN_PARTS.search(head):
        return 0 if data.endswith(b"\r\n0\r\n\r\n") else None
    length = LENGTH.search(head)
    if length and (len(length[1]) >= NO_LENGTH_HAS or ASKS_FIRST.search(head)):
        return None
    whole = end + 4 + (int(length[1]) if length else 0)
    if whole <= len(data):
        return 0
    return whole if whole <= MOST else None


class Arrival(TConn):
    """A connection whose request has not begun."""

    seen = True  # what comes can be looked at
    wanted = 1  # bytes, before it is looked at again
    began = 0.0

    def held(self):
        """What came together with the request before this one: gunicorn's parser has it."""
        return self.parser.unreader.buf.getvalue() if self.parser and not self.is_http2 else b""


class Errands(PollableMethodQueue):
    def close(self):
        """Not before the process ends: a thread that still has an errand then would write
        into whatever file was given the number of this pipe."""


class Worker(ThreadWorker):
    bodies = 4  # threads that may read one at a time; the rest is for what was waited for

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.method_queue = Errands()
        self.refused = lambda status: None  # who counts those that are turned away here
        self._reading = set()  # sockets of those bodies
        self._no_room_until = 0.0

    def accept(self, listener):
        try:
            client_sock, client_addr = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM:
                self._wait_for_room(error)
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = Arrival(self.cfg, client_sock, client_addr, listener.getsockname())
        # Nothing can be seen in these; a proxy is before them.
        conn.seen = not self.cfg.is_ssl and listener.family != socket.AF_UNIX
        if conn.seen:
            self._expect(conn)
        else:
            self.enqueue_req(conn)

    def _wait_for_room(self, error):
        """gunicorn would end this worker, and every stream with it."""
        self.log.error("Nobody more can be let in for now: %s", error.strerror)
        self._no_room_until = time.monotonic() + NO_ROOM_S
        self.set_accept_enabled(False)

    def set_accept_enabled(self, enabled):
        super().set_accept_enabled(enabled and time.monotonic() >= self._no_room_until)

    def on_client_socket_readable(self, conn, client):
        """One that was served before has something to ask again."""
        if not conn.seen:
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._expect(conn)
        self._look(conn, client)

    def _expect(self, conn):
        conn.began, conn.wanted = time.monotonic(), 1
        conn.timeout = conn.began + PATIENCE_S
        self.pending_conns.append(conn)
        look = partial(self._look, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, look)

    def _look(self, conn, client):
        try:
            came = client.recv(MOST, socket.MSG_PEEK)
            no_more = len(came) < conn.wanted  # it has left, or the system has no room for it
        except BlockingIOError:
            came, no_more = b"", False
        except OSError:
            self._let_go(conn)
            return
        held = conn.held()
        wanted = missing(held + came)
        if wanted and wanted > MOST:
            self._refuse(conn, TOO_LONG)
        elif wanted and no_more and HEAD_ENDS not in held + came:
            self._let_go(conn)  # a thread could wait for ever for the end of these headers
        elif wanted and not no_more:
            conn.wanted = wanted - len(held)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, conn.wanted)
        elif wanted == 0:
            self._hand_over(conn)
        elif len(self._reading) >= self.bodies:
            self._refuse(conn, TOO_MANY)
        else:
            self._reading.add(client)
            self._hand_over(conn)

    def _hand_over(self, conn):
        if conn.wanted > 1:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        self.poller.unregister(conn.sock)
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
        if self.keepalived_conns and self.keepalived_conns[-1] is conn and conn.held():
            # It asked again before it was answered; its socket may have nothing more to tell.
            self.on_client_socket_readable(conn, conn.sock)

    # -- and those who are not let in

    def handle_error(self, req, client, addr, exc):
        status = not_http.status_of(exc)
        if status is None:
            super().handle_error(req, client, addr, exc)
            return
        self.refused(int(status[:3]))
        self.log.info("A request could not be read: %s", type(exc).__name__)
        with suppress(OSError):  # it left
            write_nonblock(client, not_http.answer(status, exc))

    def _refuse(self, conn, answer):
        self.refused(int(answer[0][:3]))
        try:
            conn.sock.send(ANSWER % (answer[0], len(answer[1]), answer[1]))
            # Hanging up on bytes that were not read would take the answer back.
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it left
        conn.wanted = 1
        conn.timeout = time.monotonic() + (LAST_WORD_S if self.alive else LAST_WORD_S / 10)
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
            if conn.wanted > 1:
                self._refuse(conn, TOO_SLOW if self.alive else STOPPING)
            else:
                self._let_go(conn)

    def arriving(self, within_s):
        """Whether somebody came a moment ago and was not heard yet."""
        youngest = time.monotonic() - within_s
        return any(conn.began > youngest for conn in tuple(self.pending_conns))
