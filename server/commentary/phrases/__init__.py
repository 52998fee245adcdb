"""What the writer by rules can say, one file per language.

Another language is another file: the same entries, at least four ways to say each.
"""

import hashlib
import tomllib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def base(language):
    """`de` of `de-AT`."""
    return language.partition("-")[0].lower()


def speaks(language):
    return base(language) in LANGUAGES


@cache
def book(language):
    return tomllib.loads((FOLDER / f"{base(language)}.toml").read_text("utf-8"))


def ways(language, tag, window, number, seed=""):
    """Every way to say it, the one to prefer first, for line `number` of that window.

    Windows are written at the same time, none knows of the other's words. So that lines
    next to each other still differ, the first line of each window draws from one half of
    the ways, in turn with the windows, and all others from the other half, in turn too.
    """
    sentences = shuffled(book(language)["sentences"][tag], f"{seed} {tag}")
    half = len(sentences) // 2
    pool, others = sentences[:half], sentences[half:]
    turn = window
    if number > 0:
        pool, others = others, pool
        turn = window + number
    turn %= len(pool)
    return pool[turn:] + pool[:turn] + others


def shuffled(sentences, seed):
    def drawn(sentence):
        return hashlib.sha256(f"{seed} {sentence}".encode()).digest()

    return sorted(sentences, key=drawn)


def say(language, tag, window, number, values=None, seed=""):
    """One sentence for what was measured. `values` are what it may mention."""
    return tell(ways(language, tag, window, number, seed)[0], language, values)


def tell(sentence, language, values=None):
    values = dict(values or {})
    if "colour" in values:
        values["colour"] = book(language)["colours"][values["colour"]]
    told = sentence.format(**values)
    return told[0].upper() + told[1:]
