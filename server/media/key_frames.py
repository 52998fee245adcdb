"""Which key frames of a film can be begun with.

An index calls a picture a key frame where a player may try to begin. In a film with open GOPs
(x264's `open-gop`) most of those are no IDR pictures: what comes after them may refer to what
was before, and browsers fail on them instead of leaving that out.
"""

MOST_UNITS = 64
IDR = 5
PICTURES = range(1, 6)


def idr_only(file, keys, offsets, sizes, width):
    """Those of the key frames that are; each takes one small read."""
    return [n for n in keys if is_idr(file, offsets[n], sizes[n], width)]


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
