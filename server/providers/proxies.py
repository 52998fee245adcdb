"""The file that is sent to a vendor: the video itself, or a smaller copy of a stretch of it."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from .. import media
from ..errors import MediaError, ProviderError


@contextmanager
def made(question, plan, call):
    """The path to send from. A copy, of `plan.height` lines at `plan.kbps`, is gone
    afterwards; without a height it is the video as it is."""
    if not question.video.path.is_file():
        raise ProviderError("not_found", "The video is no longer in the library.")
    if plan.height is None:
        yield question.video.path
        return
    call.phase("preparing")
    start, end = question.window
    with tempfile.TemporaryDirectory(prefix="parallax-") as folder:
        path = Path(folder) / "proxy.mp4"
        try:
            media.clip(
                question.video.path,
                start,
                end,
                path,
                height=plan.height,
                video_kbps=plan.kbps,
                token=call.token,
            )
        except MediaError as error:
            raise ProviderError("bad_request", error.message) from None
        yield path
