"""A film in fragments, as recorders and streaming sites leave them, as a file with one index.

Its picture could be copied as well as any other, but where each picture lies is said piece by
piece, all over the file. So it is put together first, packet for packet, which takes as long
as copying the file; encoding it would take many times that, and some of its quality.
"""

from pathlib import Path

from ..errors import MediaError
from . import mp4_index
from .clips import render
from .final import FILM_CLOCK
from .footage import copyable, footage
from .mp4_index import InFragments, Unreadable
from .probing import probed
from .reading import PICTURE, on_clock


def gathered(path, probe, target, token=None):
    """The Footage of `target`, written from a film in fragments; None for any other film, and
    for one whose picture must be converted all the same."""
    if not copyable(probe) or not in_fragments(path):
        return None
    target, found = Path(target), None
    # With its sound: the clock of both counts from whichever comes first.
    args = [*on_clock(path, 0, probe.start), "-map", PICTURE, "-map", "0:a:0?", "-dn", "-sn"]
    args += ["-c", "copy", "-map_metadata", -1, "-map_chapters", -1]
    # Waits for a first picture are told in ticks of the film, by default milliseconds.
    args += ["-movie_timescale", FILM_CLOCK]
    try:
        render(args, target, probe.duration, token=token)
        found = footage(target, probed(target), token)
    except MediaError:  # damaged, or with sound that cannot be in such a file
        if token:
            token.check()
    finally:
        if found is None:
            target.unlink(missing_ok=True)
    return found


def in_fragments(path):
    try:
        mp4_index.read(path)
    except InFragments:
        return True
    except (Unreadable, OSError):
        pass
    return False
