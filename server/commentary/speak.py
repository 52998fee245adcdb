"""The stage that gives lines a voice, and sees to it that they fit.

The lines of a stretch are spoken at once, as many as the voice allows. Each is measured;
one that is too long for its room even spoken a little faster is written once more,
shorter. What was spoken is kept: the same line in the same voice is never paid for twice.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .. import media
from ..errors import ProviderError, ServerError
from ..voices.base import Utterance
from .base import Clip, Loss, Stage
from .cast import Cast
from .fitting import fit
from .pipeline import on_wire
from .plain import words
from .rooms import LEAD_S, WORDS_PER_S
from .write import shorten

LINES_AT_ONCE = 5
TARGET_LUFS = -18.0
PEAK_DB = -3.0  # of a voice alone; the sum has a limiter of its own
MOST_GAIN_DB = 15.0


@dataclass
class Made:
    """What became of a line: a Clip or a Loss, and what the reader is to know of it."""

    clip: object = None
    warnings: list = field(default_factory=list)


class Speak(Stage):
    name = "speak"
    workers = 4

    def __init__(self, job):
        super().__init__(job)
        self._cast = Cast(self.job)

    def work(self, stretch):
        if not stretch.lines:
            return stretch
        places = min(LINES_AT_ONCE, len(stretch.lines))
        with ThreadPoolExecutor(places, thread_name_prefix="speak") as pool:
            made = list(pool.map(self._line, stretch.lines))
            tight = [each for each in made if isinstance(each.clip, Clip)]
            fits = fit([each.clip for each in tight], stretch.window.start + LEAD_S)
            wanted = {id(found.clip): found.words for found in fits if found.start is None}
            list(pool.map(lambda each: self._shorter(each, wanted.get(id(each.clip))), tight))
        return stretch.but(
            clips=tuple(each.clip for each in made if isinstance(each.clip, Clip)),
            lost=(*stretch.lost, *(each.clip for each in made if isinstance(each.clip, Loss))),
            warnings=(*stretch.warnings, *(said for each in made for said in each.warnings)),
        )

    def _line(self, line):
        made = Made()
        try:
            made.clip = self._spoken(line, made.warnings)
        except ServerError as error:
            self.job.token.check()
            made.clip = Loss(line.start, self.name, error.code, error.message)
        return made

    def _shorter(self, made, most):
        """Once more in so many words, where it does not fit as it is. Should that fail, the
        stage that places it says so."""
        if most is None:
            return
        line = shorten(self.job, made.clip.line, most)
        if line is not None and line.text != made.clip.line.text:
            try:
                made.clip = self._spoken(line, made.warnings)
            except ServerError:
                self.job.token.check()

    def _spoken(self, line, warnings):
        while (chosen := self._cast.of(self._commentator(line))) is not None:
            voice, speaker = chosen
            try:
                clip = self._clip(line, voice, speaker)
                self._cast.spoke()
                return clip
            except ProviderError as error:
                self.job.token.check()
                if said := self._cast.fails(voice, error):
                    warnings.append(said)
        # Nobody speaks any more: it is read, at a voice's pace.
        return Clip(line, None, words(line.text) / WORDS_PER_S)

    def _commentator(self, line):
        voices = self.job.options.voices
        return voices.index(line.speaker) if line.speaker in voices else 0

    def _clip(self, line, voice, speaker):
        job = self.job
        utterance = Utterance(line.text, job.options.language, speaker)
        inputs = {"voice": voice.identity(speaker), "text": line.text, "as": utterance.language}

        def make(folder):
            speech = self._asked(voice, utterance, folder)
            lufs, peak, _ = media.loudness(speech.path, job.token)
            return {
                "file": speech.path.name,
                "seconds": speech.seconds,
                "words": speech.words,
                "gain": gain(lufs, peak),
            }

        kept, folder = job.results.once_with_files(self.name, inputs, make)
        timed = tuple((start, end, word) for start, end, word in kept["words"])
        return Clip(line, folder / kept["file"], kept["seconds"], timed, kept["gain"])

    def _asked(self, voice, utterance, folder):
        spoke, began = self.job.services.metrics.spoke, time.monotonic()
        try:
            with self.job.token.serving():
                speech = voice.speak(utterance, folder, self.job.token)
        except Exception as error:
            code = "cancelled" if self.job.token.cancelled else on_wire(error).code
            spoke(voice.name, code, time.monotonic() - began)
            raise
        spoke(voice.name, None, time.monotonic() - began, speech.characters)
        return speech


def gain(lufs, peak):
    """What brings a clip to the loudness of the others, and its peak not too high."""
    if lufs is None:
        return 1.0
    wanted = min(TARGET_LUFS - lufs, MOST_GAIN_DB)
    if peak is not None:
        wanted = min(wanted, PEAK_DB - peak)
    return round(10 ** (wanted / 20), 4)
