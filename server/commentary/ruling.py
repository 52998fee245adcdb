"""The writer by rules: says what was measured, in sentences of a book of phrases.

It needs no key and invents nothing. What a model saw is said in that model's words, which
were asked for in the right language. Pure, and always the same for the same film.
"""

from . import phrases
from .plain import speakable, words
from .rooms import HEARD_AT_ONCE_S
from .sentences import trimmed

VERSION = 1
MOST_SENTENCES = 3
MOST_NAMES = 8  # words of a context that can be an announcement
MAX_CHARS = 400
VALUES = {"colour": str, "cuts": int, "cut.after": int}
FIELDS = {"colour": "colour", "cuts": "count", "cut.after": "seconds"}


def write(window, rooms, options, film):
    """A text for each Room, "" where there is nothing to say. `film` tells films apart."""
    return [line(window.index, number, room, options, film) for number, room in enumerate(rooms)]


def line(window, number, room, options, film):
    # Only what has happened when the line begins: a commentator is no prophet.
    known = [each for each in room.moments if each.start <= room.start + HEARD_AT_ONCE_S]
    said = []
    if (window, number) == (0, 0) and (title := announcement(options.context)):
        said.append(phrases.say(options.language, "open", 0, 0, {"context": title}, film))
    if known:
        moment = max(known, key=lambda each: (each.weight, each.start))
        said += in_words(moment, window, number, options.language, film)
    return fitting(said, room.words)


def in_words(moment, window, number, language, film):
    if not moment.facts:
        return [speakable(moment.text, MAX_CHARS)]
    return [
        phrases.say(language, tag, window, number, values, film)
        for tag, values in map(tag_of, moment.facts[:MOST_SENTENCES])
    ]


def tag_of(fact):
    """("colour", {"colour": "blue"}) of `colour=blue`."""
    tag, equals, value = fact.partition("=")
    return tag, {FIELDS[tag]: VALUES[tag](value)} if equals else {}


def fitting(sentences, most):
    """As many of the sentences as there is room for; the first one in any case."""
    said = ""
    for sentence in filter(None, sentences):
        longer = f"{said} {sentence}".strip()
        if not said:
            longer = trimmed(sentence, most)
        elif words(longer) > most:
            break
        said = longer
    return said


def announcement(context):
    """The context's first line, when it is short enough to be a title."""
    title = speakable(context.split("\n", 1)[0], 100).rstrip(".")
    return title if 0 < words(title) <= MOST_NAMES else ""
