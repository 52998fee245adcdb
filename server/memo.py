"""What was worked out about a file once, kept for as long as the file stays as it is.

Probing and hashing are dear, so two who ask at once do it once: the second waits for
the first. Failures are kept only briefly, for they may be the machine's and not the file's.
"""

import threading
import time
from collections import OrderedDict

from .errors import ServerError

MAX_ENTRIES = 4096
FAILURE_KEPT_S = 30.0


class Entry:
    def __init__(self):
        self.lock = threading.Lock()
        self.known = False
        self.value = None
        self.failure = None
        self.failed_at = 0.0


class Memo:
    def __init__(self):
        self._lock = threading.Lock()
        self._entries = OrderedDict()

    def get(self, key, work):
        """What `work()` gave for this key. Its ServerError is raised again for a while."""
        with self._lock:
            entry = self._entries.setdefault(key, Entry())
            self._entries.move_to_end(key)
            if len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)
        with entry.lock:
            if entry.known:
                return entry.value
            if failed_lately(entry):
                raise entry.failure.with_traceback(None)
            try:
                entry.value, entry.known = work(), True
            except ServerError as error:
                entry.failure, entry.failed_at = error, time.monotonic()
                raise
            return entry.value

    def put(self, key, value):
        self.get(key, lambda: value)

    def begun(self, key):
        """Whether it is known, or being worked out."""
        with self._lock:
            entry = self._entries.get(key)
        return entry is not None and (entry.known or entry.lock.locked())

    def known(self, key):
        """Whether `get` would answer at once."""
        with self._lock:
            entry = self._entries.get(key)
        return entry is not None and (entry.known or failed_lately(entry))


def failed_lately(entry):
    return entry.failure is not None and time.monotonic() < entry.failed_at + FAILURE_KEPT_S
