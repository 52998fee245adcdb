"""The stage that puts spoken lines in their places, over the whole video.

It sees the windows in order of time, so it numbers all lines, heard and lost, in one
count, and knows what of one window is still spoken as the next begins.
"""

from dataclasses import replace

from .base import Cue, Loss, Stage
from .fitting import GAP_S, fit
from .rooms import LEAD_S

# The film's own sound comes back up for a moment after a line, also across a border.
HEARD_AFTER_S = 1.0
TOO_LONG = "The line is longer than the room it has, even in fewer words and spoken faster."


class Place(Stage):
    name = "place"
    ordered = True
    always = True  # what was lost before is numbered here, too

    def __init__(self, job):
        super().__init__(job)
        self._count = 0
        self._free = 0.0  # when the last line has ended
        self._heard = ()  # lines that may go on into a window to come

    def work(self, stretch):
        if stretch.placed:
            return self._passed_by(stretch)
        window = stretch.window
        before = tuple(cue for cue in self._heard if cue.end > window.start - HEARD_AFTER_S)
        cues, lost = [], list(stretch.lost)
        for found in fit(stretch.clips, max(window.start + LEAD_S, self._free)):
            if found.start is None:
                lost.append(Loss(found.clip.line.start, self.name, "too_long", TOO_LONG))
            else:
                cues.append(Cue(0, found.start, found.end, found.tempo, found.clip))
                self._free = found.end + GAP_S
        cues, lost = self._numbered(cues, lost)
        self._heard = (*before, *cues)
        return stretch.but(cues=cues, before=before, lost=lost)

    def _passed_by(self, stretch):
        """It has its places and numbers; those to come go on from there."""
        self._heard = (*stretch.before, *stretch.cues)
        self._count += len(stretch.cues) + len(stretch.lost)
        if stretch.cues:
            self._free = stretch.cues[-1].end + GAP_S
        return stretch

    def _numbered(self, cues, lost):
        """Cues and losses with their places in the count of all lines, by time."""
        for number, each in enumerate(sorted([*cues, *lost], key=lambda one: one.start)):
            group = cues if isinstance(each, Cue) else lost
            group[group.index(each)] = replace(each, index=self._count + number)
        self._count += len(cues) + len(lost)
        return tuple(cues), tuple(lost)
