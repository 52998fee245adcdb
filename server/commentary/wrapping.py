"""Text as captions show it: pages of two rows of 42 columns, broken where one would pause.
Pure; letters of East Asia take two columns, and a row never begins with what closes one."""

import unicodedata

COLUMNS = 42
ROWS = 2
PAUSES = {".": 0.0, "!": 0.0, "?": 0.0, "…": 0.0, "。": 0.0, "！": 0.0, "？": 0.0, "؟": 0.0}
PAUSES |= dict.fromkeys(",;:，、；：،", 0.15)
ANYWHERE = 0.4  # what a break costs where nobody would pause, in halves of the text
CLOSING = set("、。，．！？；：」』）】》〉”’…ー)]!?,.;:")


def pages(text):
    """The text as tuples of rows, one tuple for each caption."""
    pieces = pieces_of(text)
    return [tuple(joined(row) for row in rows) for rows in divided(pieces)] if pieces else []


def pieces_of(text):
    """(string, whether a space was before it): what a row is never broken within."""
    found = []
    for word in text.split():
        for number, piece in enumerate(breakable(word)):
            found.append((piece, number == 0))
    return found


def breakable(word):
    """A word in the parts it may be broken into: one, where words are written apart."""
    parts, current = [], ""
    for char in word:
        # No break before what closes or modifies, nor between narrow letters.
        stays = char in CLOSING or unicodedata.category(char)[0] == "M" or char == "\u200d"
        narrow = current and not wide(current[-1]) and not wide(char)
        if current and not stays and (not narrow or width(current) >= COLUMNS):
            parts.append(current)
            current = ""
        current += char
    return [*parts, current]


def divided(pieces):
    rows = wrapped(pieces)
    if len(rows) <= ROWS:
        return [rows]
    return [page for half in halves(pieces) for page in divided(half)]


def wrapped(pieces):
    """As few rows as it takes, of about the same length if they are two."""
    rows = [[]]
    for piece in pieces:
        if rows[-1] and width(joined([*rows[-1], piece])) > COLUMNS:
            rows.append([])
        rows[-1].append(piece)
    if len(rows) == ROWS:
        balanced = halves(pieces)
        if all(width(joined(row)) <= COLUMNS for row in balanced):
            return balanced
    return rows


def halves(pieces):
    """Two parts, as even as they can be while broken where one would pause."""
    lengths = [width(piece) + spaced for piece, spaced in pieces]
    total, before, best = sum(lengths), 0, None
    for number in range(1, len(pieces)):
        before += lengths[number - 1]
        last = pieces[number - 1][0][-1]
        cost = abs(2 * before - total) / total + PAUSES.get(last, ANYWHERE)
        if best is None or cost < best[0]:
            best = (cost, number)
    return [pieces[: best[1]], pieces[best[1] :]]


def joined(pieces):
    return "".join(f" {piece}" if spaced else piece for piece, spaced in pieces).strip()


def width(text):
    return sum(2 if wide(char) else unicodedata.category(char)[0] != "M" for char in text)


def wide(char):
    return unicodedata.east_asian_width(char) in "WF"
