"""One after the other, in the order in which they came: what a plain lock does not promise."""

import threading
from collections import deque


class InTurn:
    def __init__(self):
        self._lock = threading.Lock()
        self._waiting = deque()  # a lock for each, opened when it is its turn
        self._taken = False

    def __enter__(self):
        with self._lock:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()

    def __exit__(self, *_):
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()  # it stays taken: nobody gets in between
            else:
                self._taken = False
