"""How often one client may start something, in the `limits` library's own notation."""

import logging
import math
import time
from functools import cached_property

from limits import parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from .errors import RateLimited

log = logging.getLogger(__name__)


class RateLimits:
    def __init__(self, notation, redis_url=""):
        self._limits = parse_many(notation)
        self._redis_url = redis_url

    # Storages start threads: made by the first request, so always after a fork.

    @cached_property
    def _own(self):
        return MovingWindowRateLimiter(MemoryStorage())

    @cached_property
    def _shared(self):
        options = {"socket_timeout": 2, "socket_connect_timeout": 2, "wrap_exceptions": True}
        return MovingWindowRateLimiter(storage_from_string(self._redis_url, **options))

    def hit(self, client):
        if self._redis_url:
            try:
                return self._hit(self._shared, client)
            except StorageError:
                log.error("Redis failed; this process counts for itself")
        self._hit(self._own, client)

    def _hit(self, limiter, client):
        for limit in self._limits:
            if not limiter.hit(limit, client):
                reset = limiter.get_window_stats(limit, client).reset_time
                wait = max(1, math.ceil(reset - time.time()))
                raise RateLimited(f"More than {limit}; ask again in {wait} s.", retry_after=wait)


def notation(text):
    """The setting, if it can be read."""
    parse_many(text)
    return text
