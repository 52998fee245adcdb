"""Makes what is to be said shorter where it can be cut without harm: between sentences,
or else between clauses. Pure."""

import re

from .plain import words

SENTENCE = re.compile(r"(?<=[.!?…])[\"”»’)]*\s+|(?<=[。！？؟।])\s*")
CLAUSE = re.compile(r"[,;:،、，；]\s+|(?<=[、，；،])|\s[–—-]\s")
FEWEST_WORDS = 3  # of a clause that can stand alone


def cut(text, most):
    """As much of the beginning as has at most so many words; "" when that is nothing."""
    return longest(SENTENCE, text, most, 1) or finished(longest(CLAUSE, text, most, FEWEST_WORDS))


def trimmed(text, most):
    """The text cut to so many words where that can be; else its first sentence, which is
    too long, but whole."""
    if words(text) <= most:
        return text
    return cut(text, most) or SENTENCE.split(text, maxsplit=1)[0]


def longest(border, text, most, least):
    """The longest beginning that ends at such a border and has so many words."""
    ends = [found.start() for found in border.finditer(text)] + [len(text)]
    for end in reversed(ends):
        head = text[:end].strip()
        if least <= words(head) <= most:
            return head
    return ""


def finished(clause):
    """A clause as a sentence of its own."""
    return clause and (clause if clause[-1] in ".!?…。！？" else f"{clause.rstrip(' ,;:')}.")
