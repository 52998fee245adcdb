"""Where to cut a video into windows. Pure.

The first is short, so that there is something to watch soon; each next one is longer, up
to what was asked for, for longer windows are cheaper and tell a better story. A copied
picture can only be cut at its key frames, so each border is the key frame nearest to where
it was wanted. A rest too short for a line of its own goes to the window before it.
"""

from bisect import bisect_left

from .base import Window

FIRST_S = 8.0
GROWTH = 1.6
SHORTEST_S = 4.0


def windows(duration, interval, keys=None):
    """`keys`: the times at which the picture can be cut; None where that is anywhere."""
    edges = [0.0]
    length = min(FIRST_S, interval)
    while (border := next_border(edges[-1], length, duration, keys)) is not None:
        edges.append(border)
        length = min(length * GROWTH, interval)
    edges.append(duration)
    return [Window(n, *pair) for n, pair in enumerate(zip(edges, edges[1:], strict=False))]


def next_border(start, length, duration, keys):
    """The end of the window from `start`, or None when it is the last one."""
    wanted = start + length
    least, most = start + SHORTEST_S, duration - SHORTEST_S
    if wanted > most:
        return None
    if keys is None:
        return round(wanted, 3)
    after = bisect_left(keys, least)
    fit = [key for key in around(keys, wanted) if least <= key <= most]
    if fit:
        return min(fit, key=lambda key: abs(key - wanted))
    # None near: the next one there is, however far.
    return keys[after] if after < len(keys) and keys[after] <= most else None


def around(keys, wanted):
    """The key frames just before and just after that time."""
    place = bisect_left(keys, wanted)
    return keys[max(0, place - 1) : place + 1]
