"""The sample table of an MP4 or MOV: where each picture lies, when it is shown, and which
are key frames.

ffmpeg could tell it as well, but only by reading every packet of the file. The table is a
few bytes per picture and lies in one place. The file is a stranger's: nothing is read
beyond what its own length allows, nothing is expanded beyond MAX_SAMPLES, and what is not
plainly understood is Unreadable.
"""

import os
import sys
from array import array
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, chain, islice, pairwise, repeat
from struct import Struct

from .key_frames import idr_only
from .probing import version

U32, U64, BOX = Struct(">I"), Struct(">Q"), Struct(">I4s")

# 60 minutes at 60 pictures a second, with sound, take 8 MiB.
MAX_INDEX = 32 << 20
MAX_SAMPLES = 1_000_000
MAX_BOXES = 10_000


class Unreadable(ValueError):
    pass


class InFragments(Unreadable):
    """Its index is spread over the file."""


@dataclass(frozen=True)
class Index:
    timescale: int
    offsets: array  # of each picture in the file, in decode order
    sizes: array
    pts: array  # in 1/timescale s, edit list applied
    dts: array  # and, after the last, when that ends
    keys: array  # numbers of the key frames that one can begin with
    end: int  # when the last picture has been shown
    description: bytes  # the body of its `avc1`
    length_size: int  # bytes of the length before each unit of a picture
    placement: bytes  # the end of its `tkhd`: how it is turned, its width and height
    film_placement: bytes  # the same turn for the whole film, of `mvhd`


def read(path):
    """The Index of the only picture track of a file that is all there. The last few are
    kept: every chunk of a film asks again."""
    return read_once(os.fspath(path), *version(path))


@lru_cache(maxsize=4)
def read_once(path, *_):
    with open(path, "rb") as file:
        length = file.seek(0, 2)
        moov = index_of(file, length)
        need(optional(moov, b"mvex") is None, "a film in fragments", InFragments)
        tracks = [body for kind, body in boxes(moov) if kind == b"trak" and is_picture(body)]
        need(len(tracks) == 1, "not exactly one picture track")
        found = index(tracks[0], child(moov, b"mvhd"), length)
        keys = idr_only(file, found.keys, found.offsets, found.sizes, found.length_size)
    return replace(found, keys=array("I", keys))


def index_of(file, length):
    """The body of `moov`, wherever in the file it is."""
    found = None
    for kind, begin, end in outer_boxes(file, length):
        need(kind != b"moof", "a film in fragments", InFragments)
        if kind == b"moov":
            need(found is None and end - begin <= MAX_INDEX and end <= length, "its index")
            file.seek(begin)
            found = memoryview(file.read(end - begin))
    need(found is not None, "no index")
    return found


def outer_boxes(file, length):
    """(kind, where its body begins, where it ends) of each box that is in no other. The last
    may end beyond the file."""
    position = 0
    for _ in range(MAX_BOXES):
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            break
        size, kind = BOX.unpack_from(head)
        begin = 8
        if size == 1 and len(head) == 16:
            size, begin = U64.unpack_from(head, 8)[0], 16
        elif size == 0:
            size = length - position
        need(size >= begin, "a box that is smaller than its head")
        yield kind, position + begin, position + size
        position += size


def need(fact, what, otherwise=Unreadable):
    if not fact:
        raise otherwise(what)


def boxes(body):
    """(kind, body) of each box within; no deeper."""
    position, count = 0, 0
    while position + 8 <= len(body):
        size, kind = BOX.unpack_from(body, position)
        begin = 8
        if size == 1 and position + 16 <= len(body):
            size, begin = U64.unpack_from(body, position + 8)[0], 16
        elif size == 0:
            size = len(body) - position
        count += 1
        need(begin <= size <= len(body) - position and count <= MAX_BOXES, "a box beyond its box")
        yield kind, body[position + begin : position + size]
        position += size


def child(body, *path):
    for wanted in path:
        body = next((inner for kind, inner in boxes(body) if kind == wanted), None)
        need(body is not None, f"no {wanted.decode()}")
    return body


def optional(body, wanted):
    return next((inner for kind, inner in boxes(body) if kind == wanted), None)


def is_picture(trak):
    handler = child(trak, b"mdia", b"hdlr")
    return bytes(handler[8:12]) == b"vide"


def scale_of(header):
    """The time scale of an mvhd or mdhd."""
    need(len(header) >= 24, "a short header")
    scale = U32.unpack_from(header, 20 if header[0] == 1 else 12)[0]
    need(0 < scale < 1 << 31, "its time scale")
    return scale


def table(box, columns, code="I", head=4):
    """The numbers of a table of a sample table, row after row."""
    need(len(box) >= head + 4, "a short table")
    count = U32.unpack_from(box, head)[0]
    need(count <= MAX_SAMPLES, "a table that is too long")
    numbers = array(code)
    size = count * columns * numbers.itemsize
    need(size <= len(box) - head - 4, "a table longer than its box")
    numbers.frombytes(box[head + 4 : head + 4 + size])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def index(trak, mvhd, length):
    scale = scale_of(child(trak, b"mdia", b"mdhd"))
    stbl = child(trak, b"mdia", b"minf", b"stbl")
    description = described(child(stbl, b"stsd"))
    sizes = sizes_of(child(stbl, b"stsz"), length)
    steps = table(child(stbl, b"stts"), 2)
    need(sum(steps[::2]) == len(sizes), "a picture without a time")
    need(all(0 < step < 1 << 31 for step in steps[1::2]), "steps in time")
    durations = chain.from_iterable(repeat(step, n) for n, step in rows(steps))
    dts = array("q", accumulate(durations, initial=0))
    pts = shown(dts[:-1], optional(stbl, b"ctts"))
    shift = edited(optional_elst(trak), pts, scale, scale_of(mvhd))
    pts = array("q", (time + shift for time in pts))
    return Index(
        timescale=scale,
        offsets=offsets_of(stbl, sizes, length),
        sizes=sizes,
        pts=pts,
        dts=array("q", (time + shift for time in dts)),
        keys=keys_of(stbl, len(sizes)),
        end=max(pts) + dts[-1] - dts[-2],
        description=description,
        length_size=length_size(description),
        placement=last_bytes(child(trak, b"tkhd"), 44),
        film_placement=last_bytes(mvhd, 64)[:36],
    )


def last_bytes(header, count):
    need(len(header) >= 20 + count, "a short header")
    return bytes(header[-count:])


def rows(numbers):
    return zip(numbers[::2], numbers[1::2], strict=True)


def described(stsd):
    """One description for all samples, of H.264 with its parameters in the index."""
    need(16 <= len(stsd) <= 1 << 16 and U32.unpack_from(stsd, 4)[0] == 1, "its description")
    kind, body = next(boxes(stsd[8:]))
    need(kind == b"avc1" and len(body) > 78, "not H.264")
    inside = [inner for inner, _ in boxes(body[78:])]
    need(inside.count(b"avcC") == 1, "H.264 without its parameters")
    return bytes(body)


def length_size(avc1):
    configuration = child(avc1[78:], b"avcC")
    need(len(configuration) >= 7, "H.264 without its parameters")
    return (configuration[4] & 3) + 1


def sizes_of(stsz, length):
    need(len(stsz) >= 12, "a short table")
    fixed, count = U32.unpack_from(stsz, 4)[0], U32.unpack_from(stsz, 8)[0]
    need(0 < count <= MAX_SAMPLES, "its sample count")
    sizes = array("I", [fixed]) * count if fixed else table(stsz, 1, head=8)
    need(0 not in sizes, "an empty picture")
    need(sum(sizes) <= length, "a file that was cut off")
    return sizes


def offsets_of(stbl, sizes, length):
    """Where each sample begins; all of them within the file."""
    stco, co64 = optional(stbl, b"stco"), optional(stbl, b"co64")
    need((stco is None) != (co64 is None), "no place of its chunks")
    chunks = table(co64, 1, "Q") if stco is None else table(stco, 1)
    runs = table(child(stbl, b"stsc"), 3)
    need(len(chunks) > 0 and len(runs) > 0 and runs[0] == 1, "no chunks")
    begins = [*runs[::3], len(chunks) + 1]
    need(all(a < b for a, b in pairwise(begins)), "chunks out of order")
    many = [(b - a, n) for (a, b), n in zip(pairwise(begins), runs[1::3], strict=True)]
    need(sum(times * n for times, n in many) == len(sizes), "a picture without a place")
    offsets, first = array("Q"), 0
    for chunk, n in zip(chunks, chain.from_iterable(repeat(n, times) for times, n in many)):
        need(chunk <= length, "a file that was cut off")
        ends = accumulate(sizes[first : first + n], initial=chunk)
        offsets.extend(islice(ends, n))
        need(next(ends) <= length, "a file that was cut off")
        first += n
    return offsets


def shown(dts, ctts):
    if ctts is None:
        return dts
    # Signed whatever the version says: ffmpeg reads it so, and so do writers of version 0.
    delays = table(ctts, 2, "i")
    need(all(n >= 0 for n in delays[::2]), "a picture's delay")
    need(sum(delays[::2]) == len(dts), "a picture's delay")
    need(all(abs(delay) < 1 << 28 for delay in delays[1::2]), "a picture's delay")
    each = chain.from_iterable(repeat(delay, n) for n, delay in rows(delays))
    return array("q", map(int.__add__, dts, each))


def optional_elst(trak):
    edts = optional(trak, b"edts")
    return None if edts is None else optional(edts, b"elst")


def edited(elst, pts, scale, film_scale):
    """What the edit list adds to each time. Only a list that leaves every picture in."""
    if elst is None:
        return 0
    need(len(elst) >= 8, "a short table")
    row = Struct(">QqI" if elst[0] == 1 else ">IiI")
    count = U32.unpack_from(elst, 4)[0]
    need(0 < count <= 16 and len(elst) >= 8 + count * row.size, "its edit list")
    edits = [row.unpack_from(elst, 8 + n * row.size) for n in range(count)]
    *empty, (duration, begin, rate) = edits
    need(all(time == -1 for _, time, _ in empty), "a film in several edits")
    need(begin >= 0 and rate == 1 << 16 and 0 < duration < 1 << 53, "its edit list")
    until = begin + rescaled(duration, scale, film_scale)
    first = min(pts)
    need(begin <= first and max(pts) < until, "pictures that are edited out")
    wait = sum(duration for duration, _, _ in empty)
    # However late in the media the first picture is, the edit begins with it.
    shift = rescaled(wait, scale, film_scale) - first
    need(abs(shift) < 1 << 53, "its edit list")
    return shift


def rescaled(value, scale, from_scale):
    return (value * scale + from_scale // 2) // from_scale


def keys_of(stbl, count):
    stss = optional(stbl, b"stss")
    if stss is None:
        return array("I", range(count))
    keys = table(stss, 1)
    need(len(keys) > 0 and all(a < b for a, b in pairwise(keys)), "its key frames")
    need(1 <= keys[0] and keys[-1] <= count, "its key frames")
    return array("I", (number - 1 for number in keys))
