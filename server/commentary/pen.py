"""The right to tell of one commentary that is made elsewhere: one process has it at a time.

What is told is on disk first, as always, and then in Redis, where all servers read it. A
process that was frozen and lost the right writes, should it wake in the middle of that,
into a file that is nobody's any more, and Redis refuses it.
"""

from .. import sse
from .shelved import numbered, told_in


class Pen:
    def __init__(self, session, lease):
        self.session, self.lease = session, lease
        session.guard = lease.check
        session.take_over()
        self.history = session.told()
        while behind := told_in(lease.frames(len(self.history))):  # a disk that lost something
            session.tell(behind)
            self.history += behind
        known = lease.told()
        if known < len(self.history):  # a Redis that lost something
            lease.tell(known, numbered(self.history)[known:])

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
