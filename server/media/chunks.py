"""A chunk: a stretch of the picture, copied packet by packet, with a sound of its own.

Playable alone, one after the other in a browser's media source, and as HLS by byte ranges.
Its times count from its own start.
"""

from bisect import bisect_left
from itertools import pairwise
from pathlib import Path

from ..errors import MediaError
from . import adts, fragments, mp4_index
from .adts import PACKET, RATE
from .mp4_index import Unreadable
from .probing import probed
from .publishing import published

# A fragment begins with a key frame and is at least this long.
FRAGMENT_S = 1.0
# A time of a key frame may have gone through microseconds or JSON.
NEAR_S = 0.001
BLOCK = 1 << 20
MOST_HEADS = 16
LARGEST_FRAGMENT = 1 << 30


def chunk(path, start, frames, sound, sound_offset, seconds, target, token=None):
    """Write `frames` pictures of `path`, beginning with the key frame at `start`, and the AAC
    packets of `sound`, the first of them `sound_offset` after the chunk's start. The whole of
    a converted part is `frames` None.

    `start` 0 is the film's beginning: should its first picture come later, it is shown from
    there on. Returns the length of the initialisation part."""
    try:
        index = mp4_index.read(path)
    except (Unreadable, OSError):
        raise MediaError("The picture of this film cannot be copied. Convert it.") from None
    clock = 0.0 if frames is None else probed(path).start
    first = number_of(index, start + clock) if start > 0 else index.keys[0]
    last = len(index.pts) if frames is None else first + frames
    if not first < last <= len(index.pts):
        raise MediaError("This film has fewer pictures than were asked for.")
    delay = 0 if start > 0 else max(0, index.pts[first] - round(clock * index.timescale))
    packets = [packet[adts.HEAD :] for packet in adts.packets(Path(sound).read_bytes())]
    with published(target) as part, open(path, "rb") as source, open(part, "wb") as out:
        early = earliest(index, first, last)
        head = fragments.initialisation(index, early, seconds)
        out.write(head)
        heard = 0
        for number, (begin, end) in enumerate(stretches(index, first, last), 1):
            if token:
                token.check()
            time = index.dts[begin] - index.dts[first] + (delay if begin > first else 0)
            pictures = list(samples(index, first, begin, end, early))
            if begin == first and delay:
                # No hole to begin with: the first picture is shown from the start on.
                duration, *rest = pictures[0]
                pictures[0] = (duration + delay, *rest)
            until = (delay + index.dts[end] - index.dts[first]) / index.timescale - sound_offset
            until = len(packets) if end == last else max(heard, round(until * RATE / PACKET))
            own = packets[heard:until]
            heard_at = round(sound_offset * RATE) + heard * PACKET
            sizes = [len(packet) for packet in own]
            out.write(fragments.fragment(number, (time, pictures), (heard_at, sizes)))
            copy(index, begin, end, source, out)
            out.writelines(own)
            heard = until
    return len(head)


def header_bytes(path):
    """The length of a chunk's initialisation part: what comes before its first `moof`."""
    position = 0
    with open(path, "rb") as file:
        for _ in range(MOST_HEADS):
            file.seek(position)
            head = file.read(8)
            if len(head) < 8:
                break
            size, kind = fragments.HEAD.unpack(head)
            if kind == b"moof":
                return position
            if size < len(head):
                break
            position += size
    raise MediaError("This is not a chunk.")


def number_of(index, time):
    """Of the key frame at that time of the file's own clock."""
    times = [index.pts[n] for n in index.keys]
    wanted, near = time * index.timescale, NEAR_S * index.timescale
    place = bisect_left(times, wanted - near)
    if place == len(times) or times[place] > wanted + near:
        raise MediaError(f"There is no key frame at {time:.3f} s of this film.")
    return index.keys[place]


def earliest(index, first, last):
    """How long before the first picture's time its packet must be decoded, in ticks."""
    dts, pts = index.dts, index.pts
    return max(dts[n] - pts[n] for n in range(first, last)) + pts[first] - dts[first]


def stretches(index, first, last):
    """The pictures from `first` to `last`, as (begin, end) of fragments."""
    begins = [first]
    for key in index.keys[bisect_left(index.keys, first) : bisect_left(index.keys, last)]:
        if index.dts[key] - index.dts[begins[-1]] >= FRAGMENT_S * index.timescale:
            begins.append(key)
    return pairwise([*begins, last])


def samples(index, first, begin, end, early):
    keys = set(index.keys[bisect_left(index.keys, begin) : bisect_left(index.keys, end)])
    shift = early - index.pts[first] + index.dts[first]
    for n in range(begin, end):
        duration = index.dts[n + 1] - index.dts[n]
        yield duration, index.sizes[n], n in keys, index.pts[n] - index.dts[n] + shift


def copy(index, begin, end, source, out):
    if sum(index.sizes[begin:end]) > LARGEST_FRAGMENT:
        raise MediaError("A stretch of this film between two key frames is over 1 GiB.")
    for n in range(begin, end):
        source.seek(index.offsets[n])
        left = index.sizes[n]
        while left:
            data = source.read(min(left, BLOCK))
            if not data:
                raise MediaError("This film became shorter while it was being read.")
            out.write(data)
            left -= len(data)
