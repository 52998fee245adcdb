"""How a video reaches Gemini: inside the request or as an upload, as it is or made smaller.

Decided without touching the file, so that it can be told before it is done. Gemini looks
at one frame a second unless asked otherwise: 480 lines at a modest rate lose it little, nor
do ten frames a second, which take half the work to make.
"""

from dataclasses import dataclass, replace

from .. import names
from ..errors import ProviderError
from .proxies import BEST_KBPS, kbps_to_fit

# Under the older limit of 20 MB for a whole request, in which base64 takes 4/3.
INLINE_BYTES = 14 * 1024 * 1024
# The most that Google takes as one file. Sending shows progress, and making smaller costs more.
UPLOAD_BYTES = 2_000_000_000

PROXY_HEIGHT = 480
PROXY_FPS = 10.0
WORST_KBPS = 150

TAKEN = {
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-msvideo",
    "video/mpeg",
    "video/3gpp",
    "video/x-flv",
    "video/x-ms-wmv",
}
# Google names containers only. These are what its players are known to play; of the rest
# (ProRes, DNxHD, FFV1, Theora ...) a copy is made.
CODECS = (
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "av1",
    "mpeg4",
    "mpeg2video",
    "mpeg1video",
    "h263",
    "flv1",
    "wmv2",
    "wmv3",
    "vc1",
)


@dataclass(frozen=True)
class Plan:
    upload: bool
    mime: str = "video/mp4"
    height: int | None = None  # of the proxy; None sends the original
    kbps: int | None = None
    fps: float | None = None  # at most

    @property
    def sent(self):
        return "original" if self.height is None else f"proxy {self.height}p"


def check(video):
    if not (video.width and video.height):
        raise ProviderError("bad_request", "This file has no picture to show this model.")


def plan(question, way=None, looks=1.0):
    """`way` is what the client wants of it: "inline", "files" or None for no matter; `looks`,
    how many frames a second are looked at."""
    video = question.video
    start, end = question.window
    length = max(0.1, end - start)
    mime = names.content_type(video.name) if names.is_video(video.name) else ""
    whole = length > video.duration - 0.05
    as_it_is = whole and mime in TAKEN and video.codec in CODECS
    if as_it_is and video.size <= INLINE_BYTES and way != "files":
        return Plan(upload=False, mime=mime)
    height, fps = min(PROXY_HEIGHT, video.height or PROXY_HEIGHT), max(PROXY_FPS, looks)
    small = Plan(upload=True, height=height, kbps=BEST_KBPS, fps=fps)
    fits = kbps_to_fit(INLINE_BYTES, length)
    if fits >= WORST_KBPS and way != "files":
        return replace(small, upload=False, kbps=min(BEST_KBPS, fits))
    if way == "inline":
        raise ProviderError(
            "bad_request",
            f"{length:.0f} s of video do not fit the request. Ask without upload=inline, or "
            "about a shorter stretch.",
        )
    if as_it_is and video.size <= UPLOAD_BYTES:
        return Plan(upload=True, mime=mime)
    return small
