"""What a model's answer holds when JSON was asked for, however it was wrapped.

Fenced, with prose around it, one object a line, cut off in the middle: every value that
can be read is found, in order. Pure, and bounded whatever it is given.
"""

import json

MAX_TRIES = 1000  # places where JSON could begin
MAX_DEPTH = 6
MAX_ITEMS = 10_000
DECODER = json.JSONDecoder()


def values(text):
    """Every JSON list and object in a text, outermost ones only."""
    at, tries = 0, 0
    while tries < MAX_TRIES:
        at = min(
            (found for found in (text.find(mark, at) for mark in "[{") if found >= 0), default=-1
        )
        if at < 0:
            return
        tries += 1
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1  # or prose that has a bracket in it
        else:
            yield value


def items(text):
    """The things listed: what is in the lists, and objects that stand alone. None when
    there is no JSON at all; a list with nothing in it is an answer, too."""
    found, any_json = [], False
    for value in values(text):
        # A bracketed number in prose is a footnote, or a time.
        if isinstance(value, dict) or not value or any(listed(item) for item in value):
            any_json = True
            for item in unfolded(value, MAX_DEPTH):
                if len(found) == MAX_ITEMS:
                    return found
                found.append(item)
    return found if any_json else None


def listed(item):
    return isinstance(item, (dict, list, str))


def unfolded(value, depth):
    """A list's items; an object itself, or the items of a list that is all it wraps."""
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list) and any(isinstance(part, (dict, list)) for part in item):
                yield from unfolded(item, depth - 1)
            else:
                yield item
    elif isinstance(value, dict):
        lists = [part for part in value.values() if isinstance(part, list)]
        lists = [part for part in lists if not part or any(map(listed, part))]
        if lists and not any(isinstance(part, (int, float)) for part in value.values()):
            for part in lists:
                yield from unfolded(part, depth - 1)
        elif value and all(isinstance(part, dict) for part in value.values()):
            for part in value.values():
                yield from unfolded(part, depth - 1)
        else:
            yield value
