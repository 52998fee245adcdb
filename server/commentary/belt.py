"""The bounded queue between two stages.

Many put, many take, one at a time. An ordered belt hands over in order of time, however the
stretches came. `close()` lets everybody go, whichever side they wait on.
"""

import threading


class Belt:
    def __init__(self, size, ordered=False):
        self._size, self._ordered = size, ordered
        self._changed = threading.Condition()
        self._waiting = {}  # index -> stretch
        self._next = 0
        self._ended = self._closed = False

    def put(self, stretch):
        """False when the belt was closed: nobody will take it."""
        index = stretch.window.index
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < self._size)
            if self._closed:
                return False
            self._waiting[index] = stretch
            self._changed.notify_all()
            return True

    def take(self):
        """The earliest there is; None when there will be no more."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._takable() or (self._ended and not self._waiting)
            )
            if self._closed or not self._waiting:
                return None
            index = min(self._waiting)
            self._next = max(self._next, index + 1)
            self._changed.notify_all()
            return self._waiting.pop(index)

    def end(self):
        """No more will be put."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self):
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _takable(self):
        return self._next in self._waiting if self._ordered else bool(self._waiting)
