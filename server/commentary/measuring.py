"""What can be measured in a window, without any model: one pass for the picture, one for
the sound, each read by the analysts' own arithmetic.

Cuts are looked for in every frame, stillness twelve times a second, light, colour and
movement four times: one chain of filters prints all three, and each print is told apart
by what it holds.
"""

import math

from ..providers.analysts import cuts, light, sound, stills
from ..providers.analysts.base import PRINT, SMALL, samples
from .noticing import Found, moments

VERSION = 1  # of what is noticed: results kept from another are not used
PICTURE = (
    "-map",
    "0:V:0",
    "-vf",
    "scale=w='min(320,iw)':h='min(180,ih)':flags=area,format=yuv420p,scdet=threshold=100,"
    f"{PRINT}:key=lavfi.scd.score,"
    f"fps={stills.RATE}:round=up,{SMALL},signalstats,{PRINT},"
    f"fps={light.RATE}:round=up,signalstats,metadata=add:key=lavfi.slow:value=1,{PRINT}",
)


def measure(video, window, token):
    """The Moments of a window that ffmpeg can see and hear."""
    found = Found()
    if video.width:
        see(video, window, token, found)
    if video.has_audio:
        hear(video, window, token, found)
    return moments(window, found)


def see(video, window, token, found):
    span = (window.start, window.end)
    cut, still, bright = Cuts(*span, found), Stills(*span, found), Light(*span, found)
    measured = False
    for time, values in samples(video.path, PICTURE, span, token, quick=True):
        notes = bright if "slow" in values else still if "signalstats.YMAX" in values else cut
        exhaust(notes.see(time, values))
        measured = True
    if measured:
        exhaust(still.close(window.end))
        exhaust(bright.close(window.end))


def hear(video, window, token, found):
    span = (window.start, window.end)
    notes = Sound(*span, found)
    for time, values in samples(video.path, sound.Sound.filters, span, token):
        exhaust(notes.see(time, values))
    exhaust(notes.close(window.end))


def exhaust(sentences):
    for _ in sentences:
        pass


# Each of these lets the analyst's notes decide and writes down when they do.


class Cuts(cuts.CutNotes):
    def __init__(self, start, end, found):
        super().__init__(start, end)
        self.found = found

    def shot_ends(self, time):
        known = bool(self.found.cuts)  # the window's first shot began before it, perhaps
        self.found.cuts.append((time, time - self.began if known else None))
        super().shot_ends(time)


class Stills(stills.StillNotes):
    def __init__(self, start, end, found):
        super().__init__(start, end)
        self.found = found

    def ends(self, time):
        said = self.said
        yield from super().ends(time)
        if self.said > said:
            self.found.stills.append((self.kind, self.began, time))


class Light(light.LightNotes):
    def __init__(self, start, end, found):
        super().__init__(start, end)
        self.found = found

    def end_stretch(self, time):
        self.found.looks.append((self.current.start, time, self.current))
        return super().end_stretch(time)


class Sound(sound.SoundNotes):
    def __init__(self, start, end, found):
        super().__init__(start, end)
        self.found = found

    def silence_ends(self, time):
        began, silences = self.silent_since, self.silences
        yield from super().silence_ends(time)
        if self.silences > silences:
            self.found.silences.append((began, time))

    def jump(self, time, momentary):
        jumps = self.jumps
        yield from super().jump(time, momentary)
        if self.jumps > jumps:
            self.found.bangs.append(time)

    def end_stretch(self, time):
        if self.power > 0:
            loudness = 10 * math.log10(self.power / self.steps)
            self.found.loudness.append((self.stretch_began, time, loudness))
        return super().end_stretch(time)
