"""Where the picture is black, of one colour, or does not move."""

from .base import PRINT, SMALL, Analyst, Notes
from .words import counted, length, stretch

RATE = 12.5
STEP_S = 1 / RATE
# Video levels: 16 is black. Averaging to a small picture has taken the noise out.
BLACK = 40
ONE_COLOUR = 14
# Mean change of a pixel. Compression lets a frozen picture breathe a little.
FROZEN = 0.12
# A key frame can touch up a still picture: one small change between two stillnesses.
TOUCH_UP = 1.5
SHORTEST_S = {"black": 0.1, "one-colour": 0.5, "frozen": 0.5}
WORDS = {"black": "Black", "one-colour": "One plain colour", "frozen": "The picture stands still"}
EACH_SAID = 40


class StillNotes(Notes):
    def __init__(self, start, end):
        super().__init__(start, end)
        self.kind, self.began = None, start
        self.before = None
        self.touched_up = None
        self.count = dict.fromkeys(WORDS, 0)
        self.total = dict.fromkeys(WORDS, 0.0)
        self.longest = None
        self.said = 0

    def see(self, time, values):
        if "signalstats.YMAX" not in values:
            return
        change = max(values[f"signalstats.{plane}DIF"] for plane in "YUV")
        kind = self.kind_of(values, change)
        if self.kind == "frozen" and kind is None and change <= TOUCH_UP and not self.touched_up:
            self.touched_up = time
            kind = "frozen"
        elif self.touched_up is not None:
            if kind is None:  # it was not a touch-up: it began to move there
                yield from self.ends(self.touched_up)
                self.kind = None
            self.touched_up = None
        if kind != self.kind:
            # What stands still has done so since the frame it is equal to.
            began = self.before if kind == "frozen" and self.kind is None else time
            yield from self.ends(time)
            self.kind, self.began = kind, began
        self.before = time

    def kind_of(self, values, change):
        low_high = [
            (values[f"signalstats.{plane}MIN"], values[f"signalstats.{plane}MAX"])
            for plane in "YUV"
        ]
        if low_high[0][1] <= BLACK:
            return "black"
        if all(high - low <= ONE_COLOUR for low, high in low_high):
            return "one-colour"
        # The first frame has nothing before it to be equal to.
        if self.before is not None and change <= FROZEN:
            return "frozen"
        return None

    def ends(self, time):
        kind, lasted = self.kind, time - self.began
        # Half a step of grace: the length is only known to a step.
        if kind is None or lasted < SHORTEST_S[kind] - STEP_S / 2:
            return
        self.count[kind] += 1
        self.total[kind] += lasted
        if self.longest is None or lasted > self.longest[0]:
            self.longest = (lasted, kind, self.began, time)
        self.said += 1
        if self.said <= EACH_SAID:
            yield f"{WORDS[kind]} {stretch(self.began, time)}, for {length(lasted)}."
        elif self.said == EACH_SAID + 1:
            yield "There are more of these; from here on I only count them."

    def close(self, end):
        yield from self.ends(end)
        found = [
            f"{counted(number, kind + ' stretch').replace('stretchs', 'stretches')} "
            f"({length(self.total[kind])})"
            for kind, number in self.count.items()
            if number
        ]
        if not found:
            yield f"Neither black, nor blank, nor frozen pictures in {length(end - self.start)}."
            return
        lasted, kind, began, ended = self.longest
        yield f"In all: {', '.join(found)}."
        yield f"The longest, {kind}, lasts {length(lasted)} ({stretch(began, ended)})."


class Stills(Analyst):
    measures = "black, one-coloured and frozen pictures"
    intro = "I look for black, blank and frozen pictures; I do not read the question."
    filters = ("-map", "0:V:0", "-vf", f"fps={RATE}:round=up,{SMALL},signalstats,{PRINT}")
    notes = StillNotes
