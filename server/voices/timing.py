"""When each word is heard, from a voice's own timing of characters.

A voice tells of spans of sound that begin at characters of the text. Words are what
stands between spaces; where a script has none, each sign is one. What makes no sound of
its own, a dash say, belongs to the word before it.
"""

import re

SIGN = "\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
PIECE = re.compile(rf"[{SIGN}][^\w\s]*|[^\s{SIGN}]+")


def words(text, spans):
    """`spans` are (index of a character, start, end) in the order they are heard. The words
    come in order and do not overlap."""
    pieces = [[found.start(), found.end(), None, None] for found in PIECE.finditer(text)]
    number = 0
    for index, start, end in sorted(spans):
        while number < len(pieces) and pieces[number][1] <= index:
            number += 1
        if number == len(pieces):
            break
        piece = pieces[number]
        if index >= piece[0]:
            piece[2] = start if piece[2] is None else min(piece[2], start)
            piece[3] = end if piece[3] is None else max(piece[3], end)
    return tuple(in_order(text, joined(pieces)))


def joined(pieces):
    """Those that are heard, with the unheard attached."""
    heard = []
    for piece in pieces:
        if piece[2] is not None:
            if heard and heard[-1][2] is None:  # the text began with something unheard
                piece[0] = heard.pop()[0]
            heard.append(piece)
        elif heard:
            heard[-1][1] = piece[1]
        else:
            heard.append(piece)
    return [piece for piece in heard if piece[2] is not None]


def in_order(text, pieces):
    for number, (first, last, start, end) in enumerate(pieces):
        if number + 1 < len(pieces):
            end = min(end, pieces[number + 1][2])
        yield start, max(start, end), text[first:last]


def moved(words, by, seconds):
    """The same words in a sound of that length from which `by` seconds were cut in front."""
    return tuple(
        (round(clamp(start - by, seconds), 4), round(clamp(end - by, seconds), 4), word)
        for start, end, word in words
    )


def clamp(time, seconds):
    return min(max(0.0, time), seconds)
