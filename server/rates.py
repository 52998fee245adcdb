"""How often one client may start something, in the `limits` library's own notation."""

import math
import time
from functools import cached_property

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from .errors import RateLimited


class RateLimits:
    def __init__(self, notation):
        self._limits = parse_many(notation)

    @cached_property
    def _limiter(self):
        # Its storage starts a thread: made by the first request, so always after a fork.
        return MovingWindowRateLimiter(MemoryStorage())

    def hit(self, client):
        for limit in self._limits:
            if not self._limiter.hit(limit, client):
                reset = self._limiter.get_window_stats(limit, client).reset_time
                wait = max(1, math.ceil(reset - time.time()))
                raise RateLimited(f"More than {limit}; ask again in {wait} s.", retry_after=wait)


def notation(text):
    """The setting, if it can be read."""
    parse_many(text)
    return text
