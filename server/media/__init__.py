"""ffmpeg: the only door to it.

    probe(path)                         what a file is: size, duration, codecs
    check_whole(path)                   MediaError for one whose end is missing
    frames(path, times, long_side)      JPEGs at those times, as they are made
    thumbnail(path, at, width)          one of them
    lines(path, args, window)           what filters print, as they print it
    clip(path, start, end, target)      a stretch as an MP4 of its own
    render(args, target)                any other encoding, published when complete
    footage(path, probe)                where a source can be cut without encoding, or None
    gathered(path, probe, target)       a film in fragments put together, and where that can be cut
    mix(source, start, end, voices, duck, target)           a window's sound, as AAC packets
    chunk(path, start, frames, sound, offset, seconds, target)  copied pictures with that sound
    header_bytes(path)                  the length of a chunk's initialisation part
    convert(path, folder, borders)      a picture that cannot be copied, encoded part by part
    final(pictures, sounds, captions, language, target, seconds)    the finished film
    loudness(path)                      of a voice: LUFS, true peak, seconds

Files are hostile until shown otherwise: formats are on a list, protocols and picture
size are bounded, and nothing ffmpeg says reaches a reader.
"""

from .binary import ffmpeg, version
from .chunks import chunk, header_bytes
from .clips import clip, render
from .conversion import Damaged, Part, convert
from .final import final
from .footage import Footage, footage
from .gathering import gathered
from .loudness import loudness
from .pictures import frames, thumbnail
from .probing import Probe, probe
from .process import Failed
from .reading import lines
from .sound import Voice, mix
from .whole import check_whole

__all__ = [
    "Damaged",
    "Failed",
    "Footage",
    "Part",
    "Probe",
    "Voice",
    "check_whole",
    "chunk",
    "clip",
    "convert",
    "ffmpeg",
    "final",
    "footage",
    "frames",
    "header_bytes",
    "gathered",
    "lines",
    "loudness",
    "mix",
    "probe",
    "render",
    "thumbnail",
    "version",
]
