"""Which ffmpeg: the one on PATH, else the one the imageio-ffmpeg package carries."""

import os
import shutil
from functools import lru_cache

from ..errors import MediaError


def ffmpeg():
    # Looked at again each time: packages are removed and replaced under a running server.
    if not os.access(found(), os.X_OK):
        found.cache_clear()
    return found()


@lru_cache
def found():
    installed = shutil.which("ffmpeg")
    if installed:
        return installed
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise MediaError(
            "There is no ffmpeg. Install it (`apt install ffmpeg`, `brew install ffmpeg`) "
            "or its wheel (`pip install imageio-ffmpeg`)."
        ) from None


def version():
    """Its first line: `ffmpeg version 5.1.9 Copyright ...`."""
    from .process import output

    said = b"".join(output(["-version"], limit_s=10))
    return said.decode(errors="replace").partition("\n")[0].partition(" Copyright")[0]
