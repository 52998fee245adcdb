"""What a chunk and a finished film cost the machine.

    python -m bench.media [--minutes 10]

A film of 1080p with sound is cut into chunks of about ten seconds with a voice in each, one
after the other, then put together. The reference is ffmpeg copying the same film once, which
is as little as reading and writing it can take.
"""

import statistics
import tempfile
import time
from pathlib import Path

from server import media
from server.commentary.windows import windows
from tests import clips

from . import rig
from .table import report

CHUNKS = 20


def measure(minutes=10):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        source = rig.film(folder / "film.mp4", minutes, "1920x1080", "-b:v", "4M")
        voice = folder / "voice.wav"
        clips.ffmpeg("-f", "lavfi", "-i", "sine=200:r=22050:d=3", voice)
        began = time.monotonic()
        footage = media.footage(source, media.probe(source))
        seen_s = time.monotonic() - began
        parts = windows(footage.duration, 10, tuple(at for at, _ in footage.keys))
        numbers = {**dict(footage.keys), parts[0].start: 0}
        costs, sounds = [], []
        for window in parts:
            sounds.append(folder / f"sound_{window.index}.aac")
            said = (media.Voice(voice, window.start + 1, window.start + 4),)
            began = time.monotonic()
            late = media.mix(source, window.start, window.end, said, 0.3, sounds[-1])
            if window.index < CHUNKS:
                frames = numbers.get(window.end, footage.frames) - numbers[window.start]
                target = folder / "chunk.mp4"
                media.chunk(source, window.start, frames, sounds[-1], late, window.seconds, target)
                costs.append((time.monotonic() - began) / window.seconds)
        began = time.monotonic()
        media.final([source], sounds, None, "en", folder / "final.mp4", footage.duration)
        final_s = time.monotonic() - began
        began = time.monotonic()
        clips.ffmpeg("-i", source, "-c", "copy", "-movflags", "+faststart", folder / "copy.mp4")
        return [
            {
                "minutes": minutes,
                "MB": source.stat().st_size / 1e6,
                "chunk % of its length": statistics.median(costs) * 100,
                "worst %": max(costs) * 100,
                "read once s": seen_s,
                "final s": final_s,
                "copy s": time.monotonic() - began,
            }
        ]


if __name__ == "__main__":
    report(__doc__, "Chunks and the finished film, 1080p", measure, minutes=10.0)
