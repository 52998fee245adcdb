"""Times as models write them: 12.5, "12.5s", "0:42", "00:01:02,500", "0:42 - 0:45"."""

import math
import re

CLOCK = r"\d{1,3}:\d{1,2}(?::\d{1,2})?(?:[.,]\d{1,6})?"
COUNTED = r"\d{1,6}(?:[.,]\d{1,6})?"
UNIT = r"\s*(?:s|sec|secs|seconds?|Sekunden?|secondes?|segundos?)\b\.?"
ONE = re.compile(rf"\s*({CLOCK}|{COUNTED}(?={UNIT}|\s*$))(?:{UNIT})?\s*")
SPAN = re.compile(rf"({CLOCK}|{COUNTED})(?:{UNIT})?\s*(?:-|–|—|to|→|-->)\s*({CLOCK}|{COUNTED})")
# In running text only what is surely a time: `0:42`, or a number with its unit.
MENTIONED = re.compile(rf"(?<![\d:.,])(?:({CLOCK})|({COUNTED}){UNIT})(?![\d:])", re.IGNORECASE)
LATEST_S = 1e7


def seconds(value):
    """The time a value stands for, or None when it stands for none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value + 0.0 if 0 <= value < LATEST_S else None  # false for nan
    if not isinstance(value, str):
        return None
    found = ONE.fullmatch(value[:40])
    return clock(found[1]) if found else None


def span(value):
    """(start, end) of "0:42-0:45", or None."""
    found = SPAN.fullmatch(value.strip()[:60]) if isinstance(value, str) else None
    if found is None:
        return None
    start, end = clock(found[1]), clock(found[2])
    return None if start is None or end is None else (start, end)


def clock(text):
    """`1:02:03.5` in seconds. No minute and no hour has a 60th part."""
    parts = [float(part) for part in text.replace(",", ".").split(":")]
    if any(part >= 60 for part in parts[1:]):
        return None
    total = math.fsum(part * 60**place for place, part in enumerate(reversed(parts)))
    return total if total < LATEST_S else None
