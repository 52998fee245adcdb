"""When to lose patience with a silent model. Pure arithmetic over the times it is told.

Three limits: to the first text, between pieces, and in all. Time the worker spends
handing a piece to a slow reader of ours is not the vendor's silence. Preparing
(sampling frames, uploading, waiting for the vendor to digest a file) has the same limit
as the first text, afresh at each sign of progress; but not when it is done once more
for another attempt. While whoever asks wants it to wait, time stands still.
"""

from ..errors import ProviderError

LOOK_AROUND_S = 0.1
PREPARING = {"preparing", "uploading", "processing"}


class Patience:
    def __init__(self, first_text_s, idle_s, total_s, now):
        self.first_text_s, self.idle_s, self.total_s = first_text_s, idle_s, total_s
        self.stood_still_s, self._still_since = 0.0, None
        self._began = self._asked = now
        self._preparing = False
        self._trying_again = False
        self._spoke = False
        self._silent_since = None

    def stand_still(self, now):
        self._still_since = now

    def go_on(self, now):
        # In this order: who looks in between sees too early a time, which does no harm.
        self.stood_still_s += now - self._still_since
        self._still_since = None

    def _own(self, now):
        """The time on a clock that stood still then."""
        still_since = self._still_since
        return (now if still_since is None else still_since) - self.stood_still_s

    def phase(self, name, now):
        now = self._own(now)
        preparing = name in PREPARING
        if (preparing or self._preparing) and not self._trying_again:
            self._asked = now
        self._preparing = preparing

    def try_again(self):
        """Another attempt begins: it has what is left of the first one's time."""
        self._trying_again = True

    def heard(self):
        """A piece came. Until `waits` the vendor owes us nothing."""
        self._spoke = True
        self._silent_since = None

    def waits(self, now):
        self._silent_since = now - self.stood_still_s  # while time stands still nobody speaks

    def left(self, now):
        """What remains for a first text."""
        return min(self._asked + self.first_text_s, self._began + self.total_s) - self._own(now)

    def verdict(self, now):
        """The error that time has made, or None."""
        now = self._own(now)
        if now >= self._began + self.total_s:
            return late("timeout_total", "The answer was not complete after", self.total_s)
        if not self._spoke and now >= self._asked + self.first_text_s:
            return late("timeout_first_text", "No text came within", self.first_text_s)
        silent_since = self._silent_since  # read once: the worker's thread sets it
        if self._spoke and silent_since is not None and now >= silent_since + self.idle_s:
            return late("timeout_idle", "The answer stopped; nothing more came for", self.idle_s)
        return None

    def next_look(self, now):
        """Seconds until the verdict could be another, whatever happens meanwhile."""
        still, now = self._still_since is not None, self._own(now)
        silent_since = self._silent_since
        if silent_since is None:
            silent_since = now  # it may speak this instant and then fall silent
        due = min(self._began + self.total_s, silent_since + self.idle_s)
        if not self._spoke:
            due = min(due, self._asked + self.first_text_s)
        # While time stands still, what is left is left at each look.
        return max(LOOK_AROUND_S if still else 0.0, due - now)


def late(code, what, limit):
    return ProviderError(code, f"{what} {limit:g} s. Ask again, or raise the limit.")
