"""A commentary nobody works on: finished, or left off by a server that died.

What was told is on disk and can be read again, by its id; nothing here costs anything.
"""

import json

from .. import sse
from ..events import Commentary
from ..runs import Run

STATES = {"complete": "complete", "error": "failed", "cancelled": "cancelled"}


class Shelved(Run):
    kind = Commentary.kind
    lanes: dict = {}
    farewell = b""

    def __init__(self, services, session):
        super().__init__(services)
        history = session.told()
        self.id, self._session = session.id, session
        self.created = (session.kept("job.json") or {}).get("created", self.created)
        self.state = STATES.get(history[-1]["type"], "interrupted")
        self.journal.extend(numbered(history))
        self.journal.close()

    def detach(self):
        with self._lock:
            self._readers -= 1

    def cancel(self, error):
        """It shall not be gone on with."""
        if self.state == "interrupted" and not self._session.is_being_made():
            self._session.mend()
            self._session.tell([Commentary.cancelled(error.message)])
            self.state = "cancelled"

    def summary(self):
        return {**super().summary(), **told_of(self._session)}


def numbered(events):
    return [sse.encode(number, event) for number, event in enumerate(events, 1)]


def told_in(frames):
    """The events in those messages."""
    return [json.loads(frame.partition(b"data: ")[2]) for frame in frames]


def told_of(session):
    """What a summary says of a commentary."""
    asked = session.kept("job.json") or {}
    return {
        "video": asked.get("video"),
        "options": asked.get("options"),
        "models": {},
        "events": session.told(),
    }
