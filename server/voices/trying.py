"""Asks a vendor for a line, again where that may help, for so long and no longer.

Twice more at most, for what passes by itself: a rate limit, its own trouble, the line to
it. One that was only too many at once is not held against it. A line that was spoken is
never asked for again, so nothing is paid twice.
"""

import itertools
import time
from contextlib import contextmanager

from ..cancel import CancelToken
from ..errors import Abandoned, ProviderError
from ..vendors.retrying import backoff, worth_retrying
from .throttle import TooMany

RETRIES = 2
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0


def tried(ask, token, alarms, limit_s):
    """What `ask(within)` gives. `within(token)` is where it spends the vendor's time: only
    that and the pauses count, so waiting for one's turn costs nobody his line."""
    budget = Budget(alarms, limit_s)
    failures = 0
    for attempt in itertools.count():
        try:
            return ask(budget.spending)
        except ProviderError as error:
            token.check()
            failures += not isinstance(error, TooMany)
            delay = backoff(attempt, error.retry_after, FIRST_DELAY_S, LONGEST_DELAY_S)
            if failures > RETRIES or not worth_retrying(error) or delay >= budget.left_s:
                raise
        token.wait(delay)
        budget.left_s -= delay


class Budget:
    def __init__(self, alarms, limit_s):
        self.left_s = self._limit_s = limit_s
        self._alarms = alarms

    @contextmanager
    def spending(self, token):
        """Within, a token that ends with the one given, or when the time is up."""
        inner = CancelToken()
        forget = token.on_cancel(lambda: inner.cancel(token.reason))
        alarm = self._alarms.after(self.left_s, lambda: inner.cancel("too slow"))
        began = time.monotonic()
        try:
            with inner.serving():
                yield inner
        except (ProviderError, Abandoned):
            token.check()
            if inner.cancelled:
                raise ProviderError(
                    "timeout_total", f"It had not spoken the line after {self._limit_s:g} s."
                ) from None
            raise
        finally:
            alarm.cancel()
            forget()
            self.left_s -= time.monotonic() - began
