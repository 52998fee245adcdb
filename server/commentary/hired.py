"""A commentary being made by a worker, for the servers that were asked for it.

The very same work as in a server. But it is told through a pen, to readers elsewhere; and a
worker that is stopped, or loses its lease, says nothing: another one goes on.
"""

import threading
import time
from contextlib import nullcontext

from ..errors import ProviderError
from ..log import facts
from ..stores import StoreError
from ..stores.leases import LeaseLost
from .run import CommentaryRun, log

RENEW_S = 0.25


class Renewal:
    """Keeps a lease within a `with`, and tells the run of its cancel and its loss."""

    def __init__(self, lease):
        self._lease, self._run, self._lost = lease, None, False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def serve(self, run):
        self._run = run
        if self._lost:
            run.lose()

    def _renew(self):
        try:
            while not self._done.is_set():
                self._once()
                self._lease.check()
                self._done.wait(RENEW_S)
        except LeaseLost:
            self._lost = True
            if self._run:
                self._run.lose()

    def _once(self):
        try:
            message = self._lease.renew()
        except StoreError:
            return  # it may come back while the lease lasts
        if message and self._run:
            self._run.cancel(ProviderError("cancelled", message))


class HiredRun(CommentaryRun):
    def __init__(self, services, film, options, pen, asked, number):
        """`number`: of the attempt, from 1."""
        session = pen.session
        super().__init__(services, film, options, session, "")
        self.created = asked["created"]
        session.pictures = session.pictures.with_name(f"{session.pictures.name}_{number}")
        self._pen, self._number = pen, number
        self.lost = False

    def work(self):
        self._conduct()

    def _left_s(self, limit_s):
        return max(0.0, self.created + limit_s - time.time())

    def _held(self):
        return nullcontext()  # the lease is, by whoever called

    def lose(self):
        if not self.lost:
            log.warning("a lease was lost", extra=facts(run_id=self.id))
        self.lost = True
        self.cancel(ProviderError("cancelled", "Another worker has it now."))

    def _begin(self):
        if self._number > 1 or self._history[-1]["type"] == "queued":
            self._announce()

    def _tell(self, events):
        if events:
            self._pen.tell(events)

    def _end(self, state, event):
        self.state = state
        self._pen.tell([event], state)

    def _fail(self, failure):
        if isinstance(failure, LeaseLost):
            self.lose()
        if self.lost or self._interrupted:
            self.state = "interrupted"
            return
        try:
            super()._fail(failure)
        except LeaseLost:
            self.lose()
            self.state = "interrupted"
