"""What a voice is: it turns a line into a sound file, and says when each word is heard.

To add one, write a file with a subclass here and one line in `voices/__init__.py`;
`docs/add-a-model.md` walks through it.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from .. import credentials
from ..errors import ProviderError

MAX_CHARS = 2000  # two minutes of speech: a line is a sentence or two

# Joiners are invisible, but Persian and the languages of India are not written without.
KEPT = "\u200c\u200d"


@dataclass(frozen=True)
class Utterance:
    """What is to be said, and how. `before` and `after` are what the same speaker says
    around it: a voice that can will carry its melody over."""

    text: str
    language: str = "en"
    voice: str = ""  # one of the voice's own speakers; "" is the first of them
    speed: float = 1.0
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Speech:
    """What was said: a WAV file without silence at its ends, and what is known of it."""

    path: Path
    seconds: float  # to the sample
    # (start, end, word) in order, or a few words that are spoken as one; () if not told
    words: tuple[tuple[float, float, str], ...] = ()
    voice: str = ""  # who really spoke
    characters: int | None = None  # that the vendor counted, if it says so
    cost: float | None = None


class Voice:
    label = ""
    env_vars: tuple[str, ...] = ()  # any one of these must be set; () needs none
    remote = True  # behind a network, and paid for
    speakers: tuple[str, ...] = ("",)  # the default for the first commentator, the second ...

    def __init__(self, settings, alarms):
        self.settings, self.alarms = settings, alarms

    @property
    def name(self):
        return type(self).__name__.lower()

    @property
    def languages(self):
        """The tags of the languages it speaks; None for any."""
        return None

    @property
    def missing(self):
        """What to set or install before it can speak; None when it can."""
        return credentials.missing(self.env_vars)

    def identity(self, speaker):
        """What decides how it sounds, as plain values: equal ones sound the same."""
        return [type(self).__name__, speaker]

    def check(self, language, speaker=""):
        """Raise BadRequest for a language or a speaker that it does not have."""

    def speak(self, utterance: Utterance, folder: Path, token) -> Speech:
        """Write a file of a name of its own into `folder`, complete or not at all.

        Blocks until it is done or the token is cancelled (then it raises Abandoned, within
        a second). Raises a ServerError with a code and a message of our own for whatever
        goes wrong.
        """
        raise NotImplementedError


def plain(text):
    """A line as it may be given to any voice: one line of visible characters."""
    text = "".join(map(shown, unicodedata.normalize("NFC", text)))
    text = " ".join(text.split())
    if len(text) > MAX_CHARS:
        raise ProviderError(
            "bad_request",
            f"A line of {len(text)} characters is too long to be spoken; {MAX_CHARS} at most.",
        )
    if not any(letter.isalnum() for letter in text):
        raise silent()
    return text


def shown(letter):
    kind = unicodedata.category(letter)
    if kind == "Cc":  # some are commands to a synthesizer
        return " "
    # Marks of direction are read out by some; half a character cannot be sent.
    return "" if kind in ("Cf", "Cs", "Cn", "Co") and letter not in KEPT else letter


def silent():
    return ProviderError("bad_request", "There is nothing in this line that can be spoken.")
