"""A fragmented MP4, byte by byte: an initialisation part, then fragments of H.264 and AAC.

Not by ffmpeg: its two muxers, old and new, each lose the sound's first milliseconds here
or the picture's there (an edit list browsers ignore, or offsets ffmpeg reads 66 ms off).
Here the times are written where every player looks for them: the sound's in its `tfdt`,
and what B-frames delay the picture in an edit list of one entry.
"""

from struct import Struct, pack

from .adts import PACKET, RATE
from .mp4_index import boxes

KEY, NOT_KEY = 0x02000000, 0x01010000
UNITY = pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
LANGUAGE = pack(">HH", 0x55C4, 0)  # undetermined
PICTURE, SOUND = 1, 2  # the tracks
FILM_SCALE = 1000
NO_SAMPLES = tuple((kind, 4) for kind in (b"stts", b"stsc")) + ((b"stsz", 8), (b"stco", 4))
AAC_LC_48_STEREO = bytes((0x11, 0x90))
HEAD = Struct(">I4s")
SAMPLE = Struct(">IIIi")


def box(kind, *parts):
    body = b"".join(parts)
    return HEAD.pack(len(body) + 8, kind) + body


def full(kind, version, flags, *parts):
    return box(kind, pack(">I", version << 24 | flags), *parts)


def initialisation(index, delay, seconds):
    """`ftyp` and `moov`. The picture's first `delay` ticks are before its first picture."""
    scale = index.timescale
    picture = track(
        PICTURE,
        scale,
        index.placement,
        b"vide",
        full(b"vmhd", 0, 1, bytes(8)),
        avc1(index.description),
        delay,
    )
    sound = track(SOUND, RATE, UNITY + bytes(8), b"soun", full(b"smhd", 0, 0, bytes(4)), mp4a())
    head = pack(">IIIIIH10x", 0, 0, FILM_SCALE, 0, 1 << 16, 1 << 8)
    mvhd = full(b"mvhd", 0, 0, head, index.film_placement, bytes(24), pack(">I", SOUND + 1))
    mehd = full(b"mehd", 0, 0, pack(">I", round(seconds * FILM_SCALE)))
    trex = (full(b"trex", 0, 0, pack(">5I", n, 1, 0, 0, 0)) for n in (PICTURE, SOUND))
    mvex = box(b"mvex", mehd, *trex)
    ftyp = box(b"ftyp", b"iso6", pack(">I", 512), b"iso6", b"iso5", b"avc1", b"mp41")
    return ftyp + box(b"moov", mvhd, picture, sound, mvex)


def track(number, scale, placement, kind, media_head, description, delay=0):
    volume = 1 << 8 if kind == b"soun" else 0
    tkhd = pack(">IIIII8xhhHH", 0, 0, number, 0, 0, 0, int(kind == b"soun"), volume, 0)
    edit = pack(">IIiI", 1, 0, delay, 1 << 16)
    dref = full(b"dref", 0, 0, pack(">I", 1), full(b"url ", 0, 1))
    stbl = box(
        b"stbl",
        full(b"stsd", 0, 0, pack(">I", 1), description),
        *(full(name, 0, 0, bytes(size)) for name, size in NO_SAMPLES),
    )
    return box(
        b"trak",
        full(b"tkhd", 0, 3, tkhd, placement),
        box(b"edts", full(b"elst", 0, 0, edit)) if delay else b"",
        box(
            b"mdia",
            full(b"mdhd", 0, 0, pack(">IIII", 0, 0, scale, 0), LANGUAGE),
            full(b"hdlr", 0, 0, pack(">I4s12x", 0, kind), b"\0"),
            box(b"minf", media_head, box(b"dinf", dref), stbl),
        ),
    )


def avc1(description):
    """The source's, without what only QuickTime knows."""
    kept = []
    for kind, body in boxes(memoryview(description)[78:]):
        if kind == b"colr" and body[:4] == b"nclc":
            kept.append(box(kind, b"nclx", body[4:10], b"\0"))
        elif kind in (b"avcC", b"pasp") or kind == b"colr" and body[:4] == b"nclx":
            kept.append(box(kind, body))
    # Its data lie in this very file, whatever the number it had for that.
    return box(b"avc1", bytes(6), pack(">H", 1), description[8:78], *kept)


def mp4a():
    entry = pack(">6xH8xHHIHH", 1, 2, 16, 0, RATE, 0)
    decoder = b"\x40\x15" + bytes(11) + descriptor(5, AAC_LC_48_STEREO)
    stream = descriptor(3, pack(">HB", SOUND, 0) + descriptor(4, decoder) + descriptor(6, b"\2"))
    return box(b"mp4a", entry, full(b"esds", 0, 0, stream))


def descriptor(tag, body):
    return bytes((tag, len(body))) + body


def fragment(number, picture, sound):
    """`moof` and the head of the `mdat` that must follow: all the pictures, then the sound.

    `picture` is (time, [(duration, size, is key, offset in time)]), `sound` (time, [size]).
    """
    time, samples = picture
    rows = [SAMPLE.pack(d, size, KEY if key else NOT_KEY, cts) for d, size, key, cts in samples]
    pictures = sum(size for _, size, _, _ in samples)
    length = len(moof(number, time, rows, sound, 0, 0))
    begin = length + 8
    body = pictures + sum(sound[1])
    return moof(number, time, rows, sound, begin, begin + pictures) + pack(
        ">I4s", body + 8, b"mdat"
    )


def moof(number, time, rows, sound, picture_at, sound_at):
    tracks = [traf(PICTURE, 0, time, 0xF01, len(rows), picture_at, b"".join(rows))]
    if sound[1]:
        sizes = pack(f">{len(sound[1])}I", *sound[1])
        tracks.append(traf(SOUND, PACKET, sound[0], 0x201, len(sound[1]), sound_at, sizes))
    return box(b"moof", full(b"mfhd", 0, 0, pack(">I", number)), *tracks)


def traf(track, duration, time, flags, count, data_at, rows):
    defaults = pack(">III", track, duration, KEY)
    tfhd = full(b"tfhd", 0, 0x020028, defaults)  # offsets count from the moof
    tfdt = full(b"tfdt", 1, 0, pack(">Q", time))
    trun = full(b"trun", 1, flags, pack(">Ii", count, data_at), rows)
    return box(b"traf", tfhd, tfdt, trun)
