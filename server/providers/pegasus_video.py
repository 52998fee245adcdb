"""Whether Pegasus takes a video, and how it gets there. Decided without touching the file.

As TwelveLabs documents it, a video is refused that is shorter than a second, longer than
an hour, has a side below 360 or is longer than 2.4 times its width. That holds for
portrait as for landscape: sides are told apart as long and short, not as width and height.

What is only too large (bytes, picture, a long film of which a stretch is asked) is sent
as a smaller copy of that stretch.
"""

import math
from dataclasses import dataclass

from .. import names
from ..errors import ProviderError
from .proxies import BEST_KBPS, SAFETY, SOUND_KBPS, kbps_to_fit

# What the documentation says; an entry in the list of models may say otherwise.
LIMITS = {
    "min_seconds": 1,
    "max_seconds": 3600,
    "min_side": 360,
    "max_short_side": 2160,
    "max_long_side": 5184,
    "max_aspect": 2.4,
    "upload_mb": 200,
    "inline_mb": 20,  # of 30 in base64, less what an encoder may miss its rate by
}
MB = 1_000_000

# Windows are counted by the clock inside the file, which seldom begins at zero in these.
OWN_CLOCK = {"video/mp2t", "video/mpeg"}

EDGE_S = 0.05  # what a probe's duration may be off by
COPY_SIDE = 480
# TwelveLabs takes what its ffmpeg reads. These are what one may count on; of the rest
# (ProRes, DNxHD, FFV1, Theora ...) a copy is made.
CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video")


@dataclass(frozen=True)
class Plan:
    inline: bool
    height: int | None = None  # of the smaller copy; None sends the original
    kbps: int | None = None
    fps: float | None = None  # as the film has them

    @property
    def original(self):
        return self.height is None


def check(question, limits):
    """Refuse what would be refused after it was paid for."""
    video = question.video
    if video is None:
        refuse("This model answers about a video, and there is none.")
    if not (video.width and video.height):
        refuse("This file has no picture to show this model.")
    short, long = sorted((video.width, video.height))
    size = f"{video.width}x{video.height}"
    least = limits["min_side"]
    if short < least:
        refuse(f"This model takes pictures from {least}x{least}; this video's are {size}.")
    if long > short * limits["max_aspect"]:
        refuse(f"This model takes pictures up to {limits['max_aspect']:g}:1; these are {size}.")
    start, end = question.window
    seconds = end - start
    if seconds < limits["min_seconds"] - EDGE_S:
        refuse(f"This model takes {limits['min_seconds']:g} s or more; this is {seconds:.2f} s.")
    if seconds > limits["max_seconds"] + EDGE_S:
        refuse(
            f"This model takes {limits['max_seconds']:g} s of video at most, and is asked about "
            f"{seconds:.0f} s. Ask about a shorter stretch: `start` and `end`."
        )


def refuse(message):
    raise ProviderError("bad_request", message)


def plan(question, limits):
    video = question.video
    short, long = sorted((video.width, video.height))
    fits = (
        video.codec in CODECS
        and video.size <= limits["upload_mb"] * MB
        and video.duration <= limits["max_seconds"] + EDGE_S
        and short <= limits["max_short_side"]
        and long <= limits["max_long_side"]
        and not (window(question) and (question.cut or content_type(video) in OWN_CLOCK))
    )
    if fits:
        return Plan(inline=video.size <= limits["inline_mb"] * MB)
    start, end = question.window
    seconds = max(1.0, end - start)
    most = kbps_to_fit(limits["upload_mb"] * MB, seconds)
    kbps = max(SOUND_KBPS, min(BEST_KBPS, most))
    bytes_planned = (kbps + SOUND_KBPS) * 1000 / 8 * seconds / SAFETY
    return Plan(bytes_planned <= limits["inline_mb"] * MB, copy_height(video, limits), kbps)


def copy_height(video, limits):
    """Lines of a copy whose shorter side is still one that is taken."""
    side = max(COPY_SIDE, limits["min_side"])
    if video.height <= video.width:
        return side
    return 2 * math.ceil(side * video.height / max(1, video.width) / 2)


def window(question):
    """The stretch as the request tells it: {} for the whole video, or for an end at its end."""
    start, end = question.window
    told = {}
    if start > EDGE_S:
        told["start_time"] = round(start, 3)
    if end < question.video.duration - EDGE_S:
        told["end_time"] = round(end, 3)
    return told


def content_type(video):
    return names.content_type(video.name) if names.is_video(video.name) else "video/mp4"
