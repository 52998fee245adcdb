"""The journal of a run that is served by another process, or was: read from the store."""

import time

POKED_EVERY_S = 2.0  # how often its process is told that somebody reads


class StoredJournal:
    """What `journal.Journal` promises its readers."""

    def __init__(self, store, kept, attend):
        """`attend()` tells the process that serves the run that somebody follows it."""
        self._store, self._attend = store, attend
        self._id = kept.id
        self.length, self.closed = kept.length, kept.ended
        self._attended_at = 0.0

    @property
    def behind(self):
        return not self.closed

    def after(self, last_id):
        return self._store.frames(self._id, last_id)

    def wait(self, last_id, timeout, gone=lambda: False):
        """Until there is a message after that id, or no more can come, or `gone()`."""
        deadline = time.monotonic() + timeout
        while not (self.closed or gone()):
            self._look()
            if self.length > last_id or self.closed:
                return
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self._store.wait(self._id, last_id, left)

    def poke(self):
        """Whoever waits looks around often anyway."""

    def _look(self):
        kept = self._store.run(self._id)
        if kept is None:  # forgotten meanwhile
            self.closed = True
            return
        self.length, self.closed = kept.length, kept.ended
        now = time.monotonic()
        if not self.closed and now >= self._attended_at + POKED_EVERY_S:
            self._attended_at = now
            self._attend()
