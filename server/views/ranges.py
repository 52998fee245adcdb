"""Conditional requests and byte ranges as RFC 9110 has them. Pure: from what was asked and
what there is to a status and a slice, which `sending.py` sends.

werkzeug's own answer differs from the RFC in seven cases, most of them in what a player
sends when it seeks. Several ranges in one request are answered with the whole file, which the RFC
leaves to the server; no player we know asks for them.
"""

import email.utils
import re
from dataclasses import dataclass
from datetime import timezone

HUGE = 10**18  # more digits than any file has bytes

ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
RANGE = re.compile(r"([0-9]+)-([0-9]*)|-([0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Decision:
    """What to answer, and which bytes: `length` of them from `start`."""

    status: int
    start: int
    length: int


def decide(method, headers, size, etag, modified, now):
    """The answer to a request for `size` bytes with that strong `etag` (without quotes),
    last modified at `modified`; both times in whole seconds."""
    whole = Decision(200, 0, size)
    match, none_match = headers.get("If-Match"), headers.get("If-None-Match")
    if match is not None:
        if not any_tag(match, etag, weak=False):
            return Decision(412, 0, 0)
    else:
        unmodified_since = http_date(headers.get("If-Unmodified-Since"))
        if unmodified_since is not None and modified > unmodified_since:
            return Decision(412, 0, 0)
    if none_match is not None:
        if any_tag(none_match, etag, weak=True):
            return Decision(304, 0, 0)
    else:
        modified_since = http_date(headers.get("If-Modified-Since"))
        if modified_since is not None and modified <= modified_since:
            return Decision(304, 0, 0)
    wanted = headers.get("Range")
    if method != "GET" or wanted is None:
        return whole
    if not still_the_same(headers.get("If-Range"), etag, modified, now):
        return whole
    found = one_range(wanted, size)
    if found is None:
        return whole
    start, length = found
    return Decision(206, start, length) if length else Decision(416, 0, 0)


def one_range(text, size):
    """(start, length) of a `Range`; length 0 when it lies outside; None to ignore it."""
    unit, equals, specs = text.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    specs = [spec.strip(" \t") for spec in specs.split(",")]
    specs = [spec for spec in specs if spec]
    if len(specs) != 1:
        return None
    found = RANGE.fullmatch(specs[0])
    if not found:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        if size == 0:
            return None  # satisfiable, says the RFC, yet 206 cannot say "no bytes"
        length = min(number(suffix), size)
        return size - length, length
    first = number(first)
    last = number(last) if last else HUGE
    if last < first:
        return None  # not a range at all
    return first, max(0, min(last + 1, size) - first)


def number(digits):
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) < 19 else HUGE


def any_tag(text, etag, weak):
    """Whether an If-Match or If-None-Match names this etag. A weak comparison does not
    mind the W/ of a weak tag, a strong one never accepts it."""
    if text.strip() == "*":
        return True
    return any(tag == etag and (weak or not mark) for mark, tag in ENTITY_TAG.findall(text))


def still_the_same(if_range, etag, modified, now):
    """If-Range: whether the part the client has and the part it wants fit together."""
    if if_range is None:
        return True
    tag = ENTITY_TAG.fullmatch(if_range.strip())
    if tag:
        return tag[1] is None and tag[2] == etag
    # A date is proof only when no second change can hide within the same second.
    return http_date(if_range) == modified and modified < now


def http_date(text):
    """Seconds since 1970, or None for what is no date and is therefore ignored."""
    if not text:
        return None
    try:
        when = email.utils.parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        return int(when.timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
