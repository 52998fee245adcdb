"""Sees to it that commentaries made elsewhere come to an end, whoever dies.

One that nobody works on and that waits for nobody lost its worker: another attempt is
queued. Those that wait are told their place. Each server and each worker has a caretaker;
of those who see the same, the first acts.
"""

import logging
import threading
import time

from ..errors import ProviderError, TooBusy
from ..events import Commentary
from ..log import facts
from ..stores import StoreError
from ..stores.leases import LeaseLost
from .crew import named

LOOK_S = 0.5
TAKING_S = 5.0  # between being taken from the queue and being worked on, on a busy machine
SILENCE_S = 1.0  # of one that was worked on: its worker may be handing it over
MOST_DEATHS = 2  # the next worker that dies of it was the last
NOBODY_S = 60.0  # how long one waits where there is no worker at all

log = logging.getLogger(__name__)


class Caretaker:
    def __init__(self, desk):
        self._desk = desk
        self._stopping = threading.Event()
        self._seen = {}  # name of an attempt -> when it was first seen to be silent
        self._begun = set()  # names of those that were seen to be worked on
        self._told = {}  # id -> (position, whether there are workers)
        self._alone_since = None
        self.workers = self.working = self.waiting = 0

    def watched_by(self, metrics):
        metrics.watch(
            "parallax_commentary_workers", "Workers that are there.", lambda: self.workers
        )

    def start(self):
        threading.Thread(target=self._look_after, name="caretaker", daemon=True).start()

    def stop(self):
        self._stopping.set()

    def _look_after(self):
        while not self._stopping.wait(LOOK_S):
            try:
                self._look(time.monotonic())
            except StoreError:
                self._seen.clear()  # nothing is known of the time it was away
            except LeaseLost:
                pass  # frozen in the middle; somebody else has seen to it
            except Exception:
                log.exception("looking after commentaries failed")

    def _look(self, now):
        working = self._desk.leases.working()
        waiting = self._desk.crew.waiting()
        self.waiting = len(waiting)
        self.working = max(0, len(working) - self.waiting)
        self._count(now)
        names = {named(id, number) for id, number in working.items()}
        self._seen = {name: since for name, since in self._seen.items() if name in names}
        self._begun &= names
        self._told = {id: told for id, told in self._told.items() if id in working}
        for id, number in working.items():
            attempt = named(id, number)
            if attempt in waiting:
                self._seen.pop(attempt, None)
                self._queued(id, number, waiting.index(attempt), now)
            elif self._desk.leases.held(id):
                self._seen.pop(attempt, None)
                self._begun.add(attempt)
            else:
                patience_s = SILENCE_S if attempt in self._begun else TAKING_S
                if now - self._seen.setdefault(attempt, now) >= patience_s:
                    self._go_on(id, number)

    def _count(self, now):
        self.workers = self._desk.crew.size()
        if self.workers:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now

    # -- those that wait

    def _queued(self, id, number, position, now):
        if self._alone_since is not None and now - self._alone_since >= NOBODY_S:
            none = f"No worker has come for {NOBODY_S:g} s, so nobody makes this commentary."
            self._end(
                id, number, TooBusy(f"{none} Start `python -m server worker`, then ask again.")
            )
            return
        state = (position, self.workers > 0)
        if self._told.setdefault(id, None) == state:
            return
        if not self.workers:
            log.warning("a commentary waits and there is no worker", extra=facts(run_id=id))
        with self._desk.pen(id) as pen:
            if pen is None:
                return
            self._told[id] = state
            event = Commentary.queued(position, pen.progress, self.workers > 0)
            if pen.history[-1:] != [event]:  # or another server said so
                pen.tell([event])

    # -- those whose worker died

    def _go_on(self, id, number):
        leases = self._desk.leases
        if leases.run(id) is None:
            leases.forget(id)
            return
        deaths = leases.next_attempt(id, number, died=True)
        if deaths is None:
            return
        log.warning("a worker is gone", extra=facts(run_id=id, attempt=number, deaths=deaths))
        if deaths <= MOST_DEATHS:
            self._desk.crew.ask(id, number + 1, first=True)
            return
        message = f"{deaths} workers died while they made this commentary; it was given up."
        self._end(id, number + 1, ProviderError("internal", message))

    def _end(self, id, number, error):
        self._desk.crew.dismiss(id, number)
        with self._desk.pen(id) as pen:
            if pen:
                pen.tell([Commentary.failed(error, "prepare")], "failed")
