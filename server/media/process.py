"""The door to ffmpeg: how it is started, and what it means when it fails.

A generator of this package must be used up in the thread that began it (`process.py`).
"""

import os
import signal
import threading

from .. import process
from ..errors import MediaError, OutOfSpace
from .binary import ffmpeg

ENVIRONMENT = {**process.ENVIRONMENT, "AV_LOG_FORCE_NOCOLOR": "1"}

# Long work waits for long work only: a thumbnail never queues behind a two-hour film.
PLACES = max(4, 2 * (os.cpu_count() or 1))
SHORT = threading.BoundedSemaphore(PLACES)
LONG = threading.BoundedSemaphore(PLACES)
# A conversion holds its place while what it has made is worked on, which takes long work.
CONVERSIONS = threading.BoundedSemaphore(PLACES)

# Of address space: a picture of 8K takes a quarter of it, a file that lies takes no more.
MEMORY = 6 * 1024**3

# What it says of a full disk, a used-up quota and a limit on files; the last one may also kill it.
FULL = ("No space left on device", "Disk quota exceeded", "File too large")


class Failed(MediaError):
    """ffmpeg ended badly. `said` is for us to look at, never for a reader: it has paths."""

    def __init__(self, said):
        super().__init__("ffmpeg could not read or convert this file. It may be damaged.")
        self.said = said


def output(args, token=None, limit_s=60.0, places=SHORT):
    """What ffmpeg writes to its standard output, as it comes."""
    command = [ffmpeg(), "-nostdin", "-hide_banner", *args]
    try:
        yield from process.output(
            command, token, limit_s, places, memory=MEMORY, environment=ENVIRONMENT
        )
    except process.NotStarted:
        raise MediaError("ffmpeg could not be started. Look at /readyz.") from None
    except process.TooSlow:
        raise MediaError(f"ffmpeg was not done with this file after {limit_s:g} s.") from None
    except process.Failed as failure:
        if failure.exit_code == -signal.SIGXFSZ or any(word in failure.said for word in FULL):
            raise OutOfSpace("The disk is full. Free some space.") from None
        if failure.exit_code < 0:
            raise MediaError("ffmpeg was stopped before it was done. Ask again.") from None
        raise Failed(failure.said) from None


def run(args, token=None, limit_s=60.0, places=SHORT):
    for _ in output(args, token, limit_s, places):
        pass
