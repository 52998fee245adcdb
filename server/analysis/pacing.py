"""How long words wait for each other, so that they leave in one write.

Every write wakes a thread, and a machine that wakes more threads than it can run is late for
all of them. So the wait is short where there is time to spare, and grows with how late threads
are woken: what arrives meanwhile leaves together, which is what makes time.
"""

# A wait that is late by this share of it is a wait of the right length.
BEARABLE = 0.25
SMOOTHED_OVER = 16  # waits
LONGEST_S = 0.02  # nobody sees that


class Pace:
    """Of all runs of a process together, for they wait for the same interpreter."""

    def __init__(self, shortest_s):
        self._shortest_s, self._late_s = shortest_s, 0.0
        self.wait_s = shortest_s

    def waited(self, late_s):
        """A wait has ended, so much later than it should have."""
        # Two threads may do this at once; one of the two is not counted then.
        self._late_s += (late_s - self._late_s) / SMOOTHED_OVER
        longest_s = max(self._shortest_s, LONGEST_S)
        self.wait_s = min(max(self._shortest_s, self._late_s / BEARABLE), longest_s)
