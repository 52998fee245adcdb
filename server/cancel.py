"""A token that hangs up a blocked socket in another thread.

No SDK's `close()` wakes a thread that is blocked in a read; `socket.shutdown()` does,
within a millisecond, also while the vendor has not sent its headers. So whoever opens
a connection hands its socket to the token of the call it serves, and whoever cancels
shuts every such socket down. The token is a latch: a socket that arrives after the
cancel is shut down before it can send anything.
"""

import logging
import socket
import threading
from contextlib import contextmanager

from .errors import Abandoned

log = logging.getLogger(__name__)
_serving = threading.local()


def current():
    """The token of the call this thread is serving, or None."""
    return getattr(_serving, "token", None)


class CancelToken:
    def __init__(self):
        self.reason, self.cancelled = None, False
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._hang_ups = {}
        self._sockets = []

    def cancel(self, reason="cancelled"):
        """Hang up. The first reason stays; cancelling twice is harmless."""
        with self._lock:
            if self.cancelled:
                return
            self.reason, self.cancelled = reason, True
            self._over.set()
            hang_ups, self._hang_ups = list(self._hang_ups.values()), {}
            sockets, self._sockets = self._sockets, []
        for sock in sockets:
            shut(sock)
        for hang_up in hang_ups:
            try:
                hang_up()
            except Exception:  # one that fails must not keep the others connected
                log.exception("a hang-up failed")

    def check(self):
        if self.cancelled:
            raise Abandoned(self.reason)

    def wait(self, seconds):
        """Sleep that a cancel ends. Raises Abandoned when it did."""
        self._over.wait(seconds)
        self.check()

    def on_cancel(self, hang_up):
        """Call `hang_up` at cancel, or now if that has been. Returns how to forget it."""
        handle = object()
        with self._lock:
            if not self.cancelled:
                self._hang_ups[handle] = hang_up
                return lambda: self._hang_ups.pop(handle, None)
        hang_up()
        return lambda: None

    def watch(self, sock):
        """Shut this socket down at cancel. Closed ones are forgotten as others come: a
        call that polls opens many."""
        with self._lock:
            self._sockets = [known for known in self._sockets if known.fileno() >= 0]
            if not self.cancelled:
                self._sockets.append(sock)
                return
        shut(sock)

    @contextmanager
    def serving(self):
        """Within, `current()` in this thread is this token: how an SDK's hooks find it."""
        before = current()
        _serving.token = self
        try:
            yield self
        finally:
            _serving.token = before


def shut(sock):
    try:
        # The plain method: SSLSocket's own also drops the TLS state that the blocked
        # reader is still using.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        pass  # it was closed already
