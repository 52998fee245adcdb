"""The offline voice: eSpeak NG, which needs no key and no network.

The library comes with the wheel of espeakng-loader, or is found on the system. It runs in
a process of its own for each line (`espeak_child.py`), bounded in time and memory, and is
given the text on standard input: nothing of a text can become an option, and markup in it
is read out as the signs it is.
"""

import functools
import importlib.util
import json
import os
import sys
import threading
from pathlib import Path

from .. import process
from ..errors import ProviderError
from . import espeak_names, timing
from .base import Speech, Voice, plain, silent
from .sound import Sound

CHILD = Path(__file__).with_name("espeak_child.py")
LIMIT_S = 20.0
MEMORY = 512 * 1024 * 1024
MOST_SECONDS = 300  # of speech
SYSTEM = "libespeak-ng.so.1"

# A commentator is in less of a hurry than a screen reader (175), and livelier (50).
WORDS_PER_MINUTE = 160
PITCH, RANGE = 46, 62
SLOWEST, FASTEST = 0.5, 2.0

# Each takes a processor for some hundredths of a second.
PLACES = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))


class Espeak(Voice):
    label = "eSpeak NG (offline)"
    remote = False
    speakers = ("max", "Annie")  # a man's and a woman's, more than an octave apart

    @property
    def languages(self):
        return names().languages

    @property
    def missing(self):
        try:
            names()
        except ProviderError:
            return "espeakng-loader"
        return None

    def check(self, language, speaker=""):
        names().found(language, speaker or self.speakers[0])

    def speak(self, utterance, folder, token):
        text = plain(utterance.text)
        voice = names().found(utterance.language, utterance.voice or self.speakers[0])
        speed = min(max(utterance.speed, SLOWEST), FASTEST)
        order = {
            "text": text,
            "voice": names().identifier(voice),
            "rate": round(WORDS_PER_MINUTE * speed),
            "pitch": PITCH,
            "range": RANGE,
            "most_seconds": MOST_SECONDS,
        }
        answer, samples = ask(order, token)
        whole = Sound.of_bytes(samples, answer["rate"])
        if whole.is_silent:
            raise silent()
        heard = timing.words(text, spans(answer["events"], whole))
        sound, cut = whole.trimmed()
        return Speech(
            path=sound.write(Path(folder)),
            seconds=sound.seconds,
            words=timing.moved(heard, cut, sound.seconds),
            voice=f"espeak:{voice}",
        )


def spans(events, sound):
    """A word is heard from its event to the next one, but for the silence behind it."""
    times = [sample / sound.rate for _, _, sample in events] + [sound.seconds]
    for (is_word, character, _), start, end in zip(events, times, times[1:]):
        if is_word:
            yield character, start, sound.end_of_sound(start, end)


def ask(order, token=None):
    """(what it answers, the samples behind that)."""
    library, data = location()
    order = {**order, "library": library, "data": data}
    command = [sys.executable, "-I", "-S", CHILD]
    feed = json.dumps(order).encode()
    try:
        said = b"".join(process.output(command, token, LIMIT_S, PLACES, feed, MEMORY))
    except process.TooSlow:
        raise ProviderError("timeout_total", "eSpeak NG was not done with this line.") from None
    except process.ProgramError:
        raise ProviderError("internal", "eSpeak NG failed at this line.") from None
    answer, _, samples = said.partition(b"\n")
    return json.loads(answer), samples


def location():
    """(the library, its data): the wheel's, else whatever the system has."""
    wheel = importlib.util.find_spec("espeakng_loader")
    for folder in wheel.submodule_search_locations if wheel else ():
        for library in sorted(Path(folder).glob("libespeak-ng.*")):
            return str(library), str(Path(folder) / "espeak-ng-data")
    return SYSTEM, None


@functools.lru_cache(maxsize=1)
def names():
    try:
        answer, _ = ask({})
    except ProviderError:
        raise ProviderError(
            "internal", "There is no offline voice. Install it: `pip install espeakng-loader`."
        ) from None
    return espeak_names.Names(answer["voices"], answer["variants"])
