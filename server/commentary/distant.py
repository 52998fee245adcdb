"""A commentary that a worker makes, as servers see it: read from the store, and stopped there."""

from typing import Any

from ..events import Commentary
from ..runs import Run
from ..stores.following import StoredJournal
from .shelved import told_in, told_of


class DistantRun(Run):
    kind = Commentary.kind
    lanes: dict = {}
    farewell = b""
    elsewhere = True

    def __init__(self, services, kept, session):
        super().__init__(services)
        self.id, self.state, self.created = kept.id, kept.state, kept.created
        self._session, self._desk = session, services.commentaries
        self._video = kept.asked["video"]
        self.journal: Any = StoredJournal(self._desk.leases, kept, lambda: None)

    def detach(self):
        with self._lock:
            self._readers -= 1

    def latest(self):
        kept = self._desk.leases.run(self.id)
        return DistantRun(self.services, kept, self._session) if kept else self

    def cancel(self, error):
        self._desk.cancel(self.id, error.message)

    def headline(self):
        return {**super().headline(), "video": self._video}

    def summary(self):
        frames = []
        while more := self._desk.leases.frames(self.id, len(frames)):
            frames += more
        told = {**told_of(self._session), "events": told_in(frames)}
        return {**super().summary(), **told}
