"""The journal of a run that is served by another process, or was: read from the store."""

import time

from . import StoreError

AGAIN_S = 0.5  # after a failure of the store
MISSED_S = 3.0  # in which a run comes back that a store has lost
POKED_EVERY_S = 2.0  # how often its process is told that somebody reads


class StoredJournal:
    """What `journal.Journal` promises its readers."""

    def __init__(self, store, kept, attend):
        """`attend()` tells the process that serves the run that somebody follows it."""
        self._store, self._attend = store, attend
        self._id = kept.id
        self.length, self.closed = kept.length, kept.ended
        self.forgotten = False  # its time was over before all of it was read
        self._missed_at = None
        self._attended_at = 0.0

    def place(self, last_id):
        """Where a reader goes on who says that it has read so far: there. It may come from
        the process that serves the run, which is a moment ahead of what it has written."""
        return last_id

    def after(self, last_id):
        try:
            return self._store.frames(self._id, last_id)
        except StoreError:
            # Not the end, whatever was known: `wait` asks again.
            self.closed, self.length = False, min(self.length, last_id)
            time.sleep(AGAIN_S)
            return []

    def wait(self, last_id, timeout, gone=lambda: False):
        """Until there is a message after that id, or no more can come, or `gone()`."""
        deadline = time.monotonic() + timeout
        while not (self.closed or gone()):
            left = deadline - time.monotonic()
            try:
                self._look()
                if self.length > last_id or self.closed or left <= 0:
                    return
                self._store.wait(self._id, last_id, left)
            except StoreError:
                if left <= 0:
                    return
                time.sleep(min(left, AGAIN_S))

    def poke(self):
        """Whoever waits looks around often anyway."""

    def _look(self):
        known = self._store.progress(self._id)
        now = time.monotonic()
        if known is None:
            self._missed_at = self._missed_at or now
            self.closed = self.forgotten = now > self._missed_at + MISSED_S
            return
        self._missed_at = None
        self.length, self.closed = known[0], bool(known[1])
        if not self.closed and now >= self._attended_at + POKED_EVERY_S:
            self._attended_at = now
            self._attend()
