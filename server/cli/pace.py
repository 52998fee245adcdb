"""How fast a model is by itself, as far as that can be known without asking it alone. Pure.

A simulated model's pace is written in its name. Any other's is what the server says it
measured, as long as what was heard does not speak against it. Without one of them a slow
model cannot be told from a slow server.
"""

import math
from dataclasses import dataclass

from ..providers.demo import Demo

SIMULATED = ("demo", "demo-fast", "demo-slow")
WRITTEN_OUT = ("first", "rate", "tokens")  # what a server's own list may set otherwise
# What the way and a busy machine may add. A real model's figures are taken elsewhere, and
# its answer comes over a longer way, than a simulated one's.
SLACK_S = {True: 0.5, False: 1.0}


@dataclass(frozen=True)
class Pace:
    """Seconds since its start."""

    first: float  # to its first text
    total: float  # to its end
    simulated: bool = False

    @property
    def slack(self):
        return SLACK_S[self.simulated]


def simulated(slot):
    """Says the same each time."""
    return slot.partition("@")[0] in SIMULATED


def pace(recording, slot):
    """The Pace of a model that ended well, or None."""
    if not recording.succeeded(slot):
        return None
    return written(slot) or reported(recording, slot)


def written(slot):
    """That of a simulated model whose name says it all, or None."""
    name, _, options = slot.partition("@")
    given = dict(part.partition("=")[::2] for part in options.split(","))
    if name != "demo" or not set(WRITTEN_OUT) <= set(given):
        return None
    try:
        first, rate, tokens = (Demo.options[option](given[option]) for option in WRITTEN_OUT)
    except ValueError:
        return None
    return Pace(first, first + tokens / rate, simulated=True)


def reported(recording, slot):
    """That which the server measured, or None where it says nothing that can be so."""
    told = recording.figures(slot)
    first, total = told.get("time_to_first_text"), told.get("duration")
    if not (seconds(first) and seconds(total) and first <= total):
        return None
    found = Pace(first, total)
    took, times = recording.took(slot), recording.times(slot)
    if took is None:
        return None
    spoke = times[-1] - times[0] if times else 0.0
    fits = spoke - found.slack <= total <= took + found.slack
    return found if fits else None


def seconds(value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0
