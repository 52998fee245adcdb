"""Rests a model that keeps failing the same way, so that nobody waits for a dead vendor.

Ten failures of one kind in a row open the circuit: asks fail at once for a while. Then
one ask is let through; its success closes the circuit, its failure opens it again. Only
failures that speak of the vendor's health count. The clock is handed in.
"""

import threading

from ..errors import ProviderError

FAILURES = 10
REST_S = 15.0
COUNTED = {"network", "upstream", "timeout_first_text"}


class Circuit:
    def __init__(self, failures=FAILURES, rest_s=REST_S):
        self._failures, self._rest_s = failures, rest_s
        self._lock = threading.Lock()
        self._code, self._count = None, 0
        self._open_until = None

    def check(self, now):
        """Raise while it rests."""
        with self._lock:
            if self._open_until is None:
                return
            left = self._open_until - now
            if left <= 0:
                self._open_until = now + self._rest_s  # this ask is the probe
                return
            raise ProviderError(
                self._code,
                f"It failed {self._count} times in a row and is being rested; "
                f"ask again in {left:.0f} s.",
                retry_after=left,
            )

    def succeeded(self):
        with self._lock:
            self._code, self._count, self._open_until = None, 0, None

    def failed(self, code, now):
        if code == "cancelled":
            return  # says nothing about anybody
        if code not in COUNTED:
            self.succeeded()  # it refused, but it answered
            return
        with self._lock:
            self._count = self._count + 1 if code == self._code else 1
            self._code = code
            if self._count >= self._failures:
                self._open_until = now + self._rest_s


class Circuits:
    """One per model."""

    def __init__(self):
        self._lock = threading.Lock()
        self._circuits = {}

    def of(self, name):
        with self._lock:
            if len(self._circuits) > 1000:  # names can be made up: vendor/anything
                self._circuits.clear()
            return self._circuits.setdefault(name, Circuit())
