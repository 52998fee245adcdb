"""A counted door: so many at a time, the next is told to come back, nobody queues."""

import threading
import time

from .errors import TooBusy


class Gate:
    def __init__(self, size, what):
        self.size, self._what = size, what
        self._lock = threading.Lock()
        self.inside = 0
        self._moved_at = time.monotonic()

    def enter(self):
        """Returns how to leave; leaving twice is harmless."""
        with self._lock:
            if self.inside >= self.size:
                raise TooBusy(
                    f"{self.size} {self._what} are open, which is the limit; "
                    "ask again in a moment.",
                    retry_after=2,
                )
            self.inside += 1
        self.moved()
        return self._leaver()

    def moved(self):
        """One of those inside got on with what it does."""
        self._moved_at = time.monotonic()

    def stalled(self, seconds):
        """Whether it is full, and has been without a movement for so long."""
        return self.inside >= self.size and time.monotonic() - self._moved_at > seconds

    def _leaver(self):
        left = []

        def leave():
            with self._lock:
                if not left:
                    left.append(True)
                    self.inside -= 1
            self.moved()

        return leave
