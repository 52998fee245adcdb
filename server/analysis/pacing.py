"""How long words wait for each other, so that they leave in one write.

Every write wakes a thread, and a machine that wakes more threads than it can run is late for
all of them. So the wait is short where there is time to spare, and doubles with how late
threads are woken: what arrives meanwhile leaves together, which is what makes time. Where
nothing is likely to arrive meanwhile, nobody waits. The shortest wait is the yield delay
of the settings (YIELD_DELAY_MS).
"""

# A wait that is late by this share of it is a wait of the right length.
BEARABLE = 0.12
SMOOTHED_OVER = 16  # waits
LONGEST_S = 0.016  # nobody sees that
GAPS = 8  # between the words of a run, over which is smoothed how long they are


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
        """A wait, for a tick or for words, has ended so much later than it should have."""
        # Two threads may do this at once; one of the two is not counted then.
        self._late_s += (late_s - self._late_s) / SMOOTHED_OVER
        wait_s = self._shortest_s
        while 0 < wait_s <= min(self._late_s / BEARABLE, LONGEST_S) / 2:
            wait_s *= 2
        self.wait_s = wait_s


class Flow:
    """Whether the words of one run come faster than the write windows follow each other."""

    def __init__(self, pace, now):
        self._pace, self._last = pace, now
        self._gap = 2.0  # in windows; a longer one counts as two: a pause is soon forgotten
        self.thick = False

    def came(self, count, now):
        wait_s, gap_s = self._pace.wait_s, (now - self._last) / count
        self._last = now
        gap = gap_s / wait_s if gap_s < 2 * wait_s else 2.0
        self._gap += (gap - self._gap) / GAPS
        self.thick = self._gap < 1
