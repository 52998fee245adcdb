"""How loud it is, where it is silent, and where it peaks."""

import math

from .base import PRINT, Analyst, Notes
from .words import clock, counted, length, stretch

STEP_S = 0.1  # how much sound each measurement covers
SILENT_DB = -50.0
SILENCE_S = 0.5
STRETCH_S = 5.0
STRETCHES = 40
JUMP_LU = 8.0
SURE_OF_JUMP_S = 1.0
CLIPPED_DB = -0.1
EACH_SAID = 30
NOTHING = -70.0  # LUFS; the meter's floor


class SoundNotes(Notes):
    def __init__(self, start, end):
        super().__init__(start, end)
        self.every = max(STRETCH_S, (end - start) / STRETCHES)
        self.stretch_began, self.power, self.steps = start, 0.0, 0
        self.silent_since = None
        self.silences, self.silence_s = 0, 0.0
        self.peak = (-math.inf, start)
        self.clipped = 0
        self.level, self.jumps, self.jumped_at = None, 0, -math.inf
        self.integrated = NOTHING

    def see(self, time, values):
        peak = values.get("astats.Overall.Peak_level", -math.inf)
        momentary = values.get("r128.M", NOTHING)
        self.integrated = values.get("r128.I", self.integrated)
        if peak > self.peak[0]:
            self.peak = (peak, time)
        self.clipped += peak >= CLIPPED_DB
        if peak < SILENT_DB:
            if self.silent_since is None:
                self.silent_since = time
        elif self.silent_since is not None:
            yield from self.silence_ends(time)
        yield from self.jump(time, momentary)
        if momentary > NOTHING:
            self.power += 10 ** (momentary / 10)
        self.steps += 1
        if time + STEP_S - self.stretch_began >= self.every - STEP_S / 2:
            yield self.end_stretch(time + STEP_S)

    def silence_ends(self, time):
        began, self.silent_since = self.silent_since, None
        if time - began < SILENCE_S - STEP_S / 2:
            return
        self.silences += 1
        self.silence_s += time - began
        if self.silences <= EACH_SAID:
            yield f"Silence {stretch(began, time)}, for {length(time - began)}."
        elif self.silences == EACH_SAID + 1:
            yield "There are more silences; from here on I only count them."

    def jump(self, time, momentary):
        """A clear step up in loudness against what it was over the last second or two."""
        if momentary <= NOTHING:
            return
        if self.level is None:
            self.level = momentary
        risen = momentary - self.level
        heard = time - self.start > 2 * SURE_OF_JUMP_S
        if risen > JUMP_LU and heard and time - self.jumped_at > SURE_OF_JUMP_S:
            self.jumps += 1
            self.jumped_at = time
            if self.jumps <= EACH_SAID:
                yield f"Suddenly louder at {clock(time)}."
            self.level = momentary
        self.level += (momentary - self.level) * STEP_S / SURE_OF_JUMP_S

    def end_stretch(self, time):
        began, power, steps = self.stretch_began, self.power, self.steps
        self.stretch_began, self.power, self.steps = time, 0.0, 0
        if power <= 0 or (loudness := 10 * math.log10(power / steps)) < NOTHING:
            return f"{stretch(began, time)}: nothing to hear."
        return f"{stretch(began, time)}: {loud_in_words(loudness)}, about {loudness:.0f} LUFS."

    def close(self, end):
        if self.silent_since is not None:
            yield from self.silence_ends(end)
        if self.steps > 5 and end - self.stretch_began >= 0.5:
            yield self.end_stretch(end)
        if self.peak[0] < SILENT_DB:
            yield "There is a sound track, and nothing can be heard on it."
            return
        if self.integrated > NOTHING:
            yield f"Loudness of the whole: {self.integrated:.1f} LUFS."
        else:
            yield "This is too short to measure its loudness."
        yield f"The highest peak is {self.peak[0]:.1f} dBFS, at {clock(self.peak[1])}."
        if self.clipped:
            yield f"It touches full scale in {counted(self.clipped, 'tenth')} of a second."
        if self.silences:
            yield f"{counted(self.silences, 'silence')}, {length(self.silence_s)} in all."
        else:
            yield "No silence of half a second or more."


def loud_in_words(lufs):
    for limit, words in ((-40, "very quiet"), (-27, "quiet"), (-18, "moderately loud")):
        if lufs < limit:
            return words
    return "loud"


class Sound(Analyst):
    measures = "loudness (EBU R 128), silences and peaks, ten times a second"
    intro = "I measure loudness, silences and peaks; I do not read the question."
    # ebur128 comes first: it cuts the sound into tenths of a second for the one after it.
    filters = (
        "-map",
        "0:a:0",
        "-af",
        "ebur128=metadata=1,astats=metadata=1:reset=1:measure_perchannel=none"
        f":measure_overall=Peak_level,a{PRINT}",
    )
    notes = SoundNotes
    hears = True
