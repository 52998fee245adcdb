"""The file that is really sent: the video itself, or a smaller copy of the stretch asked about.

Several slots of one run ask about the same stretch at the same moment. The copy is made
once for all of them and is gone when the last of them has sent it.
"""

import fcntl
import functools
import os
import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from .. import media
from ..errors import MediaError, ProviderError
from .flights import Flights

BEST_KBPS = 900
SOUND_KBPS = 64  # what `media.clip` gives the sound
SAFETY = 0.85  # an encoder does not hit its rate exactly

PREFIX = "parallax-"

_lock = threading.Lock()
_shared: dict[tuple, "Copy"] = {}
_flights = Flights()


def kbps_to_fit(bytes, seconds):
    """The rate at which the picture of such a copy comes to that size, with its sound."""
    return int(SAFETY * bytes * 8 / 1000 / seconds) - SOUND_KBPS


def explained(question):
    """The question, for a model that is shown a copy of the stretch and knows no more."""
    start, end = question.window
    return (
        f"The video is the stretch from {start:g} s to {end:g} s of a longer one. When you "
        f"name a time, count it in the longer one: the first frame is at {start:g} s.\n\n"
        f"{question.text}"
    )


@contextmanager
def made(question, plan, call):
    """The path to send from: the video as it is where the plan has no height, else a copy of
    `plan.height` lines at `plan.kbps` and no more than `plan.fps`, which is gone afterwards."""
    video = question.video
    if not video.path.is_file():
        raise ProviderError("not_found", "The video is no longer in the library.")
    if plan.height is None:
        yield video.path
        return
    call.phase("preparing")
    key = (video.digest, question.window, plan.height, plan.kbps, plan.fps)
    with shared(key) as copy:

        def make(call):
            encode(question, plan, copy.path, call)
            return copy.path

        # There is either the whole file or none: who made it may have been called off.
        path, _ = _flights.get(key, lambda: copy.path if copy.path.exists() else None, make, call)
        yield path


def encode(question, plan, target, call):
    start, end = question.window
    try:
        media.clip(
            question.video.path,
            start,
            end,
            target,
            height=plan.height,
            video_kbps=plan.kbps,
            most_fps=plan.fps,
            token=call.token,
            on_progress=lambda: call.phase("preparing"),
        )
    except MediaError as error:
        raise ProviderError("bad_request", error.message) from None


class Copy:
    """A folder with one file in it, or with none yet.

    The folder is locked while this process lives. So the next one can tell what a killed
    one left behind, and clears it.
    """

    def __init__(self):
        sweep()
        self.users = 0
        self._folder = tempfile.mkdtemp(prefix=PREFIX)
        self._lock = os.open(self._folder, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        self.path = Path(self._folder) / "proxy.mp4"

    def remove(self):
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


@contextmanager
def shared(key):
    with _lock:
        copy = _shared[key] = _shared.get(key) or Copy()
        copy.users += 1
    try:
        yield copy
    finally:
        with _lock:
            copy.users -= 1
            last = copy.users == 0
            if last:
                del _shared[key]
        if last:
            copy.remove()


@functools.cache
def sweep():
    """Once per process, before its first copy."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue  # gone by now, or another user's
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # its maker lives
        finally:
            os.close(lock)
