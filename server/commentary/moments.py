"""From a model's answer to Moments one can trust to lie in the video.

The model was asked for JSON with seconds of the whole video; models answer with clock
times, prose, times counted from the stretch's own start and ten thousand of them. Pure.
"""

from dataclasses import asdict, replace

from . import answers, times
from .base import Moment, StageError
from .plain import one_line

MAX_MOMENTS = 24
MAX_TEXT = 300
USUAL_S = 2.0  # of one whose end was not told
SAME_S = 0.2  # two that begin so close together are one
EARLY_S = 0.5  # so much before its stretch is taken for its beginning

SPANS = ("time", "timestamp", "timestamps", "range", "interval", "span", "when")
STARTS = ("start", "start_time", "starttime", "start_s", "begin", "from", "at", "t", *SPANS)
ENDS = ("end", "end_time", "endtime", "end_s", "to", "until")
TEXTS = ("text", "description", "event", "what", "moment", "caption", "summary", "title", "label")
WEIGHTS = ("weight", "importance", "priority", "score", "interest", "significance")
IN_WORDS = {"low": 0.3, "medium": 0.5, "high": 0.8, "critical": 1.0}


def parse(text, window):
    """The Moments of a window in a model's answer. StageError when it holds none at all,
    () when it says that there are none."""
    found = answers.items(text)
    told = moments_in_prose(text) if found is None else list(filter(None, map(moment, found)))
    placed = settle(told, window)
    if not placed and found != []:
        raise StageError(
            "upstream", "The model's answer holds no moment of this stretch that can be used."
        )
    return placed


def moment(item):
    """A Moment from one item of JSON, wherever in time it may lie; or None."""
    if isinstance(item, str):
        return next(iter(moments_in_prose(item)), None)
    if isinstance(item, list):
        item = dict(zip(("start", "end", "text"), item, strict=False))
    if not isinstance(item, dict):
        return None
    known = {key.lower().strip(): value for key, value in item.items()}
    text = first(known, TEXTS, lambda value: value if isinstance(value, str) else None)
    span = first(known, SPANS, times.span)
    start = span[0] if span else first(known, STARTS, times.seconds)
    end = span[1] if span else first(known, ENDS, times.seconds)
    if start is None or not text:
        return only_entry(known)
    return Moment(start, end or 0.0, text, weight(first(known, WEIGHTS, lambda value: value)))


def only_entry(known):
    """{"0:42": "a goal"}"""
    for key, text in known.items():
        start = times.seconds(key)
        if start is not None and isinstance(text, str):
            return Moment(start, 0.0, text)
    return None


def first(known, names, read):
    for name in names:
        if name in known and (value := read(known[name])) is not None:
            return value
    return None


def weight(value):
    """0 to 1, from whatever scale the model liked better."""
    if isinstance(value, str):
        return IN_WORDS.get(value.lower().strip(), 0.5)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        return 0.5
    return float(value if value <= 1 else value / 10 if value <= 10 else value / 100)


def moments_in_prose(text):
    """One for each line that names a time: `0:42 A goal`, `At 0:42, a goal.`"""
    found = []
    for line in text.splitlines():
        mentioned = times.MENTIONED.search(line[:1000])
        start = times.clock(mentioned[1] or mentioned[2]) if mentioned else None
        if start is None or len(found) >= answers.MAX_ITEMS:
            continue
        before, after = line[: mentioned.start()], line[mentioned.end() :]
        end = 0.0
        second = times.MENTIONED.match(after.lstrip(" -–—to"))
        if second:
            end = times.clock(second[1] or second[2]) or 0.0
            after = after.lstrip(" -–—to")[second.end() :]
        # A time at the head of a line labels it; one inside belongs to the sentence.
        label = not any(char.isalnum() for char in before)
        said = after.lstrip(" \t-–—:.,;)]*|") if label else line.lstrip(" \t-*•#>")
        if any(char.isalpha() for char in said):
            found.append(Moment(start, end, said))
    return found


def settle(moments, window):
    """In the window, in order, none over another, not too many, each on one line."""
    if not any(inside(each, window) for each in moments) and window.start > 0:
        # Counted from the stretch's own beginning, it seems.
        if all(each.start <= window.seconds for each in moments):
            moments = [shifted(each, window.start) for each in moments]
    kept = []
    for each in moments:
        text = one_line(each.text, MAX_TEXT)
        if text and inside(each, window):
            start = round(max(each.start, window.start), 3)
            end = each.end if each.end > start else start + USUAL_S
            kept.append(replace(each, start=start, end=round(min(end, window.end), 3), text=text))
    kept = sorted(kept, key=lambda each: -each.weight)  # stable: the first of equals stays
    kept = sorted(apart(kept)[:MAX_MOMENTS], key=lambda each: each.start)
    after = [*(each.start for each in kept[1:]), window.end]
    return tuple(
        replace(each, end=min(each.end, limit)) for each, limit in zip(kept, after, strict=False)
    )


def apart(moments):
    """Without those that begin with one of those before them."""
    kept, taken = [], set()
    for each in moments:
        slot = int(each.start / SAME_S)
        near = (slot - 1, slot, slot + 1)
        if not taken.intersection(near):
            taken.add(slot)
            kept.append(each)
    return kept


def inside(moment, window):
    return moment.start < window.end and (
        moment.start >= window.start - EARLY_S or moment.end > window.start
    )


def shifted(moment, by):
    return replace(moment, start=moment.start + by, end=moment.end + by if moment.end else 0.0)


def to_plain(moments):
    """As JSON can keep them."""
    return [asdict(each) for each in moments]


def from_plain(kept):
    return tuple(Moment(**{**each, "facts": tuple(each["facts"])}) for each in kept)
