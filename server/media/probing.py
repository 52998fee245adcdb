"""What a file is, from what `ffmpeg -i` says about it.

Not ffprobe: the ffmpeg that comes as a wheel has none, and one way is better than two.
The parser is held against both an old and a new ffmpeg. Names and titles inside a file
cannot forge these lines: ffmpeg indents every line of them further.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import MediaError
from .process import Failed, output, run
from .reading import MAX_PIXELS, QUIET, opening

PROBE_S = 30.0

FORMAT = re.compile(r"^Input #0, (\S+), from ", re.M)
DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.M)
START = re.compile(r"^  Duration: \S+, start: (-?[\d.]+)", re.M)
STREAM = re.compile(r"^  Stream #0:\d+\S*: (Video|Audio): (.*)((?:\n    .*)*)", re.M)
SIZE = re.compile(r", (\d+)x(\d+)")
ASPECT = re.compile(r"SAR (\d+):(\d+)")
RATE = re.compile(r", ([\d.]+)(k?) (?:fps|tbr)")
ROTATION = re.compile(r"^ +display ?matrix: rotation of (-?[\d.]+) degrees", re.M | re.I)
PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


@dataclass(frozen=True)
class Probe:
    duration: float
    width: int  # as displayed: turned upright, with square pixels
    height: int
    fps: float
    codec: str
    pixel_format: str
    rotation: int  # degrees clockwise that turn the stored picture upright
    has_video: bool
    has_audio: bool
    audio_codec: str
    format: str
    start: float = 0.0  # of its own clock, when ours is at 0
    mono: bool = False


def probe(path, token=None):
    path = Path(path)
    if not path.is_file():
        raise MediaError("There is no such video file.")
    said = description(path, token)
    found = FORMAT.search(said)
    if found is None:
        raise MediaError(
            "This is not a video that can be read here. Send MP4, MOV, MKV, WebM, AVI, "
            "MPEG, FLV, OGG or WMV, complete and undamaged."
        )
    picture, sound, mono = {}, None, False
    for kind, line, below in STREAM.findall(said):
        if kind == "Audio":
            mono = ", mono, " in line if sound is None else mono
            sound = sound or codec_of(line)
        elif not picture and "(attached pic)" not in line:
            picture = picture_of(line, below)
    if not picture and sound is None:
        raise MediaError(
            "Neither picture nor sound of this file can be read, or the picture is larger "
            f"than {MAX_PIXELS // 1_000_000} megapixels."
        )
    return Probe(
        duration=duration_of(path, said, token),
        width=picture.get("width", 0),
        height=picture.get("height", 0),
        fps=picture.get("fps", 0.0),
        codec=picture.get("codec", ""),
        pixel_format=picture.get("pixel_format", ""),
        rotation=picture.get("rotation", 0),
        has_video=bool(picture),
        has_audio=sound is not None,
        audio_codec=sound or "",
        format=found[1].rstrip(","),
        start=start_of(said),
        mono=mono,
    )


def version(path):
    """Changes when the file does."""
    about = os.stat(path)
    return about.st_ino, about.st_size, about.st_mtime_ns


def probed(path):
    """The same, for who asks again and again about the same few files."""
    try:
        return once(os.fspath(path), *version(path))
    except OSError:
        raise MediaError("There is no such video file.") from None


@lru_cache(maxsize=16)
def once(path, *_):
    return probe(path)


def description(path, token):
    try:
        run(["-loglevel", "info", *opening(path)], token, PROBE_S)
    except Failed as failure:  # always: without an output file it ends with an error
        return failure.said
    return ""


def codec_of(line):
    return re.match(r"[\w-]*", line)[0]


def picture_of(line, below):
    size = SIZE.search(line)
    if size is None or codec_of(line) in ("none", "unknown"):
        return {}
    width, height = int(size[1]), int(size[2])
    if not 0 < width * height <= MAX_PIXELS:
        return {}
    aspect = ASPECT.search(line)
    if aspect and int(aspect[1]) and int(aspect[2]):
        width = max(1, round(width * int(aspect[1]) / int(aspect[2])))
    turn = ROTATION.search(below)
    rotation = round(-float(turn[1])) % 360 if turn else 0
    if rotation % 180 == 90:
        width, height = height, width
    rate = RATE.search(line)
    plain = PARENTHESES.sub("", PARENTHESES.sub("", line)).split(", ")
    return {
        "width": width,
        "height": height,
        "fps": float(rate[1]) * (1000 if rate[2] else 1) if rate else 0.0,
        "codec": codec_of(line),
        "pixel_format": plain[1].strip() if len(plain) > 2 else "",
        "rotation": rotation,
    }


def start_of(said):
    found = START.search(said)
    return float(found[1]) if found else 0.0


def duration_of(path, said, token):
    found = DURATION.search(said)
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else 0.0
    # Recordings of a browser and files cut off in the making do not say how long they are.
    return seconds or measured_duration(path, token)


def measured_duration(path, token):
    """By reading it to the end, without decoding."""
    args = [*QUIET, *opening(path), "-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy"]
    said = output([*args, "-f", "null", "-progress", "pipe:1", "-"], token, PROBE_S)
    times = re.findall(rb"out_time_us=(\d+)", b"".join(said))
    return int(times[-1]) / 1e6 if times else 0.0
