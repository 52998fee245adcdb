"""id -> Run: who is served, who may come in, who is forgotten.

A run outlives its reader: when the last one leaves, it waits `DISCONNECT_GRACE_S` for
somebody to come back and is then cancelled. An ended run is remembered for
`RUN_RETENTION_S`, as long as all of them fit in MAX_KEPT_BYTES.
"""

import secrets
import threading
import time
from collections import OrderedDict

from . import sse
from .errors import Conflict, ProviderError, RunNotFound, TooBusy
from .journal import Journal

MAX_KEPT = 400
MAX_KEPT_BYTES = 32 * 1024 * 1024


class Run:
    """One request being served. Subclasses do the work; this knows who is reading."""

    kind = "run"
    farewell = sse.DONE  # what ends its streams, behind the last message

    def __init__(self, services):
        self.id = secrets.token_urlsafe(18)
        self.created = time.time()
        self.state = "waiting"  # then working, then complete, cancelled or failed
        self.journal = Journal()
        self.services = services
        self.key = None  # the Idempotency-Key it was started with
        self._readers = 0
        self._lock = threading.Lock()
        self._grace = None

    @property
    def ended(self):
        return self.state in ("complete", "cancelled", "failed")

    def attach(self):
        with self._lock:
            self._readers += 1
            if self._grace:
                self._grace.cancel()
                self._grace = None

    def detach(self):
        """A reader left. The last one to leave starts the grace period."""
        with self._lock:
            self._readers -= 1
            if self._readers or self.ended:
                return
            seconds = self.services.settings.disconnect_grace_s
            if seconds:
                self._grace = self.services.alarms.after(seconds, self._unread)
                return
        self._unread()

    def _unread(self):
        with self._lock:
            if self._readers:
                return
        self.cancel(ProviderError("cancelled", "Nobody was reading any more."))

    def cancel(self, error):
        raise NotImplementedError

    def interrupt(self, error):
        """The server is stopping."""
        self.cancel(error)

    def size(self):
        return self.journal.size

    def summary(self):
        return {
            "run_id": self.id,
            "kind": self.kind,
            "state": self.state,
            "created": self.created,
            "last_event_id": self.journal.length,
        }


class Runs:
    def __init__(self, settings, elsewhere=None):
        """`elsewhere(id)`: a run that is not in memory, or RunNotFound."""
        self._settings, self._elsewhere = settings, elsewhere
        self._lock = threading.Lock()
        self._live = {}
        self._ended = OrderedDict()  # id -> (run, when it ended), oldest first
        self._kept_bytes = 0
        self._by_key = {}  # idempotency key -> (fingerprint, run)
        self.draining = False

    def admit(self, make, key=None, fingerprint=None):
        """(run, True) with a new run, or (run, False) with the one this key made before."""
        with self._lock:
            self._forget_old()
            if run := self._made_by(key, fingerprint):
                return run, False
            if self.draining:
                raise TooBusy("The server is restarting; ask again.", retry_after=2)
            if len(self._live) >= self._settings.max_runs:
                raise TooBusy(
                    f"{len(self._live)} runs are being served, which is the limit; "
                    "ask again in a moment.",
                    retry_after=5,
                )
            run = make()
            self._live[run.id] = run
            if key is not None:
                run.key = key
                self._by_key[key] = (fingerprint, run)
            return run, True

    def made_by(self, key, fingerprint):
        """The run this key made before, or None."""
        with self._lock:
            self._forget_old()
            return self._made_by(key, fingerprint)

    def _made_by(self, key, fingerprint):
        known, run = self._by_key.get(key, (None, None))
        if run is not None and known != fingerprint:
            raise Conflict("This Idempotency-Key was used with another request.")
        return run

    def end(self, run):
        """The run is over: keep its journal for a while, give its place to another."""
        with self._lock:
            if self._live.pop(run.id, None) is None:
                return
            self._ended[run.id] = (run, time.monotonic())
            self._kept_bytes += run.size()
            self._forget_old()

    def forget(self, run):
        """It never began: as if it had not been."""
        with self._lock:
            self._live.pop(run.id, None)
            self._by_key.pop(run.key, None)

    def get(self, run_id):
        with self._lock:
            self._forget_old()
            if run := self._live.get(run_id):
                return run
            if entry := self._ended.get(run_id):
                return entry[0]
        if self._elsewhere is None:
            raise RunNotFound()
        return self._elsewhere(run_id)

    def live(self):
        with self._lock:
            return list(self._live.values())

    def kept(self):
        with self._lock:
            return len(self._ended)

    def drain(self):
        """The server is stopping: nothing new, and what runs ends properly."""
        self.draining = True
        error = ProviderError("cancelled", "The server is restarting; ask again.", retryable=True)
        for run in self.live():
            run.interrupt(error)

    def _forget_old(self):
        oldest = time.monotonic() - self._settings.run_retention_s
        while self._ended:
            run, ended = next(iter(self._ended.values()))
            crowded = len(self._ended) > MAX_KEPT or self._kept_bytes > MAX_KEPT_BYTES
            if ended > oldest and not crowded:
                return
            del self._ended[run.id]
            self._kept_bytes -= run.size()
            self._by_key.pop(run.key, None)
