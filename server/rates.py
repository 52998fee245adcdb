"""How often one client may start something, in the `limits` library's own notation."""

import logging
import math
import time
from functools import cached_property

from limits import parse_many
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from .errors import RateLimited
from .moving_window import MovingWindow

log = logging.getLogger(__name__)


class RateLimits:
    def __init__(self, notation, redis_url=""):
        self._limits = parse_many(notation)
        self._windows = [MovingWindow(each.amount, each.get_expiry()) for each in self._limits]
        self._redis_url = redis_url

    @cached_property
    def _shared(self):  # its connections: made by the first request, so always after a fork
        options = {"socket_timeout": 2, "socket_connect_timeout": 2, "wrap_exceptions": True}
        return MovingWindowRateLimiter(storage_from_string(self._redis_url, **options))

    def hit(self, client):
        if self._redis_url:
            try:
                return self._hit_shared(client)
            except StorageError:
                log.error("Redis failed; this process counts for itself")
        for limit, window in zip(self._limits, self._windows, strict=True):
            wait = window.visit(client, time.monotonic())
            if wait is not None:
                raise too_many(limit, wait)

    def _hit_shared(self, client):
        for limit in self._limits:
            if not self._shared.hit(limit, client):
                reset = self._shared.get_window_stats(limit, client).reset_time
                raise too_many(limit, reset - time.time())


def too_many(limit, wait):
    wait = max(1, math.ceil(wait))
    return RateLimited(f"More than {limit}; ask again in {wait} s.", retry_after=wait)


def notation(text):
    """The setting, if it can be read."""
    for limit in parse_many(text):
        if limit.amount < 1:
            raise ValueError(f"{limit} lets nobody in")
    return text
