"""Which windows may use the processors, and which a model: the earliest first.

What a model is to be shown is made while it is still asked about others, and waits for its
place there. The very first has the machine to itself: viewers wait for that one, and the
others would take its processors.
"""

import threading
from contextlib import contextmanager


class Turns:
    def __init__(self, token, making, asking):
        """So many windows are worked on here at once, and so many by models."""
        self._making = Places(making, token, at_first=1)
        self._asking = Places(asking, token)

    @contextmanager
    def taken(self, index):
        turn = Turn(self._making, self._asking, index)
        try:
            yield turn
        finally:
            turn.end()


class Turn:
    """One window's turn: first to be worked on here, then, where a model is asked, with it."""

    def __init__(self, making, asking, index):
        self._asking, self._index = asking, index
        self._place = making.taken(index)

    def phase(self, name):
        """What is done for the window: past preparing, it is others who work."""
        if name != "preparing" and self._asking:
            self.end()
            self._place = self._asking.taken(self._index)
            self._asking = None

    def end(self):
        place, self._place = self._place, None
        if place:
            place.give_back()


class Places:
    def __init__(self, most, token, at_first=None):
        """`at_first`: so many, until one has been given back."""
        self._free = most if at_first is None else at_first
        self._later = most - self._free
        self._token = token
        self._changed = threading.Condition()
        self._waiting = set()
        token.on_cancel(self._look_again)

    def taken(self, index):
        """These places, with one less free. Abandoned when the token is cancelled meanwhile."""
        with self._changed:
            self._waiting.add(index)
            try:
                self._changed.wait_for(lambda: self._token.cancelled or self._is_next(index))
                self._token.check()
                self._free -= 1
            finally:
                self._waiting.remove(index)
                self._changed.notify_all()
        return self

    def give_back(self):
        with self._changed:
            self._free += 1 + self._later
            self._later = 0
            self._changed.notify_all()

    def _is_next(self, index):
        return self._free > 0 and min(self._waiting) == index

    def _look_again(self):
        with self._changed:
            self._changed.notify_all()
