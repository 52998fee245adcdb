"""The desk of a server whose commentaries are made by workers, on this machine or others.

Server and workers share a DATA_DIR, and a Redis: in it who works on what (`stores/leases.py`),
what is told, and the line of those who wait (`crew.py`).
"""

import secrets
import time
from contextlib import contextmanager, suppress

from ..errors import TooBusy
from ..events import Commentary
from ..stores import StoreError
from ..stores.leases import LEASE_S, LeaseLost, Leases
from .caretaker import Caretaker
from .crew import Crew
from .desk import MAX_WAITING, Desk, key_of, unwritable
from .distant import DistantRun
from .pen import Pen

ID_BYTES = 18  # as of every run


class Dispatch(Desk):
    def __init__(self, settings):
        super().__init__(settings)
        self.leases, self.crew = Leases(settings), Crew(settings.redis_url)
        self.sessions.busy = self._busy
        self.caretaker = Caretaker(self)

    def open(self, metrics=None):
        self.caretaker.start()
        if metrics:
            self.caretaker.watched_by(metrics)

    def close(self):
        self.caretaker.stop()

    @property
    def working(self):
        return self.caretaker.working

    @property
    def waiting(self):
        return self.caretaker.waiting

    def commentary(self, services, film, options, fresh=False, identity=(None, None)):
        self._stay_tidy(services.alarms)
        key = key_of(film, options)
        with self.leases.asking(key):
            session = self.sessions.answering(key)
            kept = session and self.leases.run(session.id)
            # A browser that reconnects early repeats its `new=1`: that is made already.
            if kept and not kept.ended and kept.asked["fresh"] >= fresh:
                return self.distant(services, kept), False
            if fresh or (session and session.ended and not session.complete(film.stem)):
                session = None  # afresh, or once more
            if session and session.ended:
                return services.runs.get(session.id), False
            self._check_line()
            return self._begun(services, film, options, session, key, fresh, identity)

    def _begun(self, services, film, options, session, key, fresh, identity):
        if services.runs.draining:
            raise TooBusy("The server is restarting; ask again.", retry_after=2)
        session = session or self.sessions.open(secrets.token_urlsafe(ID_BYTES))
        idempotency, fingerprint = identity
        if idempotency is not None:
            claim = services.ledger.claim(idempotency, fingerprint, session.id)
            if claim[1] != session.id:
                return services.runs.made_by(*identity), False
        asked = {
            "video": film.video.name,
            "digest": film.video.digest,
            "options": options.as_dict(),
            "salt": session.id if fresh else "",
            "created": time.time(),
            "fresh": fresh,
        }
        try:
            session.make()
            asked["salt"] = (session.kept("job.json") or asked)["salt"]
            session.keep("job.json", asked)
            self.sessions.answers(key, session)
            self._begin(session, film, asked)
        except OSError:
            raise unwritable() from None
        self.crew.ask(session.id, 1)
        return self.distant(services, self.leases.run(session.id)), False

    def _begin(self, session, film, asked):
        self.leases.begin(session.id, Commentary.kind, asked["created"], asked)
        with self.pen(session.id, LEASE_S) as pen:
            if pen is None:
                raise TooBusy("This commentary is just being ended; ask again.", retry_after=2)
            going_on = "Going on with" if pen.history else "Looking at"
            ids = {"run_id": session.id, "session": session.id}
            message = f"{going_on} {film.stem}."
            pen.tell([Commentary.status("prepare", message, pen.progress, **ids)])

    def distant(self, services, kept):
        return DistantRun(services, kept, self.sessions.open(kept.id))

    def cancel(self, id, message):
        """Whoever works on it is told; if nobody does, it is over. (Where somebody just tells
        of its place in the line, a caretaker sees to it.)"""
        number = self.leases.working().get(id)
        if number is None:
            return
        self.leases.cancel(id, message)
        self.crew.dismiss(id, number)
        with suppress(LeaseLost), self.pen(id) as pen:
            if pen:
                pen.tell([Commentary.cancelled(message)], "cancelled")

    def _busy(self, id):
        try:
            return self.leases.live(id)
        except StoreError:
            return True  # nobody knows

    @contextmanager
    def pen(self, id, patience_s=0.0):
        """The Pen of that commentary, or None: another process has it, or it has ended."""
        lease = self.leases.take(id, patience_s)
        if lease is None:
            yield None
            return
        pen = None
        try:
            pen = Pen(self.sessions.open(id), lease)
            yield None if pen.ended else pen
        finally:
            (pen or lease).drop()

    def _check_line(self):
        waiting = len(self.crew.waiting())
        if waiting >= MAX_WAITING:
            raise TooBusy(
                f"{waiting} commentaries wait for a worker, which is the limit; "
                "ask again in a minute.",
                retry_after=60,
            )
