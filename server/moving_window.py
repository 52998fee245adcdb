"""Moving windows: who came how often within the last so many seconds.

The rate limits' library has them too. But there each visit begins a thread that looks through
all visitors, so that a visit costs the more, the more have come.
"""

import threading
from collections import OrderedDict, deque


class MovingWindow:
    def __init__(self, amount, seconds):
        self._amount, self._seconds = amount, seconds
        self._lock = threading.Lock()
        self._visits = OrderedDict()  # who -> when; who has not come for longest is first

    def visit(self, who, now):
        """None, and it counts; or, where there were as many, the seconds until there is room."""
        begin = now - self._seconds
        with self._lock:
            self._forget(begin)
            visits = self._visits.setdefault(who, deque())
            while visits and visits[0] <= begin:
                visits.popleft()
            if len(visits) >= self._amount:
                return visits[0] - begin
            visits.append(now)
            self._visits.move_to_end(who)
            return None

    def __len__(self):
        return len(self._visits)

    def _forget(self, begin):
        while self._visits:
            who, visits = next(iter(self._visits.items()))
            if visits[-1] > begin:
                return
            del self._visits[who]
