"""Where lines may be said in a window, and how long each may be. Pure.

The first line begins a second after the window does, if there is something to tell by then
and nothing much weightier soon after; the others begin with their moments, the weightiest
first choice. A line may last until shortly before the next, the last one a little into the
next window. What happens while a line is spoken is that line's to tell.
"""

import math
from dataclasses import dataclass

from .base import Moment

LEAD_S = 1.0  # the first line begins so long after its window
SPILL_S = 0.7  # and the last may end so long after it
GAP_S = 0.25
BETWEEN_S = 5.0  # from one line's beginning to the next one's
SECONDS_A_LINE = 7.0
WORDS_PER_S = 2.5
FEWEST_WORDS = 4
SHORTEST_S = FEWEST_WORDS / WORDS_PER_S + 0.005  # what rounding may take
MOST_WORDS = 30  # a line that goes on longer is a speech
WORTH_TELLING_S = 5.0  # a shorter window in which nothing happens is left alone
USUAL_S = 3.0  # less than this at the end of a window is not much of a line
HEARD_AT_ONCE_S = 0.3  # a moment so soon after a line could begin is where it begins


@dataclass(frozen=True)
class Room:
    start: float
    until: float
    moments: tuple[Moment, ...] = ()

    @property
    def seconds(self):
        return self.until - self.start

    @property
    def words(self):
        """How many words there is time for."""
        return min(MOST_WORDS, budget(self.seconds))


def budget(seconds):
    return max(0, math.floor(WORDS_PER_S * seconds + 1e-6))


def rooms(window, moments, duration):
    """The Rooms of a window of a video that is `duration` seconds long."""
    first, limit = window.start + LEAD_S, min(window.end + SPILL_S, duration)
    last = limit - SHORTEST_S  # no line can begin later
    if last < first or (not moments and window.seconds < WORTH_TELLING_S):
        return ()
    most = max(1, math.floor(window.seconds / SECONDS_A_LINE))
    starts = chosen(moments, first, last, most)
    if not starts or (len(starts) < most and starts[0] - first >= BETWEEN_S):
        starts.insert(0, first)
    ends = [*(start - GAP_S for start in starts[1:]), limit]
    return tuple(
        Room(round(start, 3), round(end, 3), within(moments, start, after, start == starts[0]))
        for start, end, after in zip(starts, ends, [*starts[1:], math.inf], strict=True)
    )


def chosen(moments, first, last, most):
    """When lines begin, in order: times of moments that leave each other room."""
    usual = last - (USUAL_S - SHORTEST_S)
    weighty = sorted(moments, key=lambda each: (each.start > usual, -each.weight, each.start))
    weighty = [each for each in weighty if each.start <= last]
    known = any(each.start <= first + HEARD_AT_ONCE_S for each in weighty)
    starts = [first] if known else []
    for moment in weighty:
        start = moment.start if moment.start > first + HEARD_AT_ONCE_S else first
        if len(starts) < most and all(abs(start - other) >= BETWEEN_S for other in starts):
            starts.append(start)
    return sorted(starts)


def within(moments, start, after, is_first):
    """What a line from `start` is about: also what was before it, if no line was."""
    return tuple(
        each for each in moments if each.start < after and (is_first or each.start >= start)
    )
