"""From how long lines really are to where each is heard. Pure.

A clip that is longer than its room may make the next one wait a little, where that one
has time to spare; may begin a little early; may be spoken up to 1.15 times as fast. What
still does not fit must be said in fewer words. No two ever overlap.
"""

from dataclasses import dataclass
from math import floor, inf

from .base import Clip
from .plain import words
from .rooms import WORDS_PER_S

GAP_S = 0.1  # at least, between one line and the next
EARLY_S = 0.75  # so much before its moment a line may begin
LATE_S = 2.0  # so much after its moment a line may be made to wait
MOST_TEMPO = 1.15
SAFETY = 0.95  # another text of as many words may be a little longer


@dataclass(frozen=True)
class Fit:
    clip: Clip
    start: float | None  # None: it does not fit
    tempo: float = 1.0
    words: int = 0  # how many would, where it does not

    @property
    def end(self):
        return None if self.start is None else self.start + self.clip.seconds / self.tempo


def fit(clips, earliest=0.0):
    """A Fit for each clip of a window, in order of time. `earliest`: when the first may
    begin at all."""
    clips = sorted(clips, key=lambda clip: clip.line.start)
    free, fits = earliest, []
    for clip, limit in zip(clips, limits(clips), strict=True):
        found = place(clip, free, limit)
        fits.append(found)
        if found.start is not None:
            free = found.end + GAP_S
    return fits


def limits(clips):
    """When each must have ended, all later ones being as long as they are."""
    found, latest_next, start_next = [], inf, inf
    for clip in reversed(clips):
        limit = min(clip.line.until, start_next - GAP_S)
        if latest_next < inf:
            limit = max(limit, latest_next - GAP_S)
        found.append(limit)
        start_next = clip.line.start
        latest_next = max(start_next, min(start_next + LATE_S, limit - clip.seconds))
    return found[::-1]


def place(clip, free, limit):
    """Where a clip goes that may begin at `free` and must have ended by `limit`."""
    wanted = max(clip.line.start, free)
    if wanted + clip.seconds <= limit:
        return Fit(clip, wanted)
    early = max(clip.line.start - EARLY_S, free)
    if early + clip.seconds <= limit:
        return Fit(clip, limit - clip.seconds)
    room = limit - early
    if room > 0 and clip.seconds <= room * MOST_TEMPO:
        return Fit(clip, early, min(MOST_TEMPO, clip.seconds / room))
    rate = words(clip.line.text) / clip.seconds if clip.seconds > 0 else WORDS_PER_S
    return Fit(clip, None, words=max(0, floor(rate * room * SAFETY)))
