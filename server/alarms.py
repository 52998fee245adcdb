"""One thread that rings many alarms: every deadline of the process hangs here.

A read timeout is no deadline (a vendor that drips keep-alives resets it for ever), so
deadlines are kept from outside the thread they concern.
"""

import heapq
import itertools
import logging
import threading
import time

log = logging.getLogger(__name__)


class Alarm:
    __slots__ = ("ring",)

    def __init__(self, ring):
        self.ring = ring

    def cancel(self):
        self.ring = None  # also lets go of what it refers to, long before its time


class Alarms:
    def __init__(self, name="alarms"):
        self._name = name
        self._heap = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._thread = None

    def after(self, seconds, ring):
        """Call `ring()` in that many seconds. It must not block."""
        alarm = Alarm(ring)
        due = time.monotonic() + seconds
        with self._changed:
            heapq.heappush(self._heap, (due, next(self._order), alarm))
            if self._thread is None:  # started on first use: after a fork, never before
                thread = threading.Thread(target=self._watch, name=self._name, daemon=True)
                thread.start()  # where that fails, the next one tries again
                self._thread = thread
            elif self._heap[0][2] is alarm:
                self._changed.notify()
        return alarm

    def _watch(self):
        while True:
            with self._changed:
                while not self._heap:
                    self._changed.wait()
                due, _, alarm = self._heap[0]
                left = due - time.monotonic()
                if left > 0 and alarm.ring is not None:
                    self._changed.wait(left)
                    continue
                heapq.heappop(self._heap)
                ring, alarm.ring = alarm.ring, None
            if ring is None:
                continue
            try:
                ring()
            except Exception:
                log.exception("an alarm failed")
