"""A commentary being made by a worker, for the servers that were asked for it.

The very same work as in a server. But it is told through a pen, to readers elsewhere; and a
worker that is stopped, or loses its lease, says nothing: another one goes on.
"""

import threading
import time
from contextlib import contextmanager

from ..errors import ProviderError
from ..log import facts
from ..stores import StoreError
from ..stores.leases import LeaseLost
from .run import CommentaryRun, log

RENEW_S = 0.25


class HiredRun(CommentaryRun):
    def __init__(self, services, film, options, pen, asked, number):
        """`number`: of the attempt, from 1."""
        session = pen.session
        super().__init__(services, film, options, session, asked["prefix"], "")
        self.created = asked["created"]
        session.pictures = session.pictures.with_name(f"{session.pictures.name}_{number}")
        self._pen, self._number = pen, number
        self.lost = False

    @property
    def interrupted(self):
        return self._interrupted

    def work(self):
        self._conduct()

    def _left_s(self, limit_s):
        return max(0.0, self.created + limit_s - time.time())

    @contextmanager
    def _held(self):
        done = threading.Event()
        thread = threading.Thread(target=self._renew, args=(done,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew(self, done):
        while True:
            try:
                if message := self._pen.lease.renew():
                    self.cancel(ProviderError("cancelled", message))
            except StoreError:
                pass  # until it is over, which the next line finds
            except LeaseLost:
                return self._lose()
            try:
                self._pen.lease.check()
            except LeaseLost:
                return self._lose()
            if done.wait(RENEW_S):
                return None

    def _lose(self):
        if not self.lost:
            log.warning("a lease was lost", extra=facts(run_id=self.id))
        self.lost = True
        self.cancel(ProviderError("cancelled", "Another worker has it now."))

    def _begin(self):
        if self._number > 1:
            self._announce()

    def _tell(self, events):
        if events:
            self._pen.tell(events)

    def _end(self, state, event):
        self.state = state
        self._pen.tell([event], state)

    def _fail(self, failure):
        if isinstance(failure, LeaseLost):
            self._lose()
        if self.lost or self._interrupted:
            self.state = "interrupted"
            return
        try:
            super()._fail(failure)
        except LeaseLost:
            self._lose()
            self.state = "interrupted"
