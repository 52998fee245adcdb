"""Uploads a vendor keeps for a while: made once, waited for, reused while they live.

Whether one lives, the vendor is asked before it is given up: that a question was refused
does not say that the video is gone, and sending that again is what costs. Nothing here
knows a vendor, a file or the clock; `look(upload)` asks the vendor whether it is ready,
and raises when it is gone or will never be.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ..errors import ProviderError
from .flights import Flights

POLL_S, LONGEST_POLL_S = 0.5, 5.0


@dataclass(frozen=True)
class Kept:
    upload: Any
    until: float


class Uploads:
    """`gone` are the codes with which the vendor says that it does not have an upload."""

    def __init__(self, lives_s, clock, gone=("not_found",), most=1000):
        self._lives_s, self._clock, self._gone, self._most = lives_s, clock, gone, most
        self._lock = threading.Lock()
        self._kept = OrderedDict()
        self._flights = Flights()

    def ask_about(self, key, make, look, ask, call):
        """What `ask(upload)` says, about the kept upload or the one that `make(call)` makes.
        A kept one that is gone is replaced, once."""
        for again in (True, False):
            upload, reused = self.get(key, make, call)
            try:
                wait_until_ready(upload, look, call)
                return ask(upload)
            except ProviderError as error:
                if not self.is_lost(upload, look, error):
                    raise
                self.forget(key, upload)
                if not (reused and again and error.code != "bad_request"):
                    raise

    def get(self, key, make, call):
        """The upload and whether it is an old one."""

        def make_and_keep(call):
            began = self._clock()  # the vendor's clock may start with the first byte
            upload = make(call)
            self._keep(key, Kept(upload, began + self._lives_s))
            return upload

        return self._flights.get(key, lambda: self._living(key), make_and_keep, call)

    def forget(self, key, upload):
        """The vendor no longer has it. Another's newer one under the same key stays."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.upload is upload:
                del self._kept[key]

    def is_lost(self, upload, look, error):
        """Whether that error means that the upload is of no use any more."""
        if error.code == "bad_request":
            return not upload.ready  # it could not be processed, else it is the question
        return error.code in ("auth", "not_found") and self.is_gone(upload, look)

    def is_gone(self, upload, look):
        try:
            look(upload)
        except ProviderError as error:
            return error.code in self._gone
        return False

    def _living(self, key):
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() >= kept.until:
                return None
            self._kept.move_to_end(key)
            return kept.upload

    def _keep(self, key, kept):
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def wait_until_ready(upload, look, call):
    """Poll until it may be asked about. How long that may take, the deadline for a first
    text says: it begins anew here, and the same answer again is no progress."""
    if upload.ready:
        return
    call.phase("processing")
    delay = POLL_S
    while not look(upload):
        call.token.wait(delay)
        delay = min(delay * 1.5, LONGEST_POLL_S)
    upload.ready = True
