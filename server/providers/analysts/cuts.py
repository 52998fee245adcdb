"""Where the picture cuts, and how fast the editing is."""

from .base import PRINT, Analyst, Notes
from .words import clock, counted, length, stretch

# The score is the jump of the picture's change from one frame to the next, in percent:
# steady motion, however fast, scores low. Above SURE it is a cut; above MAYBE it is one
# if the second before was calm.
SURE = 10.0
MAYBE = 5.0
CALM = 0.2
# A flash, or the frames after a cut as an encoder smears them, are no shots.
SHORTEST_SHOT_S = 0.2
EACH_SAID = 40
THEN_EVERY_S = 60.0


class CutNotes(Notes):
    def __init__(self, start, end):
        super().__init__(start, end)
        self.began = start
        self.cuts = 0
        self.longest = self.shortest = None
        self.usual = 0.0
        self.seen = False
        self.block = None  # once there are too many: (start, cuts) of the minute

    def see(self, time, values):
        score = values.get("scd.score", 0.0)
        cut = score > SURE or (score > MAYBE and self.usual < CALM * score)
        self.usual += (score - self.usual) / 25
        # The first frame has nothing before it to differ from.
        if cut and self.seen and time - self.began >= SHORTEST_SHOT_S:
            self.cuts += 1
            if self.cuts <= EACH_SAID:
                yield f"Cut at {clock(time)}, after {length(time - self.began)}."
            elif self.block is None:
                yield "There are many cuts; from here on I only count them."
                self.block = (time, 1)
            else:
                self.block = (self.block[0], self.block[1] + 1)
            self.shot_ends(time)
        self.seen = True
        every = max(THEN_EVERY_S, (self.end - self.start) / 40)
        if self.block and time - self.block[0] >= every:
            yield f"{stretch(self.block[0], time)}: {counted(self.block[1], 'cut')}."
            self.block = (time, 0)

    def shot_ends(self, time):
        shot = (time - self.began, self.began, time)
        if self.longest is None or shot[0] > self.longest[0]:
            self.longest = shot
        if self.shortest is None or shot[0] < self.shortest[0]:
            self.shortest = shot
        self.began = time

    def close(self, end):
        total = end - self.start
        if not self.cuts:
            yield f"No cut: {stretch(self.start, end)} is one shot of {length(total)}."
            return
        self.shot_ends(end)
        mean = total / (self.cuts + 1)
        pace = "fast" if mean < 2.5 else "measured" if mean < 8 else "slow"
        yield (
            f"In all {counted(self.cuts, 'cut')} and {self.cuts + 1} shots in {length(total)}: "
            f"{length(mean)} a shot on average, a {pace} pace."
        )
        yield (
            f"The longest shot lasts {length(self.longest[0])} ({stretch(*self.longest[1:])}), "
            f"the shortest {length(self.shortest[0])} ({stretch(*self.shortest[1:])})."
        )


class Cuts(Analyst):
    measures = "hard cuts and the length of shots"
    intro = "I measure where the picture cuts; I do not read the question."
    # Every frame counts here, and neither colour depth nor shape matters.
    filters = (
        "-map",
        "0:V:0",
        "-vf",
        "scale=w='min(320,iw)':h='min(180,ih)':flags=area,format=yuv420p,"
        f"scdet=threshold=100,{PRINT}:key=lavfi.scd.score",
    )
    notes = CutNotes
