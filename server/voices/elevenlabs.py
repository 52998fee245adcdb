"""ElevenLabs: voices that sound like people.

A speaker is the id of one of its voices, or a name that is looked up in the account. How
many lines are spoken at once is found out as they are (`throttle.py`).
"""

import hashlib
import re
import threading
from collections import OrderedDict
from pathlib import Path

from .. import credentials
from ..errors import ProviderError
from ..vendors import faults
from ..vendors.addresses import require_web_address
from . import elevenlabs_wire, timing
from .base import Speech, Voice, plain, silent
from .sound import Sound
from .throttle import Throttle, TooMany
from .trying import tried

ELEVENLABS = "https://api.elevenlabs.io"
ID = re.compile(r"[A-Za-z0-9]{20}")
CODE = re.compile(r"[a-z]{2,3}")
SLOWEST, FASTEST = 0.7, 1.2  # what it takes
CONTEXT_CHARS = 500
KNOWN_NAMES = 500


class ElevenLabs(Voice):
    label = "ElevenLabs"
    env_vars = ("ELEVENLABS_API_KEY",)

    def __init__(self, settings, alarms):
        super().__init__(settings, alarms)
        self.throttle = Throttle(settings.voice_concurrency)
        self.speakers = settings.elevenlabs_voice
        self._ids = Ids()

    def identity(self, speaker):
        chosen = self.settings
        return [*super().identity(speaker or chosen.elevenlabs_voice[0]), chosen.elevenlabs_model]

    def speak(self, utterance, folder, token):
        text = plain(utterance.text)
        speaker = utterance.voice or self.speakers[0]

        def ask(within):
            with self.throttle.turn(token) as turn, within(token):
                line = elevenlabs_wire.Line(self._base_url(), credentials.key(*self.env_vars))
                try:
                    voice_id = self._ids.of(speaker, line, self._account())
                    spoken = line.speech(voice_id, **self._request(text, utterance))
                    check_length(spoken)
                except TooMany:
                    turn.refused()
                    raise
                turn.succeeded(spoken.at_once)
                return voice_id, spoken

        voice_id, spoken = tried(ask, token, self.alarms, self.settings.voice_timeout_s)
        whole = Sound.of_bytes(spoken.samples, elevenlabs_wire.RATE)
        if whole.is_silent:
            raise silent()
        sound, cut = whole.trimmed()
        return Speech(
            path=sound.write(Path(folder)),
            seconds=sound.seconds,
            words=timing.moved(heard(text, spoken), cut, sound.seconds),
            voice=f"elevenlabs:{voice_id}",
            characters=spoken.billed,
        )

    def _request(self, text, utterance):
        model = self.settings.elevenlabs_model
        asked = {"text": text, "model_id": model}
        language = re.split("[-_]", utterance.language.lower())[0]
        if CODE.fullmatch(language) and "multilingual_v2" not in model:  # that takes none
            asked["language_code"] = language
        if utterance.speed != 1.0:
            asked["voice_settings"] = {"speed": min(max(utterance.speed, SLOWEST), FASTEST)}
        if not model.startswith("eleven_v3"):  # it takes no context
            around = {"previous_text": utterance.before[-CONTEXT_CHARS:]}
            around["next_text"] = utterance.after[:CONTEXT_CHARS]
            asked.update({name: near for name, near in around.items() if near})
        return asked

    def _base_url(self):
        url = credentials.optional("ELEVENLABS_BASE_URL", default=ELEVENLABS).rstrip("/")
        require_web_address(url, "ELEVENLABS_BASE_URL")
        return url.removesuffix("/v1")  # people write it as they do for other vendors

    def _account(self):
        text = f"{self._base_url()} {credentials.key(*self.env_vars)}"
        return hashlib.sha256(text.encode()).hexdigest()


class Ids:
    """Names of voices, looked up once in an account."""

    def __init__(self):
        self._lock = threading.Lock()
        self._known = OrderedDict()

    def of(self, speaker, line, account):
        if ID.fullmatch(speaker):
            return speaker
        key = (account, speaker.casefold())
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = found(speaker, line.voices(speaker))
            with self._lock:
                self._known[key] = known
                if len(self._known) > KNOWN_NAMES:
                    self._known.popitem(last=False)
        return known


def found(speaker, voices):
    """The id of the voice of that name: `George`, or `George - Warm Storyteller`."""
    wanted = speaker.casefold()
    for fits in (
        lambda name: name == wanted,
        lambda name: re.split(r"\W", name, maxsplit=1)[0] == wanted,
    ):
        for voice_id, name in voices:
            if fits(name.strip().casefold()) and ID.fullmatch(voice_id):
                return voice_id
    near = faults.presentable(", ".join(name for _, name in voices[:5]))
    raise ProviderError(
        "not_found",
        f"The account has no voice named {faults.presentable(speaker[:40])!r}."
        + (f" It has {near}." if near else " Give its id, or set ELEVENLABS_VOICE."),
    )


def check_length(spoken):
    """Speech that breaks off, or noise in the place of it, is as long as no text is."""
    told = max(spoken.ends, default=None)
    seconds = len(spoken.samples) / 2 / elevenlabs_wire.RATE
    if told is None:
        return
    if seconds < told - 0.5:
        raise faults.unintelligible("less sound than it announced")
    if seconds > 2 * told + 5:
        raise faults.unintelligible("more sound than it announced")


def heard(text, spoken):
    if "".join(spoken.characters) != text:
        return ()  # of another text: better no times than wrong ones
    spans, index = [], 0
    for character, start, end in zip(spoken.characters, spoken.starts, spoken.ends):
        if not character.isspace():
            spans.append((index, start, max(start, end)))
        index += len(character)
    return timing.words(text, spans)
