"""Whether the key frames of a film can be begun with.

An index calls a picture a key frame where a player may try to begin. In a film with open GOPs
(x264's `open-gop`) most of those are no IDR pictures: what comes after them may refer to what
was before, and browsers fail on them instead of leaving that out.
"""

from itertools import chain, islice

LOOKS = 32  # at the first, and as many all over the rest; each is one small read
MOST_UNITS = 64
IDR = 5
PICTURES = range(1, 6)


def all_are_idr(path, index):
    """As far as it was looked."""
    width = index.length_size
    step = max(1, (len(index.keys) - LOOKS) // LOOKS)
    looked_at = chain(index.keys[:LOOKS], islice(index.keys, LOOKS, None, step))
    with open(path, "rb") as file:
        return all(is_idr(file, index.offsets[n], index.sizes[n], width) for n in looked_at)


def is_idr(file, offset, size, width):
    """Whether the first picture within this sample is one. `width`: bytes of a unit's length."""
    position, end = offset, offset + size
    for _ in range(MOST_UNITS):
        if position + width >= end:
            break
        file.seek(position)
        head = file.read(width + 1)
        if len(head) <= width:
            break
        kind = head[width] & 31
        if kind in PICTURES:
            return kind == IDR
        position += width + int.from_bytes(head[:width])
    return False
