"""A run on its way into the store: what of it is there already, and what is still to come.

What is to come is read from the run's own journal when it is wanted. A store that was away
for a while, or came back empty, so gets all that it missed.
"""

from typing import Any

from .stores import Begin, End, Forget, Frames

AT_ONCE = 2048  # messages


class Copy:
    def __init__(self, run, asked, queue, sent=None):
        """`queue`: of those that have something to write. `sent(number)` notes, at once, the
        number of the last message that was said."""
        self.id, self._run, self._asked, self._sent = run.id, run, asked, sent
        self._queue = queue
        self.noted = False  # that there is something to write
        self.ended = None  # when the run did
        self.forgotten = False
        self.begun, self._written = False, 0

    def note(self):
        """Put it into the line of the ledger's writer, unless it is there already."""
        if not self.noted:
            self.noted = True
            self._queue.put(self)

    def note_again(self):
        self.noted = False
        self.note()

    def said(self, number):
        """The run has said its messages up to that number."""
        if sent := self._sent:
            sent(number)
        self.note()

    def changes(self):
        """What the store lacks, or the first of it."""
        run, ended = self._run, self.ended  # first: after its end nothing is said
        if self.forgotten:
            return [Forget(self.id)]
        said, frames = run.journal.length, []
        while len(frames) < min(AT_ONCE, said - self._written):
            frames += run.journal.after(self._written + len(frames))
        changes: list[Any] = []
        if not self.begun:
            changes.append(Begin(run.id, run.kind, run.created, self._asked))
        if frames:
            changes.append(Frames(run.id, self._written + 1, frames))
        if ended and self._written + len(frames) == said:
            changes.append(End(run.id, run.state, run.summary()))
        return changes

    def written(self, changes):
        """Those are in the store; returns whether it has all there will ever be."""
        for change in changes:
            if isinstance(change, Frames):
                self._written += len(change.frames)
            elif isinstance(change, Begin):
                self.begun = True
        return any(isinstance(change, (End, Forget)) for change in changes)

    @property
    def only_words(self):
        return self.begun and not self.ended and not self.forgotten

    @property
    def behind(self):
        run = self._run
        return run is not None and (self.ended or self._written < run.journal.length)

    def start_over(self):
        self.begun, self._written = False, 0

    def dropped(self):
        """Nothing more of it is written; where it noted its messages, another may."""
        self._sent = None

    def forget(self):
        """The store shall not keep what it has of it."""
        self.forgotten, self._run = True, None
