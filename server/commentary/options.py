"""What a client may choose about a commentary, from query strings and from JSON alike."""

import math
import re
from dataclasses import asdict, dataclass, fields

from ..errors import InvalidQuestion, OverLimit
from ..models import MAX_SLOT_CHARS
from . import choosing
from .cast import cast
from .plain import one_line

# What each named style asks of a writer; any other text is a style of the client's own.
STYLES = {
    "neutral": "calm, clear and matter-of-fact",
    "sports": "a live sports commentator: present tense, energetic, short sentences",
    "documentary": "a documentary narrator: measured, precise, a little wonder",
    "funny": "light and witty, never mean, never at the cost of what is really there",
    "dramatic": "a film trailer: tension, short sentences, no invented facts",
    "children": "for children of six: simple words, warm",
    "audio-description": "for people who cannot see: says what is in the picture, no opinions",
}
LANGUAGES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "français": "fr",
    "spanish": "es",
    "español": "es",
    "italian": "it",
    "portuguese": "pt",
    "dutch": "nl",
    "polish": "pl",
    "turkish": "tr",
    "russian": "ru",
    "ukrainian": "uk",
    "arabic": "ar",
    "hindi": "hi",
    "chinese": "zh",
    "japanese": "ja",
    "korean": "ko",
}
TAG = re.compile(r"[a-z]{2,3}([-_][a-z0-9]{2,8}){0,3}", re.IGNORECASE | re.ASCII)
INTERVAL_S = (5.0, 120.0)
MAX_STYLE = 200
MAX_VOICE = 200
MAX_CONTEXT = 4000
MAX_VOICES = 2


@dataclass(frozen=True)
class Options:
    language: str = "en"
    voice: str = ""  # "" is up to us; "a,b" are two commentators
    style: str = "neutral"
    interval: float = 30.0  # seconds of video that are worked on as one
    writer: str = ""  # "" is up to us; "rules"; or a model
    detector: str = ""  # "" is up to us; "builtin"; or a model
    original_volume: float = 0.2  # of the video's own sound, under speech
    context: str = ""  # names, teams, what it is about

    @property
    def voices(self):
        """The voices asked for, one or two; () when none was."""
        return tuple(filter(None, self.voice.split(",")))

    @property
    def manner(self):
        """The style as a writer is told it."""
        return STYLES.get(self.style, self.style)

    def as_dict(self):
        """Equal for equal options, however they were written."""
        return asdict(self)


def read(asked, services):
    """Options from the fields of a request, which can be done here. Else a 4xx."""
    options = parse(asked)
    choosing.check(options, services)
    cast(options, services.voices)
    return options


def parse(asked):
    known = [field.name for field in fields(Options)]
    unknown = sorted(str(name)[:40] for name in asked if name not in known)
    if unknown:
        raise InvalidQuestion(
            f"Unknown option {', '.join(unknown[:5])}. Known are: {', '.join(known)}."
        )
    chosen = {}
    for name, value in asked.items():
        if value is None or value == "":
            continue  # as good as not said
        chosen[name] = READERS[name](name, value)
    return Options(**chosen)


def text(name, value, limit):
    if not isinstance(value, str):
        raise InvalidQuestion(f"`{name}` must be a text.")
    if len(value) > limit:
        raise OverLimit(f"`{name}` is longer than {limit} characters.")
    return one_line(value, limit)


def language(name, value):
    said = text(name, value, 40)
    said = LANGUAGES.get(said.lower(), said)
    if not TAG.fullmatch(said):
        raise InvalidQuestion(f"`{name}` must be a language tag such as en, de or pt-BR.")
    first, *rest = re.split("[-_]", said)
    return "-".join([first.lower(), *map(subtag, rest)])


def subtag(part):
    """Cased as the standard likes it: zh-Hans, pt-BR."""
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) == 2 else part.lower()


def choice(name, value, limit):
    """A text in which `auto` says the same as none."""
    said = text(name, value, limit)
    return "" if said.lower() == "auto" else said


def voice(name, value):
    voices = [part.strip() for part in choice(name, value, MAX_VOICE).split(",")]
    voices = [part for part in voices if part]
    if len(voices) > MAX_VOICES:
        raise OverLimit(f"`{name}` names {len(voices)} voices; the limit is {MAX_VOICES}.")
    if len(set(voices)) < len(voices):
        raise InvalidQuestion(f"`{name}` names the same voice twice; name two, or one.")
    return ",".join(voices)


def style(name, value):
    said = text(name, value, MAX_STYLE)
    return said.lower() if said.lower() in STYLES else said or "neutral"


def model(name, value):
    return choice(name, value, MAX_SLOT_CHARS)


def context(name, value):
    if isinstance(value, str) and len(value) <= MAX_CONTEXT:
        # Lines mean something here: a name on each, say.
        lines = (one_line(line, MAX_CONTEXT) for line in value.splitlines())
        return "\n".join(filter(None, lines))
    return text(name, value, MAX_CONTEXT)


def interval(name, value):
    seconds = number(name, value.removesuffix("s") if isinstance(value, str) else value)
    least, most = INTERVAL_S
    if not least <= seconds <= most:
        raise OverLimit(f"`{name}` must be from {least:g} to {most:g} seconds.")
    return seconds


def volume(name, value):
    if isinstance(value, str) and value.strip().endswith("%"):
        share = number(name, value.strip()[:-1]) / 100
    else:
        share = number(name, value)
    if not 0 <= share <= 1:
        raise OverLimit(f"`{name}` must be from 0 to 1, or from 0% to 100%.")
    return share + 0.0  # and no negative zero


def number(name, value):
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError
        if isinstance(value, str) and len(value) > 40:
            raise ValueError
        found = float(value)
    except (ValueError, OverflowError):
        raise InvalidQuestion(f"`{name}` must be a number.") from None
    if not math.isfinite(found):
        raise InvalidQuestion(f"`{name}` must be a number.")
    return round(found, 3)


READERS = {
    "language": language,
    "voice": voice,
    "style": style,
    "interval": interval,
    "writer": model,
    "detector": model,
    "original_volume": volume,
    "context": context,
}
