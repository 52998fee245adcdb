"""Work that several ask for at once and one of them does: an encode, an upload.

The others wait for it, and hear of its progress as if it were theirs. But waiting is no
progress: when the work stands still, their time runs out together with its maker's, and runs
on while the maker has to wait for its turn. If the maker is called off, the next of them
takes over; if it fails, it has failed for all of them. Nothing here knows what the work is.
"""

import threading

from ..errors import ProviderError
from .base import Call

LOOK_AROUND_S = 0.1


class Flight:
    """One piece of work being done."""

    def __init__(self):
        self.error = None
        self._over = threading.Event()
        self._progress = (0, None)  # how often it was told, and the phase told last

    def telling(self, call):
        """The maker's call, whose phases are also told to those waiting, as they begin."""

        def also_told(tell):
            def told(phase):
                tell(phase)  # which may take time: until then nothing goes on
                self._progress = (self._progress[0] + 1, phase)

            return told

        return Call(call.token, also_told(call.phase), also_told(call.hears))

    def land(self):
        self._over.set()

    def follow(self, call):
        """Wait for its end. Each phase is told in the thread of who waits."""
        heard = 0
        while not self._over.wait(LOOK_AROUND_S):
            call.token.check()
            times, phase = self._progress
            if times > heard:
                heard = times
                call.hears(phase)
        if self.error is not None:
            raise self.error


class Flights:
    def __init__(self):
        self._lock = threading.Lock()
        self._flying = {}

    def get(self, key, there, make, call):
        """What `there()` has already, or else what `make(call)` puts there; and whether it
        was there. Of all who ask at once only one makes."""
        while True:
            with self._lock:
                found = there()
                if found is not None:
                    return found, True
                flight = self._flying.get(key)
                if flight is None:
                    mine = self._flying[key] = Flight()
                    break
            flight.follow(call)
            with self._lock:
                called_off = there() is None
            if called_off:
                # Who waited heard of the last progress a little later than its maker, and
                # so is out of time a little later: it shall not begin anew just for that.
                call.token.wait(2 * LOOK_AROUND_S)
        try:
            return make(mine.telling(call)), False
        except ProviderError as error:
            call.token.check()  # hung up by our own reader, it has not failed for others
            mine.error = error
            raise
        finally:
            with self._lock:
                del self._flying[key]
            mine.land()
