"""Uploads a vendor keeps for a while, reused while they live.

Of several who ask for the same upload at once, one makes it and the others wait for it.
If the one is called off, the next of them takes over; if it fails, it has failed for all
that waited. Nothing here knows a vendor, a file or the clock.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ..errors import ProviderError

LOOK_AROUND_S = 0.1


@dataclass
class Flight:
    """An upload being made."""

    over: threading.Event
    error: ProviderError | None = None


@dataclass(frozen=True)
class Kept:
    upload: Any
    until: float


class Uploads:
    def __init__(self, lives_s, clock, most=1000):
        self._lives_s, self._clock, self._most = lives_s, clock, most
        self._lock = threading.Lock()
        self._kept = OrderedDict()
        self._flights = {}

    def get(self, key, make, while_waiting=lambda: None):
        """The upload and whether it is an old one. `while_waiting` is called now and then
        by those who wait for another's, and may raise."""
        while True:
            with self._lock:
                kept = self._kept.get(key)
                if kept is not None and self._clock() < kept.until:
                    self._kept.move_to_end(key)
                    return kept.upload, True
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = Flight(threading.Event())
                    break
            while not flight.over.wait(LOOK_AROUND_S):
                while_waiting()
            if flight.error is not None:
                raise flight.error
        return self._make(key, make, mine), False

    def forget(self, key, upload):
        """The vendor no longer has it. Another's newer one under the same key stays."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.upload is upload:
                del self._kept[key]

    def _make(self, key, make, flight):
        began = self._clock()  # the vendor's clock may start with the first byte
        try:
            upload = make()
        except ProviderError as error:
            flight.error = error
            raise
        else:
            with self._lock:
                self._kept[key] = Kept(upload, began + self._lives_s)
                self._kept.move_to_end(key)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            return upload
        finally:
            with self._lock:
                del self._flights[key]
            flight.over.set()
