"""How many may speak at once: what the vendor allows, found out by asking.

A vendor's plan has a limit of its own, which some tell in a header and all in a refusal.
A refusal halves the number, quiet success lets it grow again, one by one.
"""

import threading
import time
from collections import deque
from contextlib import contextmanager

from ..errors import ProviderError

GROW_S = 10.0  # without a refusal, before one more is tried


class TooMany(ProviderError):
    """One more at once than the vendor allows. Nothing is wrong with it but its company."""


class Limit:
    """The number, without a clock or a thread."""

    def __init__(self, most, now):
        self.most = most  # what the operator allows
        self.allowed = most
        self._told = most  # what the vendor says
        self._changed_at = now
        self._began_before = now

    def refused(self, began, now):
        """A request that began then was one too many."""
        # Those that were on their way together are refused together: they count once.
        if began >= self._began_before:
            self.allowed = max(1, self.allowed // 2)
            self._began_before = now
        self._changed_at = now

    def succeeded(self, now, told=None):
        """`told` is how many the vendor says it takes at once, if it does."""
        if told is not None and told > 0:
            self._told = told
        if self.allowed > self._ceiling:
            self.allowed = self._ceiling
        elif self.allowed < self._ceiling and now - self._changed_at >= GROW_S:
            self.allowed += 1
            self._changed_at = now

    @property
    def _ceiling(self):
        return min(self.most, self._told)


class Throttle:
    """Turns to speak, given in the order they were asked for."""

    def __init__(self, most, clock=time.monotonic):
        self._clock = clock
        self._limit = Limit(most, clock())
        self._changed = threading.Condition()
        self._waiting = deque()
        self._speaking = 0

    @property
    def allowed(self):
        return self._limit.allowed

    @contextmanager
    def turn(self, token):
        """Wait for one. Ends with Abandoned when the token is cancelled meanwhile."""
        turn = Turn(self, self._clock)
        self._take(turn, token)
        try:
            turn.began = self._clock()
            yield turn
        finally:
            with self._changed:
                self._speaking -= 1
                self._changed.notify_all()

    def _take(self, turn, token):
        forget = token.on_cancel(self._look_again)
        try:
            with self._changed:
                self._waiting.append(turn)
                try:
                    self._changed.wait_for(lambda: token.cancelled or self._is_next(turn))
                    token.check()
                    self._speaking += 1
                finally:
                    self._waiting.remove(turn)
                    self._changed.notify_all()
        finally:
            forget()

    def _is_next(self, turn):
        return self._waiting[0] is turn and self._speaking < self._limit.allowed

    def _look_again(self):
        with self._changed:
            self._changed.notify_all()

    def _tell(self, what, *args):
        with self._changed:
            what(*args)
            self._changed.notify_all()


class Turn:
    """One request's turn, which is told how the request went."""

    def __init__(self, throttle, clock):
        self._throttle, self._clock = throttle, clock
        self.began = None

    def refused(self):
        self._throttle._tell(self._throttle._limit.refused, self.began, self._clock())

    def succeeded(self, told=None):
        self._throttle._tell(self._throttle._limit.succeeded, self._clock(), told)
