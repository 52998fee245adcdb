"""Captions in step with the voice: Cues as WebVTT and as SRT. Pure.

A line longer than two rows is shown in parts, each while it is spoken: the voice says when
it spoke which word, and a tempo changes that.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

from .plain import one_line
from .wrapping import pages

MAX_CHARS = 2000
HELD_S = 1.0  # a part stays so long for the next one, if the voice pauses


@dataclass(frozen=True)
class Caption:
    start: float
    end: float
    rows: tuple[str, ...]
    speaker: str = ""


def vtt(cues):
    several = len({cue.clip.line.speaker for cue in cues}) > 1
    blocks = ["WEBVTT\n"]
    for each in captions(cues):
        text = "\n".join(map(escaped, each.rows))
        if several and each.speaker:
            text = f"<v {escaped(each.speaker)}>{text}"
        blocks.append(f"{stamp(each.start, '.')} --> {stamp(each.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def srt(cues):
    # SRT has no escapes: what players take for markup, or for a time, is written otherwise.
    plain = str.maketrans({"<": "‹", ">": "›"})
    return "\n".join(
        f"{number}\n{stamp(each.start, ',')} --> {stamp(each.end, ',')}\n"
        + "\n".join(row.translate(plain) for row in each.rows)
        + "\n"
        for number, each in enumerate(captions(cues), 1)
    )


def captions(cues):
    """Every Caption, in order, none over another."""
    found = []
    for cue in sorted(cues, key=lambda cue: cue.start):
        for each in spoken(cue):
            if found and each.start < found[-1].end:
                continue  # cannot be: cues never overlap
            if round(each.end * 1000) > round(each.start * 1000):
                found.append(each)
    return found


def spoken(cue):
    """One cue's Captions."""
    line = cue.clip.line
    parts = pages(one_line(line.text, MAX_CHARS))
    when = Voice(cue)
    ends = list(accumulate(sum(map(letters, rows)) for rows in parts))
    total = ends[-1] if ends else 0
    spans = [
        (when.begins(begin / total), when.ends(end / total))
        for begin, end in zip([0, *ends], ends, strict=False)
    ]
    starts = [*(start for start, _ in spans[1:]), cue.end]
    for rows, (start, end), following in zip(parts, spans, starts, strict=False):
        shown = following if following - end <= HELD_S else end
        yield Caption(start, max(start, min(shown, cue.end)), rows, line.speaker)


class Voice:
    """When a voice was how far, in shares of the letters it speaks."""

    def __init__(self, cue):
        self._cue = cue
        words = list(in_order(cue.clip))
        reached = list(accumulate(letters(word) for _, _, word in words))
        whole = reached[-1] if reached else 0
        # Borders between words, as shares; half a letter of grace for another spelling.
        self._from = [
            (end - letters(word[2])) / whole for end, word in zip(reached, words, strict=True)
        ]
        self._to = [end / whole for end in reached]
        self._words = words
        self._grace = 0.5 / whole if whole else 0.0

    def begins(self, share):
        """When what begins at this share of the letters begins to be heard."""
        if not self._words:
            return self._at(share * self._cue.clip.seconds)
        if share <= self._grace:
            return self._cue.start
        number = bisect_right(self._from, share + self._grace) - 1
        start, end, _ = self._words[number]
        inside = max(0.0, share - self._from[number] - self._grace)
        return self._at(start + (end - start) * inside / self._width(number))

    def ends(self, share):
        if not self._words or share >= 1:
            return self._at(share * self._cue.clip.seconds)
        number = min(bisect_left(self._to, share - self._grace), len(self._words) - 1)
        start, end, _ = self._words[number]
        left = max(0.0, self._to[number] - share - self._grace)
        return self._at(end - (end - start) * left / self._width(number))

    def _width(self, number):
        return self._to[number] - self._from[number]

    def _at(self, seconds):
        """A time in the clip as a time in the video."""
        cue = self._cue
        return min(cue.end, max(cue.start, cue.start + seconds / cue.tempo))


def in_order(clip):
    """The words that were spoken, none before the one before it, none after the clip."""
    last = 0.0
    for start, end, word in clip.words:
        if letters(word):
            start = min(max(start, last), clip.seconds)
            last = min(max(end, start), clip.seconds)
            yield start, last, word


def letters(text):
    return sum(not char.isspace() for char in text)


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def stamp(seconds, point):
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
