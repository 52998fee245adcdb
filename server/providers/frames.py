"""Which stills of a video a model without eyes for motion is shown. Pure: nothing here
decodes anything, so what will be shown can be told before it is.

The stretch asked about is cut into equal parts and each part shows its middle: no still
lies on the very end, where there may be no picture any more. So many stills of so many
pixels must fit the request; when they would not, they become smaller, not fewer.
"""

import math
from dataclasses import dataclass

COUNT = 24
LONG_SIDE = 512
BUDGET_BYTES = 8 * 1024 * 1024
BYTES_PER_PIXEL = 0.4  # of a JPEG at quality 80 with much detail; most have half of it
SMALLEST_LONG_SIDE = 64


@dataclass(frozen=True)
class Plan:
    times: tuple[float, ...]
    width: int
    height: int

    @property
    def long_side(self):
        return max(self.width, self.height)

    def label(self, time):
        """The time of a still, in tenths where whole seconds would make two the same."""
        close = len(self.times) > 1 and self.times[1] - self.times[0] < 1
        return clock(time, tenths=close)


def plan(video, window, count=COUNT, long_side=LONG_SIDE, budget=BUDGET_BYTES):
    start, end = max(0.0, window[0]), min(window[1], video.duration)
    stretch = max(0.0, end - start)
    there_are = math.ceil(stretch * video.fps - 1e-6) if video.fps > 0 else count
    count = max(1, min(count, there_are))
    times = tuple(round(start + stretch * (n + 0.5) / count, 3) for n in range(count))
    return Plan(times, *size(video, count, long_side, budget))


def size(video, count, long_side, budget):
    """(width, height) of a still: never larger than the video's own picture."""
    longest = max(1, video.width, video.height)
    scale = min(1.0, long_side / longest)
    pixels = video.width * video.height * scale * scale
    affordable = budget / count / BYTES_PER_PIXEL
    if pixels > affordable:
        scale *= math.sqrt(affordable / pixels)
        scale = max(scale, min(1.0, SMALLEST_LONG_SIDE / longest))
    return even(video.width * scale), even(video.height * scale)


def even(pixels):
    """What scalers make of it: whole, and divisible by two."""
    return max(2, 2 * round(pixels / 2))


def clock(seconds, tenths=False):
    """A time as people write it: 0:42, 1:05:09, or 0:42.5."""
    total = round(seconds * 10) if tenths else int(seconds) * 10
    minutes, rest = divmod(total, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{text}:{rest // 10:02}" + (f".{rest % 10}" if tenths else "")
