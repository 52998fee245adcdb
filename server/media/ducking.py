"""How loud the source is under speech: a curve of gains, one each millisecond."""

from array import array
from math import cos, pi

STEPS = 1000  # in a second
# Outside the speech, so that all of it is heard over a source that is already low.
EDGE_S = 0.15
EDGE = [0.5 - 0.5 * cos(pi * n / round(EDGE_S * STEPS)) for n in range(round(EDGE_S * STEPS))]


def curve(seconds, speech, low):
    """1.0, and `low` within each (start, end) of `speech`, with soft edges around it.

    Where the edges of two meet, the source stays low: no swell between two words."""
    length = round(seconds * STEPS)
    gains = array("f", [1.0]) * length
    for begin, end in joined(speech):
        first, last = round(begin * STEPS), round(end * STEPS)
        for n, high in enumerate(EDGE):
            gain = low + (1 - low) * high
            for place in (first - n - 1, last + n):
                if 0 <= place < length:
                    gains[place] = min(gains[place], gain)
        first, last = max(0, first), min(length, last)
        if first < last:
            gains[first:last] = array("f", [low]) * (last - first)
    return gains


def joined(speech):
    """The stretches of speech in order; those too near for the edges between them as one."""
    whole = []
    for begin, end in sorted(speech):
        if whole and begin - whole[-1][1] <= 2 * EDGE_S:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((begin, end))
    return whole
