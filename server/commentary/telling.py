"""What is told of a commentary, and in which order. Pure.

Stages finish stretches in any order; each kind of message leaves in order of time, without
holes. `progress` never goes down, and reaches 100 only with `complete`.

A job that goes on after its server died is told from where it was: what the history says
already is not said again.
"""

from ..events import Commentary

SHARES = {"detect": 4, "write": 2, "speak": 2, "place": 0, "cut": 2}  # of the work, about
SHARE_OF_OTHERS = 1  # a stage that was added
BEFORE, AFTER = 1, 96  # progress when the first stage begins, and when the last has ended
DONE = {
    "detect": "Detected what happens in",
    "write": "Wrote the lines of",
    "speak": "Spoke the lines of",
}


class Telling:
    def __init__(self, total, stages, url_of, history=()):
        """`url_of(index)`: where a chunk is to be had."""
        self._total, self._stages, self._url_of = total, stages, url_of
        self._passed = {stage: {} for stage in stages}  # finished before their turn
        self._next = dict.fromkeys(stages, 0)
        self._finished = dict.fromkeys(stages, 0)
        self._work = total * sum(map(share, stages))
        self._done = 0
        self._said = {what(event) for event in history}
        self.progress = max((event.get("progress", 0) for event in history), default=0)

    def passed(self, stage, stretch):
        """The messages that can leave now that this stage has finished this stretch."""
        self._done += share(stage)
        self._finished[stage] += 1
        self._passed[stage][stretch.window.index] = stretch
        events = []
        while (stretch := self._passed[stage].pop(self._next[stage], None)) is not None:
            self._next[stage] += 1
            events += self._about(stage, stretch)
        return [event for event in events if what(event) not in self._said] + self._status(stage)

    def in_order(self, stage):
        """How many stretches this stage has finished without a hole before them."""
        return self._next[stage]

    def advance(self, progress):
        self.progress = max(self.progress, progress)
        return self.progress

    def _about(self, stage, stretch):
        if stage == "detect" and not stretch.lost:
            return [Commentary.detected(stretch.window, self._total, stretch.moments)]
        if stage == "place":
            lines = [(cue.index, Commentary.line(cue)) for cue in stretch.cues]
            lines += [(loss.index, Commentary.line_failed(loss)) for loss in stretch.lost]
            return [event for _, event in sorted(lines, key=lambda line: line[0])]
        if stage == "cut":
            url = self._url_of(stretch.window.index)
            silenced = [
                Commentary.line_failed(loss) for loss in stretch.lost if loss.stage == stage
            ]
            return [*silenced, Commentary.chunk(stretch.window, url, self._now())]
        return []

    def _now(self):
        return self.advance(BEFORE + (AFTER - BEFORE) * self._done // self._work)

    def _status(self, stage):
        before = self.progress
        if stage not in DONE or self._now() == before:
            return []
        done, total = self._finished[stage], self._total
        message = f"{DONE[stage]} {done} of {total} stretches."
        return [Commentary.status(stage, message, self.progress)]


def share(stage):
    return SHARES.get(stage, SHARE_OF_OTHERS)


def what(event):
    """Which message this is; a status is never the same as another."""
    kind = event["type"]
    if kind == "events_detected":
        return kind, event["interval_index"]
    if kind in ("commentary_ready", "line_failed", "chunk_ready"):
        return kind, event["index"]
    return kind, id(event)
