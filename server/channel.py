"""A bounded queue.Queue either side may walk away from.

Workers `put` and wait when it is full; the one reader takes all that is there at once.
`close()` lets every waiting worker go: a reader that left can never leave workers
stuck in a full queue. (A plain Queue with a blocking put deadlocks there.)

A reader at work is not woken: it looks again before it sleeps. So the bell is rung once
per sleep and not once per piece, and after the mutex is let go, or the reader would wake
only to wait for that.
"""

import queue
import threading


class Channel(queue.Queue):
    def __init__(self, maxsize=1024):
        super().__init__(maxsize)
        self._closed = False
        self._poked = False
        self._asleep = False
        self._bell = threading.Lock()
        self._bell.acquire()

    def get(self, block=True, timeout=None):
        raise NotImplementedError("whoever reads here takes all there is: take()")

    def put(self, item, block=True, timeout=None):
        """Queue's own, but false at once when the reader has gone for good."""
        with self.mutex:
            if self._closed or len(self.queue) >= self.maxsize:
                room = lambda: self._closed or len(self.queue) < self.maxsize  # noqa: E731
                self.not_full.wait_for(room, timeout)
                if self._closed:
                    return False
            self.queue.append(item)
            ring, self._asleep = self._asleep, False
        if ring:
            self._bell.release()
        return True

    def put_urgent(self, item):
        """Never waits, full or not: for the few words that end things."""
        with self.mutex:
            self.queue.append(item)
        self._wake()

    def take(self, timeout):
        """All that is there, waiting for the first; empty after the time, or a poke."""
        with self.mutex:
            self._asleep = not self.queue and not self._poked and timeout > 0
            if not self._asleep:
                return self._all()
        if not self._bell.acquire(timeout=timeout):
            with self.mutex:
                rung, self._asleep = not self._asleep, False
            if rung:  # at this very moment; or it would ring for the next sleep
                self._bell.acquire()
        with self.mutex:
            return self._all()

    def there(self):
        """All that is there now. A poke is left for who waits."""
        with self.mutex:
            return self._items()

    def _all(self):
        self._poked = False
        return self._items()

    def _items(self):
        items = list(self.queue)
        self.queue.clear()
        if len(items) >= self.maxsize:
            self.not_full.notify_all()
        return items

    def poke(self):
        """Wake the reader with nothing, so that it looks around."""
        with self.mutex:
            self._poked = True
        self._wake()

    def close(self):
        with self.mutex:
            self._closed = True
            self.not_full.notify_all()
        self._wake()

    def _wake(self):
        with self.mutex:
            ring, self._asleep = self._asleep, False
        if ring:
            self._bell.release()
