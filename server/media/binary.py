"""Which ffmpeg: the one on PATH, else the one the imageio-ffmpeg package carries."""

import shutil
from functools import lru_cache

from ..errors import MediaError


@lru_cache
def ffmpeg():
    found = shutil.which("ffmpeg")
    if found:
        return found
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
