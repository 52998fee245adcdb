"""The sound of a window: the source's, lower under speech, and the voices.

One grid of AAC packets lies over the whole video. A window is mixed and encoded by itself,
with some of what is around it so that limiter and encoder are in the state they would be
in, and keeps exactly the packets that begin within it. So the packets of all windows, one
after the other, are one track: nothing is rounded twice and nothing adds up.
"""

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import MediaError
from . import adts
from .adts import PACKET, RATE
from .ducking import curve
from .mixing import mixing
from .process import LONG, output
from .publishing import published, scratch

# Packets mixed and encoded around the window's own: half a second before, in which the
# limiter lets go and the encoder settles, and as far behind as they look ahead.
BEFORE, BEHIND = 24, 4
# A voice may last longer than was said: that much is still looked at.
SLACK_S = 1.0
MIX_S = 300.0


@dataclass(frozen=True)
class Voice:
    """Speech in its place, from `start` to `end` of the video."""

    path: Path
    start: float
    end: float
    tempo: float = 1.0
    gain: float = 1.0


def mix(source, window_start, window_end, voices, duck, target, token=None):
    """Write the window's AAC packets: ADTS, 48 kHz, stereo. `source` may be None: silence.
    It is brought to `duck` of its level under each of `voices`; give all that are heard
    within, also those that begin before. Returns how many seconds after the window's start
    the first packet begins: less than a packet's 21.3 ms."""
    first, last = slot(window_start), slot(window_end)
    begin = max(0, first - BEFORE) * PACKET
    length = (last + BEHIND) * PACKET - begin
    heard = [
        voice
        for voice in voices
        if voice.start * RATE < begin + length and (voice.end + SLACK_S) * RATE > begin
    ]
    gains = None
    if source is not None and heard and duck < 1:
        speech = [(voice.start - begin / RATE, voice.end - begin / RATE) for voice in heard]
        gains = curve(length / RATE, speech, duck)
    with kept(gains, target) as gains_path:
        args = mixing(begin, length, source, gains_path, heard)
        data = b"".join(output(args, token, MIX_S, LONG))
    # The encoder's first packet holds the half before its beginning.
    own = list(adts.packets(data))[first - begin // PACKET + 1 :][: last - first]
    if len(own) < last - first:
        raise MediaError("The sound could not be mixed: ffmpeg made less of it than it should.")
    with published(target) as part:
        part.write_bytes(b"".join(own))
    return (first * PACKET - round(window_start * RATE)) / RATE


def slot(seconds):
    """The first packet of the grid that begins at that time or later."""
    return -(-round(seconds * RATE) // PACKET)


@contextmanager
def kept(gains, target):
    """A file with that curve, for as long as it is needed."""
    if gains is None:
        yield None
        return
    if sys.byteorder == "big":
        gains.byteswap()
    with scratch(target) as path:
        path.write_bytes(gains)
        yield path
