"""The list of voices: one line each, the best first. A voice's file is imported on first use."""

import threading
from importlib import import_module

from ..errors import UnknownVoice

VOICES = {
    "elevenlabs": "elevenlabs:ElevenLabs",
    "espeak": "espeak:Espeak",
}
# Whose speakers are asked for without saying whose they are.
DEFAULT = "elevenlabs"


def voice_class(name):
    module, _, attribute = VOICES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)


class Voices:
    """The voices of this process: one of each kind, because what a vendor allows at once
    it allows to all of us together."""

    def __init__(self, settings, alarms):
        self._made_of = (settings, alarms)
        self._lock = threading.Lock()
        self._made = {}

    def of(self, name):
        with self._lock:
            if name not in self._made:
                self._made[name] = voice_class(name)(*self._made_of)
            return self._made[name]

    def choose(self, wanted="", language=""):
        """(the Voice, its speaker) that a request's `voice` means:

        ""                      the best that has its key
        espeak, elevenlabs      that one, with its own first speaker
        espeak:en-gb+f3         that one's speaker
        George, 21m00Tcm…       a speaker of ElevenLabs
        """
        name, _, speaker = wanted.strip().partition(":")
        if not wanted.strip():
            name = self.best
        elif name.lower() in VOICES:
            name = name.lower()
        else:
            name, speaker = DEFAULT, wanted.strip()
        voice = self.of(name)
        if voice.missing:
            raise UnknownVoice(
                f"The voice {wanted.strip()[:40]!r} needs {voice.missing}. "
                f"Here can speak: {', '.join(self.ready) or 'none'}."
            )
        voice.check(language, speaker)
        return voice, speaker

    @property
    def ready(self):
        return [name for name in VOICES if self.of(name).missing is None]

    @property
    def best(self):
        for name in self.ready:
            return name
        raise UnknownVoice("There is no voice here. Install one: `pip install espeakng-loader`.")

    @property
    def offline(self):
        """The voice that costs nothing, for when another's quota is used up; or None."""
        return next((self.of(name) for name in self.ready if not self.of(name).remote), None)

    def listed(self):
        return [listed(name, self.of(name)) for name in VOICES]


def listed(name, voice):
    """What a client may know of a voice. `languages` None: any."""
    missing = voice.missing
    languages = () if missing else voice.languages
    return {
        "name": name,
        "label": voice.label,
        "missing": missing,
        "remote": voice.remote,
        "speakers": list(voice.speakers),
        "languages": languages if languages is None else list(languages),
    }
