"""A bounded queue.Queue either side may walk away from.

Workers `put` and wait when it is full; the reader takes all that is there at once.
`close()` lets every waiting worker go: a reader that left can never leave workers
stuck in a full queue. (A plain Queue with a blocking put deadlocks there.)
"""

import queue
import time


class Channel(queue.Queue):
    def __init__(self, maxsize=1024):
        super().__init__(maxsize)
        self._closed = False
        self._poked = False

    def put(self, item, block=True, timeout=None):
        """Queue's own, but false at once when the reader has gone for good."""
        with self.not_full:
            self.not_full.wait_for(lambda: self._closed or self._qsize() < self.maxsize, timeout)
            if self._closed:
                return False
            self._put(item)
            self.not_empty.notify()
            return True

    def put_urgent(self, item):
        """Never waits, full or not: for the few words that end things."""
        with self.mutex:
            self._put(item)
            self.not_empty.notify()

    def take(self, timeout):
        """All that is there, waiting for the first; empty after the time, or a poke."""
        deadline = time.monotonic() + timeout
        with self.not_empty:
            while not self.queue and not self._poked:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self.not_empty.wait(left)
            self._poked = False
            items = list(self.queue)
            self.queue.clear()
            if items:
                self.not_full.notify_all()
            return items

    def poke(self):
        """Wake the reader with nothing, so that it looks around."""
        with self.mutex:
            self._poked = True
            self.not_empty.notify()

    def close(self):
        with self.mutex:
            self._closed = True
            self.not_full.notify_all()
            self.not_empty.notify_all()
