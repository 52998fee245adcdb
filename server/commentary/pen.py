"""The right to tell of one commentary that is made elsewhere: one process has it at a time.

What is told is on disk first, as always, and then in Redis, where all servers read it. A
process that was frozen and lost the right writes, should it wake in the middle of that,
into a file that is nobody's any more, and Redis refuses it.
"""

import logging
from contextlib import suppress

from .. import sse
from ..events import Commentary
from ..log import facts
from .shelved import STATES, numbered, told_in

log = logging.getLogger(__name__)


class Pen:
    def __init__(self, session, lease):
        self.session, self.lease = session, lease
        session.guard = lease.check
        try:
            session.take_over()
        except OSError:  # full, or the folder is gone: that it ended can be told all the same
            log.error("a commentary's events cannot be written", extra=facts(run_id=session.id))
        self.history = session.told()
        while behind := told_in(lease.frames(len(self.history))):  # a disk that lost something
            with suppress(OSError):
                session.tell(behind)
            self.history += behind
        known = lease.told()
        if self.ended or known < len(self.history):  # a Redis that lost, or missed, something
            state = STATES[self.history[-1]["type"]] if self.ended else ""
            lease.tell(known, numbered(self.history)[known:], state)

    @property
    def ended(self):
        """There is nothing more to tell."""
        return bool(self.history) and self.history[-1]["type"] in Commentary.ends

    def tell(self, events, state=""):
        """With a state, these are the last."""
        self.lease.check()
        try:
            self.session.tell(events)
        except OSError:
            if not state:
                raise
            # The disk is full, say. That it ended is told all the same.
        first = len(self.history)
        frames = [sse.encode(first + n, event) for n, event in enumerate(events, 1)]
        self.lease.tell(first, frames, state)
        self.history += events

    @property
    def progress(self):
        return max((event.get("progress", 0) for event in self.history), default=0)

    def drop(self):
        self.session.let_go()
        self.lease.drop()
