"""How long words wait for each other, so that they leave in one write.

Every write wakes a thread, and a machine that wakes more threads than it can run is late for
all of them. So the wait is short where there is time to spare, and doubles with how late
threads are woken: what arrives meanwhile leaves together, which is what makes time.
"""

# A wait that is late by this share of it is a wait of the right length.
BEARABLE = 0.12
SMOOTHED_OVER = 16  # waits
LONGEST_S = 0.016  # nobody sees that


class Pace:
    """Of all runs of a process together, for they wait for the same interpreter."""

    def __init__(self, shortest_s):
        self._shortest_s, self._late_s = shortest_s, 0.0
        self.wait_s = shortest_s

    def rest(self, now, wrote):
        """Seconds until the next write, of one who wrote then; none where that is long ago.

        No longer than it takes to the next of the ticks, which are the same for everybody: one
        interrupt wakes all who wait, and what the first of them needed is still at hand for
        the next."""
        wait_s = self.wait_s  # read once: other threads set it
        left = wait_s - (now - wrote)
        return min(left, wait_s - now % wait_s) if left > 0 else 0.0

    def waited(self, late_s):
        """A wait has ended, so much later than it should have."""
        # Two threads may do this at once; one of the two is not counted then.
        self._late_s += (late_s - self._late_s) / SMOOTHED_OVER
        wait_s = self._shortest_s
        while 0 < wait_s <= min(self._late_s / BEARABLE, LONGEST_S) / 2:
            wait_s *= 2
        self.wait_s = wait_s
