"""A film whose picture cannot be copied, encoded once, in parts that come one by one.

Every picture stays, at its time: the encoder is told the clock of the source, not a frame
rate. (Only the first is shown from the film's start, should it come later.) A part begins
with a forced key frame, and its own clock with 0. Where it ends is where the next one begins:
ffmpeg's own list guesses it, so the times of all pictures are printed as they are decoded,
and counted off.
"""

import re
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..errors import MediaError
from . import mp4_index
from .mp4_index import Unreadable
from .probing import measured_duration, probed
from .process import CONVERSIONS, output
from .reading import PICTURE, QUIET, on_clock

# A tick of the clock: pictures at 24, 25, 30, 50 and 60 a second fall on one, also at
# 1000/1001 of that speed.
CLOCK = 720_000
# Two cores encode this faster than it is watched; of a larger picture it is made.
ROWS = 1080
CONVERSION_S = 4 * 3600.0
NAME = "part_%06d.mp4"
FIRST_S = 60.0
PRINTED = "metadata=add:key=k:value=1,metadata=print:key=k:file=-:direct=1"
# The picture and the list come the same way: lines of two kinds.
PICTURE_LINE = re.compile(rb"frame:\d+ +pts:(\d+) ")
PART_LINE = re.compile(rb".*,\d+\.\d+,(\d+\.\d+)$")


class Damaged(MediaError):
    """Some of it could be read."""


@dataclass(frozen=True)
class Part:
    start: float  # seconds of the film
    end: float
    path: Path


def convert(path, folder, borders, token=None):
    """Yield the Parts of a film, each as soon as it is whole, the next one beginning with the
    first picture at or after a border. When the film cannot be read to its end, MediaError
    comes after the parts that could be made."""
    about = probed(path)
    folder, made, held = Path(folder), 0, None
    try:
        args = arguments(path, about, folder, borders, first_picture(path, about, token))
        with closing(output(args, token, CONVERSION_S, CONVERSIONS)) as said:
            for start, end, certain in spans(said, folder):
                part = Part(start, end, folder / (NAME % made))
                made += 1
                if certain:
                    yield part
                else:
                    held = part
        if held is None:
            raise MediaError("No picture of this film can be decoded.")
        if not damaged(path, held.end, about.duration, token):
            # The last picture is shown for as long as the sound goes on. (The probe's length
            # is rounded to 1/100 s.)
            longer = about.duration > held.end + 0.01
            yield Part(held.start, about.duration if longer else held.end, held.path)
            return
        yield held
        raise Damaged(
            f"Only {held.end:.1f} of {about.duration:.1f} s could be read. The file is damaged "
            "there."
        )
    finally:
        # One that was begun and not finished.
        (folder / (NAME % made)).unlink(missing_ok=True)


def spans(said, folder):
    """(start, end, certain) of each part in its turn; only the last one's end is a guess."""
    times, rest, number, start = deque(), b"", 0, 0.0
    for data in said:
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if picture := PICTURE_LINE.match(line):
                times.append(int(picture[1]) / CLOCK)
            elif part := PART_LINE.match(line):
                for _ in range(pictures(folder / (NAME % number))):
                    times.popleft()
                end = times[0] if times else float(part[1])
                yield start, end, bool(times)
                start, number = end, number + 1


def pictures(path):
    try:
        return len(mp4_index.read(path).pts)
    except (Unreadable, OSError):
        raise MediaError("A converted part of this film is not as it should be.") from None


def damaged(path, end, duration, token):
    """Whether the picture ends early because the file does; it may also be shorter than the
    sound."""
    missing = max(1.0, duration * 0.02)
    return end < duration - missing and measured_duration(path, token) < duration - missing


def first_picture(path, about, token):
    """When it comes, in ticks. No count of pictures tells it from others: where their size
    changes in the middle, ffmpeg begins to count anew."""
    args = [*QUIET, *on_clock(path, 0, about.start), "-map", PICTURE, "-frames:v", 1]
    args += ["-vf", f"settb=1/{CLOCK},{PRINTED}", "-fps_mode", "passthrough", "-f", "null", "-"]
    said = b"".join(output(args, token, FIRST_S))
    found = PICTURE_LINE.search(said)
    return int(found[1]) if found else 0


def arguments(path, about, folder, borders, first):
    fit = f"min(1,{ROWS}/min(iw*sar,ih))"
    filters = (
        f"scale=w='max(2,trunc(iw*sar*{fit}/2)*2)':h='max(2,trunc(ih*{fit}/2)*2)',setsar=1,"
        # The first picture from 0 on, should it come later: no hole to begin with, and old
        # and new segmenters cut at the same times.
        f"format=yuv420p,settb=1/{CLOCK},setpts='if(lte(PTS,{first}),0,PTS)',{PRINTED}"
    )
    args = [*QUIET, *on_clock(path, 0, about.start), "-map", PICTURE, "-an", "-sn", "-dn"]
    args += ["-vf", filters, "-fps_mode", "passthrough", "-enc_time_base", f"1/{CLOCK}"]
    args += ["-c:v", "libx264", "-preset", "veryfast", "-crf", 21, "-threads", 2]
    args += ["-map_metadata", -1, "-map_chapters", -1, "-avoid_negative_ts", "disabled"]
    args += ["-f", "segment", "-segment_format", "mp4", "-reset_timestamps", 1]
    # One time for all is an hour-long part, not many of the default 2 s.
    times = ",".join(f"{border:.6f}" for border in borders) or f"{CONVERSION_S:.0f}"
    args += ["-force_key_frames", times, "-segment_times", times]
    args += ["-segment_list_type", "csv", "-segment_list", "pipe:1"]
    return [*args, "-y", f"file:{str(folder).replace('%', '%%')}/{NAME}"]
