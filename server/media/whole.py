"""Whether a file is all there, by its own account of its length.

A probe reads the beginning. Where the index lies there too, half a film looks like the whole:
its length, its size, its first picture, and then nothing more comes.
"""

import os

from ..errors import MediaError
from .mp4_index import Unreadable, outer_boxes

# What lies in others has its end there; what a player would skip may end where it likes.
MP4_BOXES = {b"moov", b"mdat", b"moof"}
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def check_whole(path):
    """MediaError for a file whose end is missing. Of most formats nobody can tell."""
    try:
        with open(path, "rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(0)
            ends = matroska_ends if file.read(4) == EBML else mp4_ends
            end = max(ends(file, length), default=0)
    except (OSError, Unreadable):
        return  # not one of these, or damaged in another way: whoever reads it says so
    if end > length:
        raise MediaError(
            f"The end of this file is missing: it has {length:,} of at least {end:,} "
            "bytes. Copy or upload it again, whole."
        )


def mp4_ends(file, length):
    return (end for kind, _, end in outer_boxes(file, length) if kind in MP4_BOXES)


def matroska_ends(file, length):
    """Of the segment, which is all but the header; a recording of a browser has no length."""
    file.seek(4)
    size = read_number(file)
    if size is not None:
        file.seek(size, os.SEEK_CUR)
        if file.read(4) == SEGMENT and (size := read_number(file)) is not None:
            yield file.tell() + size


def read_number(file):
    """An EBML number: how many bytes it takes is told by the first bits. None is "unknown"."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    value = int.from_bytes(first + rest) & ~(1 << 7 * width)
    return None if len(rest) < width - 1 or value == (1 << 7 * width) - 1 else value
