"""When the reader must speak although nothing came."""

import time

WAITING_EVERY_S = 2.0  # how often a silent model is said to be waited for


class Ticks:
    def __init__(self, heartbeat_s):
        self._heartbeat_s = heartbeat_s
        self.wrote_at = self._waited = time.monotonic()

    def wait(self, now, anyone_awaited):
        """Seconds until it must."""
        due = self.wrote_at + self._heartbeat_s
        if anyone_awaited:
            due = min(due, self._waited + WAITING_EVERY_S)
        return max(0.0, due - now)

    def wrote(self):
        self.wrote_at = time.monotonic()

    def waiting_due(self):
        now = time.monotonic()
        if now < self._waited + WAITING_EVERY_S:
            return False
        self._waited = now
        return True
