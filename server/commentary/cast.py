"""Who speaks: a voice for each commentator, and the offline one when a quota is used up."""

import threading

from ..errors import UNMENDED, BadRequest

# After what asking again does not mend another voice speaks, or none. Neither is one waited for
# that fails so often in a row with what usually passes. Any other failure is the line's own.
FAILURES = 3
OFFLINE = "offline"


def cast(options, voices):
    """[(Voice, its speaker)]: one for each commentator. Raises a 4xx for what is not to be had."""
    return [voices.choose(wanted, options.language) for wanted in options.voices or ("",)]


class Cast:
    def __init__(self, job):
        self._voices = cast(job.options, job.services.voices)
        self._offline = job.services.voices.offline
        self._falls_back = job.services.settings.voice_fallback == OFFLINE
        self._language = job.options.language
        self._lock = threading.Lock()
        self._said = set()
        self._failures = 0  # in a row

    def of(self, commentator):
        """(Voice, speaker) of the first commentator, the second ...; None when there is no
        voice for it any more."""
        with self._lock:
            return self._voices[commentator % len(self._voices)]

    def spoke(self):
        self._failures = 0

    def fails(self, voice, error):
        """Whether this voice will not speak any more in this job. Returns a warning for the
        reader, once, or None; raises the error when it is the line's own."""
        with self._lock:
            self._failures += error.retryable
            if error.code not in UNMENDED and self._failures < FAILURES:
                raise error
            instead = self._instead_of(voice)
            self._voices = [
                each if each and each[0] is not voice else self._understudy(number, instead)
                for number, each in enumerate(self._voices)
            ]
            self._failures = 0
            if voice in self._said:
                return None
            self._said.add(voice)
        then = f"{instead.label} speaks instead" if instead else "lines are captions only"
        return f"{voice.label} does not speak any more: {error.message} From here on {then}."

    def _instead_of(self, voice):
        """The offline voice, if it may and can."""
        if not self._falls_back or self._offline is None or self._offline is voice:
            return None
        try:
            self._offline.check(self._language, self._offline.speakers[0])
        except BadRequest:
            return None  # it does not have the language
        return self._offline

    @staticmethod
    def _understudy(number, voice):
        return voice and (voice, voice.speakers[number % len(voice.speakers)])
