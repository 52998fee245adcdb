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

ATTENDED_S = 10.0  # a reader in another process says every few seconds that it is there
WRITTEN_S = 0.06  # from a run's beginning in another process to its being written down,
LOOKS = 5  # unless that process, or its machine, is busy
CLAIMED_S = 2.0  # from a key being claimed to its run being known to all processes
MAX_KEPT = 400
MAX_KEPT_BYTES = 32 * 1024 * 1024


class Run:
    """One request being served. Subclasses do the work; this knows who is reading."""

    kind = "run"
    farewell = sse.DONE  # what ends its streams, behind the last message
    remembered = False  # whether the ledger writes it down
    elsewhere = False  # whether it goes on without this process

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
        self._attended_until = 0.0

    @property
    def ended(self):
        return self.state in ("complete", "cancelled", "failed")

    def attended(self):
        """Somebody reads it in another process."""
        self._attended_until = time.monotonic() + ATTENDED_S

    def attach(self, enter=lambda: None):
        """A reader comes in by `enter()`, in one step: whoever would take the run back sees
        either both, its place and it, or neither. Returns what `enter` does."""
        with self._lock:
            place = enter()
            self._readers += 1
            if self._grace:
                self._grace.cancel()
                self._grace = None
        return place

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
            attended_s = self._attended_until - time.monotonic()
            if attended_s > 0 and not self.ended:
                self._grace = self.services.alarms.after(attended_s, self._unread)
                return
        self.cancel(ProviderError("cancelled", "Nobody was reading any more."))

    def latest(self):
        """The same run as it is by now; another object where it is read from a store."""
        return self

    def cancel(self, error):
        raise NotImplementedError

    def asked(self):
        """What the ledger keeps of its question."""
        raise NotImplementedError

    def interrupt(self, error):
        """The server is stopping."""
        self.cancel(error)

    def size(self):
        return self.journal.size

    def headline(self):
        """What a list of runs says of this one."""
        return {
            "run_id": self.id,
            "kind": self.kind,
            "state": self.state,
            "created": self.created,
        }

    def summary(self):
        return {**Run.headline(self), "last_event_id": self.journal.length}


class Runs:
    def __init__(self, settings, ledger, stored, shelved):
        """`ledger` writes runs down, and `stored` finds those again that are not in memory;
        `shelved` finds commentaries, which keep themselves: its `find` raises RunNotFound."""
        self._settings, self._ledger = settings, ledger
        self._stored, self._shelved = stored, shelved
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
        if key is not None and (first := self._claimed_elsewhere(run, fingerprint)):
            return first, False
        if run.remembered:
            self._ledger.begin(run, run.asked())
        return run, True

    def made_by(self, key, fingerprint):
        """The run this key made before, here or in another process, or None."""
        with self._lock:
            self._forget_old()
            if run := self._made_by(key, fingerprint):
                return run
        claim = key and self._ledger.claimed(key)
        return claim and self._first(claim, fingerprint)

    def _made_by(self, key, fingerprint):
        known, run = self._by_key.get(key, (fingerprint, None))
        check_same(known, fingerprint)
        return run

    def _claimed_elsewhere(self, run, fingerprint):
        """The run that another process made with this run's key, a moment ago; ours is
        taken back then."""
        try:
            claim = self._ledger.claim(run.key, fingerprint, run.id)
            if claim[1] == run.id:
                return None
            self.forget(run)
            return self._first(claim, fingerprint)
        except BaseException:
            self.forget(run)
            raise

    def _first(self, claim, fingerprint):
        known, run_id = claim
        check_same(known, fingerprint)
        deadline = time.monotonic() + CLAIMED_S
        while True:
            try:
                return self.get(run_id)
            except RunNotFound:  # its process has not written it down yet
                if time.monotonic() > deadline:
                    raise TooBusy("This request is just being begun; ask again.", 1) from None
                time.sleep(0.02)

    def end(self, run):
        """The run is over: keep its journal for a while, give its place to another."""
        with self._lock:
            if self._live.pop(run.id, None) is None:
                return
            self._ended[run.id] = (run, time.monotonic())
            self._kept_bytes += run.size()
            self._forget_old()
        if run.remembered:
            self._ledger.end(run)

    def forget(self, run):
        """Take a run back that never began, as if nobody had asked for it."""
        with self._lock:
            self._live.pop(run.id, None)
            self._by_key.pop(run.key, None)
        run.state = "cancelled"
        run.journal.close()  # somebody with the same key may be waiting for it
        if run.remembered:
            self._ledger.forget(run)

    def get(self, run_id):
        with self._lock:
            self._forget_old()
            if run := self._live.get(run_id):
                return run
            if entry := self._ended.get(run_id):
                return entry[0]
        if run := self._stored.find(run_id):
            return run
        try:
            return self._shelved.find(run_id)
        except RunNotFound:
            for _ in range(LOOKS):
                time.sleep(WRITTEN_S)
                if run := self._stored.find(run_id):
                    return run
            raise

    def newest(self, limit, before=None):
        """(runs, newest first, whether there are older ones); those older than `before`, by
        its id. What was forgotten was older than all that is remembered: nothing before it."""
        edge = None
        if before is not None:
            try:
                run = self.get(before)
            except RunNotFound:
                return [], False
            edge = (run.created, run.id)
        with self._lock:
            self._forget_old()
            known = [*self._live.values(), *(run for run, _ in self._ended.values())]
        here = {run.id for run in known}
        for others in (self._stored, self._shelved):
            known += [run for run in others.newest(limit + 1, edge) if run.id not in here]
            here = {run.id for run in known}
        known = [run for run in known if edge is None or (run.created, run.id) < edge]
        known.sort(key=lambda run: (run.created, run.id), reverse=True)
        return known[:limit], len(known) > limit

    def ordered(self, run_id, what):
        """Another process was asked about a run of ours."""
        with self._lock:
            run = self._live.get(run_id)
        if run is None:
            return
        if what.get("attend"):
            run.attended()
        elif "slot" in what:
            run.cancel_model(what["slot"], ProviderError("cancelled", what["cancel"]))
        else:
            run.cancel(ProviderError("cancelled", what["cancel"]))

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


def check_same(known, fingerprint):
    """Of the request that came first with a key, and of this one."""
    if known != fingerprint:
        raise Conflict("This Idempotency-Key was used with another request.")
