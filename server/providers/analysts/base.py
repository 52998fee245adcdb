"""What the analysts share: filters measure, notes turn measurements into sentences.

An analyst is a chain of ffmpeg filters that print numbers for each frame, and a Notes
that is shown them one after the other. Notes are plain arithmetic: no process, no
thread, no clock, and no more memory for a film of two hours than for one of a second.
"""

import math

from ... import media
from ...errors import MediaError, ProviderError
from ..base import Provider, Usage
from .words import clock, stretch

# Frames are measured small: a 4K film costs its decoding and no more.
SMALL = "scale=w='min(160,iw)':h='min(90,ih)':flags=area:out_range=tv,format=yuv420p"
PRINT = "metadata=print:file=-:direct=1"
# A film in which nothing happens still gets a sign of life this often.
SIGNS_OF_LIFE = 24


class Notes:
    def __init__(self, start, end):
        self.start, self.end = start, end

    def see(self, time, values):
        """Yield what can be said now that the frame at this time has been measured."""
        raise NotImplementedError

    def close(self, end):
        """Yield what was still open at the end, and a summary."""
        raise NotImplementedError


class Analyst(Provider):
    remote = False
    measures = ""  # for `evidence`
    intro = ""
    filters: tuple[str, ...] = ()
    notes = Notes
    hears = False

    def preflight(self, question):
        if question.video is None:
            raise ProviderError("bad_request", "This analyst measures a video; name one.")

    def evidence(self, question):
        evidence: dict[str, object] = {"kind": "measurement", "measures": self.measures}
        if question.video:
            evidence["window"] = [round(time, 3) for time in question.window]
            evidence["audio"] = self.hears and question.video.has_audio
        return evidence

    def answer(self, question, call):
        call.phase("measuring")
        try:
            for sentence in self.sentences(question, call.token):
                yield sentence + "\n"
        except MediaError as error:
            raise ProviderError("bad_request", error.message) from None
        yield Usage(cost=0.0)

    def sentences(self, question, token):
        start, end = question.window
        if self.hears and not question.video.has_audio:
            yield f"{self.intro} This video has no sound, so there is nothing to measure."
            return
        if not self.hears and not question.video.width:
            yield f"{self.intro} This file has no picture, so there is nothing to measure."
            return
        notes = self.notes(start, end)
        time, spoke_at = None, None
        for time, values in samples(question.video.path, self.filters, (start, end), token):
            if spoke_at is None:
                # Not before the first measurement: words spoken while still queueing
                # for a place would start the clock for the next ones.
                yield self.intro
                spoke_at = start
            for sentence in notes.see(time, values):
                yield sentence
                spoke_at = time
            if time - spoke_at > max(30.0, (end - start) / SIGNS_OF_LIFE):
                yield f"Nothing more up to {clock(time)}."
                spoke_at = time
        if time is None:
            raise MediaError(
                f"Nothing at {stretch(start, end)} of this video can be decoded. "
                "It may be damaged there."
            )
        whole = end - time < max(2.0, 0.02 * (end - start))
        yield from notes.close(end if whole else time)
        if not whole:
            what = "sound" if self.hears else "picture"
            yield f"The {what} breaks off at {clock(time)}; the rest could not be measured."


def samples(path, filters, window, token, quick=False):
    """(time in the video, {what was measured: value}) of each frame, as it is measured."""
    time, values = None, {}
    for line in media.lines(path, filters, window, token, quick=quick):
        if line.startswith("frame:"):
            if time is not None:
                yield time, values
            stamp = line.partition("pts_time:")[2].strip()
            time = window[0] + float(stamp) if number(stamp) else None
            values = {}
        else:
            key, _, value = line.partition("=")
            if number(value):
                values[key.removeprefix("lavfi.")] = float(value)
    if time is not None:
        yield time, values


def number(text):
    """Meters also say `nan` and `-inf`, for what they have not heard yet: no measurement."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
