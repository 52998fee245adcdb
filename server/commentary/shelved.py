"""A commentary nobody works on: finished, or left off by a server that died.

What was told is on disk and can be read again, by its id; nothing here costs anything.
"""

from .. import sse
from ..errors import NotFound, RunNotFound
from ..events import Commentary
from ..runs import Run

STATES = {"complete": "complete", "error": "failed", "cancelled": "cancelled"}


class ShelvedRuns:
    """Where commentaries are found again that are on disk."""

    def __init__(self, services):
        self._services, self._sessions = services, services.commentaries.sessions

    def find(self, id):
        try:
            session = self._sessions.find(id)
        except NotFound:
            raise RunNotFound() from None
        if not session.told():
            raise RunNotFound()  # it died before its first word
        return Shelved(self._services, session)

    def newest(self, limit, before=None):
        """Newest first; those older than `before`, a (time, id)."""
        found = []
        for session in self._sessions.newest(before):
            if len(found) == limit:
                break
            try:
                found.append(self.find(session.id))
            except RunNotFound:
                pass  # it has told nothing yet, or was swept this instant
        return found


class Shelved(Run):
    kind = Commentary.kind
    lanes: dict = {}
    farewell = b""

    def __init__(self, services, session):
        super().__init__(services)
        history = session.told()
        self.id, self._session = session.id, session
        self.created = session.created
        self.state = STATES.get(history[-1]["type"], "interrupted")
        self.journal.extend(numbered(history))
        self.journal.close()

    def detach(self):
        with self._lock:
            self._readers -= 1

    def cancel(self, error):
        """It shall not be gone on with."""
        sessions = self.services.commentaries.sessions
        if self.state == "interrupted" and not sessions.at_work(self._session):
            self._session.mend()
            self._session.tell([Commentary.cancelled(error.message)])
            self.state = "cancelled"

    def headline(self):
        asked = self._session.kept("job.json") or {}
        return {**super().headline(), "video": asked.get("video")}

    def summary(self):
        return {**super().summary(), **told_of(self._session)}


def numbered(events):
    return [sse.encode(number, event) for number, event in enumerate(events, 1)]


def told_in(frames):
    """The events in those messages."""
    return [sse.decode(frame) for frame in frames]


def told_of(session):
    """What a summary says of a commentary."""
    asked = session.kept("job.json") or {}
    return {
        "video": asked.get("video"),
        "options": asked.get("options"),
        "models": {},
        "events": session.told(),
    }
