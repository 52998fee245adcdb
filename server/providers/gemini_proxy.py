"""The file that is really sent: the video itself, or a smaller copy of the stretch asked about.

Several slots of one run ask about the same stretch at the same moment. The copy is made
once for all of them and is gone when the last of them has sent it.
"""

import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from .. import media
from ..errors import MediaError, ProviderError

_lock = threading.Lock()
_shared: dict[tuple, "Shared"] = {}


class Shared:
    """A folder with one file in it, or with none yet."""

    def __init__(self):
        self.users = 0
        self.making = threading.Lock()
        self.folder = tempfile.TemporaryDirectory(prefix="parallax-")
        self.path = Path(self.folder.name) / "proxy.mp4"


@contextmanager
def made(question, plan, call):
    video = question.video
    if not video.path.is_file():
        raise ProviderError("not_found", "The video is no longer in the library.")
    if plan.height is None:
        yield video.path
        return
    call.phase("preparing")
    with shared((video.digest, question.window, plan.height, plan.kbps)) as copy:
        while not copy.making.acquire(timeout=0.1):
            call.phase("preparing")
        try:
            # There is either the whole file or none: who made it may have been called off.
            if not copy.path.exists():
                clip(video, question.window, copy.path, plan, call.token)
        finally:
            copy.making.release()
        yield copy.path


@contextmanager
def shared(key):
    with _lock:
        copy = _shared[key] = _shared.get(key) or Shared()
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
            copy.folder.cleanup()


def clip(video, window, target, plan, token):
    start, end = window
    options = {"height": plan.height, "video_kbps": plan.kbps, "token": token}
    try:
        media.clip(video.path, start, end, target, **options)
    except MediaError as error:
        raise ProviderError("bad_request", error.message) from None
