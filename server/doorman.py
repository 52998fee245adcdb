"""Notices clients that leave while there is nothing to write to them.

gunicorn's gthread worker finds out only when it writes. One thread here watches the
sockets of all open streams and tells at once. It only peeks: bytes a client sends early
stay for gunicorn, and such a client is then left to be found out by the heartbeat.
"""

import logging
import select
import selectors
import socket
import threading

log = logging.getLogger(__name__)


class Visitor:
    """The client of one request."""

    def __init__(self, sock, on_leave):
        self._sock = sock
        self.on_leave = on_leave
        self.gone = False

    def peek(self):
        """Look now. True when the client has closed its side."""
        if self._sock is not None and not self.gone:
            try:
                # Python waits out the socket's own timeout even with MSG_DONTWAIT, so ask first.
                poll = select.poll()
                poll.register(self._sock, select.POLLIN)
                if poll.poll(0):
                    self.gone = socket.socket.recv(self._sock, 1, socket.MSG_PEEK) == b""
            except (BlockingIOError, InterruptedError):
                pass
            except (OSError, ValueError):
                self.gone = True
        return self.gone


class Doorman:
    def __init__(self):
        self._lock = threading.Lock()
        self._selector = None
        self._wake = None

    def admit(self, environ, on_leave):
        """Watch the client of this request. `on_leave()` is called when it is gone."""
        sock = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        visitor = Visitor(sock, on_leave)
        if sock is not None:
            with self._lock:
                self._open()
                if sock in self._selector.get_map():  # left by a socket of the same number
                    self._selector.unregister(sock)
                self._selector.register(sock, selectors.EVENT_READ, visitor)
            self._nudge()
        return visitor

    def dismiss(self, visitor):
        """The response is over; gunicorn may reuse or close the socket."""
        if visitor._sock is not None:
            self._forget(visitor)

    def _forget(self, visitor):
        with self._lock:
            try:
                if self._selector.get_key(visitor._sock).data is visitor:
                    self._selector.unregister(visitor._sock)
            except (KeyError, ValueError):
                pass  # forgotten already

    def _nudge(self):
        """A selector other than epoll looks at new sockets only when it starts anew."""
        try:
            self._wake.send(b".")
        except BlockingIOError:
            pass  # so many nudges that it is awake anyway

    def _open(self):
        if self._selector is None:  # on first use: after a fork, never before
            woken, wake = socket.socketpair()  # first: where no descriptor is left, nothing is open
            wake.setblocking(False)
            woken.setblocking(False)
            selector = selectors.DefaultSelector()
            selector.register(woken, selectors.EVENT_READ, None)
            watch = threading.Thread(
                target=self._watch, args=(selector,), name="doorman", daemon=True
            )
            try:
                watch.start()
            except RuntimeError:  # no thread is to be had; the next one tries again
                for each in (selector, woken, wake):
                    each.close()
                raise
            self._selector, self._wake = selector, wake

    def _watch(self, selector):
        while True:
            for ready, _ in selector.select():
                visitor = ready.data
                if visitor is None:
                    ready.fileobj.recv(4096)
                    continue
                self._forget(visitor)
                try:
                    if visitor.peek():
                        visitor.on_leave()
                except Exception:  # of one visitor; the others still want to be watched
                    log.exception("a client that left could not be told of")
