"""Footage: a source whose picture can be copied, and where it can be cut.

It can be cut before a key frame when all pictures stored before it are shown before it,
and all stored after it are shown after it. Then what lies between two such places is a
film of its own, to the packet.
"""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from . import mp4_index
from .mp4_index import Unreadable

# Work on a stretch begins and ends at a cut. The first is 5 s long at best; with more than
# this between two cuts the viewer waits for a first one of such a length. Phones and
# editors put a key frame every 1 to 5 s, x264 left alone at least every 250 pictures.
LONGEST_GAP_S = 12.0
# ffmpeg is asked for a little more than the time of a key frame (see `chunks.py`), so the
# next key frame may not be stored by then.
CLEARANCE_S = 0.001


@dataclass(frozen=True)
class Footage:
    path: Path
    duration: float
    frames: int
    keys: tuple[tuple[float, int], ...]  # (seconds, how many frames are stored before it)


def footage(path, probe, token=None):
    """The Footage in a file, or None: its picture must be converted."""
    if token:
        token.check()
    if not copyable(probe):
        return None
    try:
        index = mp4_index.read(path)
    except (Unreadable, OSError):
        return None
    end = index.end / index.timescale - probe.start
    # ffmpeg says the start to the microsecond: one that was rounded up is no negative time.
    keys = [(max(0.0, index.pts[n] / index.timescale - probe.start), n) for n in borders(index)]
    if not keys or keys[0][1] != 0 or longest_gap(keys, end) > LONGEST_GAP_S:
        return None
    # The probe's is rounded to 1/100 s; the sound may go on for longer than the picture.
    duration = end if abs(end - probe.duration) <= 0.01 else max(end, probe.duration)
    return Footage(Path(path), duration, len(index.pts), tuple(keys))


def copyable(probe):
    """Whether every player shows such a picture."""
    plain = probe.pixel_format in ("yuv420p", "yuvj420p")
    return "mov" in probe.format.split(",") and probe.codec == "h264" and plain


def longest_gap(keys, end):
    return max(b - a for a, b in pairwise([0.0, *(time for time, _ in keys), end]))


def borders(index):
    """The key frames before which the film can be cut."""
    pts = index.pts
    latest = list(accumulate(pts, max))
    earliest = list(accumulate(reversed(pts), min))[::-1]
    clearance = CLEARANCE_S * index.timescale
    for key, following in pairwise([*index.keys, None]):
        alone = key == 0 or latest[key - 1] < pts[key]
        closed = earliest[key] == pts[key]
        clear = following is None or pts[key] + clearance < index.dts[following]
        if alone and closed and clear:
            yield key
