"""Hangs up on a client that hardly moves, from outside of the thread that waits for it.

gunicorn waits for ever on a client that takes nothing, and its reads return only when
they have all they were asked for, so one that drips a byte at a time is never noticed
from inside. A socket timeout would end the first, with a traceback in gunicorn's log.
"""

from ..cancel import shut


class Crawl:
    def __init__(self, environ, alarms, every_s, least):
        self.moved = 0  # bytes so far, counted by whoever moves them
        self._sock = environ.get("gunicorn.socket")
        self._alarms, self._every_s, self._least = alarms, every_s, least
        self._over = self._sock is None
        self._seen, self._alarm = 0, None
        self._look_later()

    def over(self):
        """All is moved, or given up; the socket may belong to another request now."""
        self._over = True
        if self._alarm:
            self._alarm.cancel()

    def _look_later(self):
        if not self._over:
            self._seen = self.moved
            self._alarm = self._alarms.after(self._every_s, self._look)

    def _look(self):
        if not self._over and self.moved - self._seen < self._least:
            shut(self._sock)
        else:
            self._look_later()
