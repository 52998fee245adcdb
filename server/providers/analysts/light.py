"""How bright, how colourful and how lively the picture is over time."""

import colorsys
import math

from .base import PRINT, SMALL, Analyst, Notes
from .words import clock, stretch

RATE = 4
STRETCH_S = 5.0
STRETCHES = 40
# A change by this many points of brightness or of colour ends a stretch early, a few times.
BRIGHTER = 15.0
ANOTHER_COLOUR = 20.0
EARLY_ENDS = 30
SHORTEST_S = 1.0

HUES = (
    (15, "red"),
    (45, "orange"),
    (70, "yellow"),
    (165, "green"),
    (200, "cyan"),
    (255, "blue"),
    (290, "violet"),
    (345, "pink"),
    (361, "red"),
)


class Mean:
    """The mean of what was measured from one time on."""

    def __init__(self, start):
        self.start = start
        self.samples = 0
        self.bright = self.y = self.u = self.v = self.saturation = self.motion = 0.0

    def add(self, values, moves):
        self.samples += 1
        share = 1 / self.samples
        self.bright += (brightness(values) - self.bright) * share
        self.y += (values["signalstats.YAVG"] - self.y) * share
        self.u += (values["signalstats.UAVG"] - self.u) * share
        self.v += (values["signalstats.VAVG"] - self.v) * share
        self.saturation += (values["signalstats.SATAVG"] - self.saturation) * share
        self.motion += ((values["signalstats.YDIF"] if moves else 0.0) - self.motion) * share

    def differs(self, values):
        colour = math.hypot(
            values["signalstats.UAVG"] - self.u, values["signalstats.VAVG"] - self.v
        )
        return colour > ANOTHER_COLOUR or abs(brightness(values) - self.bright) > BRIGHTER


class LightNotes(Notes):
    def __init__(self, start, end):
        super().__init__(start, end)
        self.every = max(STRETCH_S, (end - start) / STRETCHES)
        self.current = Mean(start)
        self.early_ends = 0
        self.darkest = self.brightest = self.liveliest = None

    def see(self, time, values):
        if "signalstats.YAVG" not in values:
            return
        now = self.current
        if now.samples:
            long = time - now.start
            early = now.differs(values) and long >= SHORTEST_S and self.early_ends < EARLY_ENDS
            self.early_ends += early and long < self.every
            if early or long >= self.every:
                yield self.end_stretch(time)
        # The first frame after a change differs from the one before without having moved.
        self.current.add(values, moves=self.current.samples > 0)

    def end_stretch(self, time):
        done, self.current = self.current, Mean(time)
        if self.darkest is None or done.bright < self.darkest[0]:
            self.darkest = (done.bright, done.start, time)
        if self.brightest is None or done.bright > self.brightest[0]:
            self.brightest = (done.bright, done.start, time)
        if self.liveliest is None or done.motion > self.liveliest[0]:
            self.liveliest = (done.motion, done.start, time)
        return (
            f"{stretch(done.start, time)}: {light_in_words(done.bright)} ({done.bright:.0f} %), "
            f"{colour_in_words(done)}, {motion_in_words(done.motion)}."
        )

    def close(self, end):
        if self.current.samples:
            yield self.end_stretch(end)
        if self.darkest is None:
            return
        if self.darkest == self.brightest:
            yield f"The light is the same throughout, about {self.darkest[0]:.0f} %."
        else:
            yield (
                f"Darkest is {stretch(*self.darkest[1:])} ({self.darkest[0]:.0f} %), "
                f"brightest {stretch(*self.brightest[1:])} ({self.brightest[0]:.0f} %)."
            )
        if self.liveliest[0] >= 0.3:
            yield f"Most movement: {stretch(*self.liveliest[1:])}."
        else:
            yield f"Hardly anything moves up to {clock(end)}."


def brightness(values):
    """Percent, from video levels, where 16 is black and 235 white."""
    return min(100.0, max(0.0, (values["signalstats.YAVG"] - 16) / 2.19))


def light_in_words(percent):
    for limit, words in ((4, "black"), (20, "dark"), (40, "rather dark"), (60, "fairly bright")):
        if percent < limit:
            return words
    return "bright" if percent < 85 else "very bright"


def motion_in_words(difference):
    for limit, words in ((0.3, "no movement"), (2.0, "little movement"), (6.0, "movement")):
        if difference < limit:
            return words
    return "much movement"


def colour_in_words(mean):
    if mean.saturation < 8:
        return "no colour"
    strength = "soft" if mean.saturation < 30 else "clear" if mean.saturation < 60 else "strong"
    y, u, v = (mean.y - 16) / 219, (mean.u - 128) / 224, (mean.v - 128) / 224
    rgb = (y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u)
    hue, saturation, _ = colorsys.rgb_to_hsv(*(min(1.0, max(0.0, part)) for part in rgb))
    if saturation < 0.08:
        return f"{strength} mixed colours"
    return f"{strength} {next(name for limit, name in HUES if hue * 360 < limit)}"


class Light(Analyst):
    measures = "brightness, colour and movement, four times a second"
    intro = "I measure light, colour and movement; I do not read the question."
    filters = ("-map", "0:V:0", "-vf", f"fps={RATE}:round=up,{SMALL},signalstats,{PRINT}")
    notes = LightNotes
