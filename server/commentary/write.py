"""The stage that writes: a line for each room of a window, by a model or by rules."""

from dataclasses import asdict, replace

from ..asking.whole import whole_answer
from ..errors import UNMENDED, ProviderError
from ..providers.base import Question
from . import choosing, moments, phrases, prompts, ruling
from .base import Line, Stage, StageError
from .plain import words
from .rooms import FEWEST_WORDS, rooms
from .sentences import cut


class Write(Stage):
    name = "write"
    workers = 4

    def work(self, stretch):
        job, window = self.job, stretch.window
        found = rooms(window, stretch.moments, job.video.duration)
        if not found:
            return stretch
        speakers = speakers_of(window.index, len(found), job.options.voices)
        slot = choosing.writer(job.options, job.services.models)
        warnings = stretch.warnings
        try:
            texts = (
                self.by_rules(window, found)
                if slot is None
                else self.by_model(slot, stretch, found, speakers)
            )
        except StageError as error:
            rules = phrases.speaks(job.options.language)
            if job.options.writer or not rules or error.code not in UNMENDED:
                raise
            said = f"{slot.model.label} cannot write ({error.message}) Lines are by rules instead."
            texts, warnings = self.by_rules(window, found), (*warnings, said)
        lines = zip(found, texts, speakers, strict=True)
        return stretch.but(
            lines=tuple(
                Line(room.start, room.until, text, speaker) for room, text, speaker in lines if text
            ),
            warnings=warnings,
        )

    def by_rules(self, window, found):
        job = self.job
        inputs = {
            "rules": ruling.VERSION,
            "video": job.video.digest,
            "window": asdict(window),
            "rooms": [[room.start, room.until, moments.to_plain(room.moments)] for room in found],
            "options": [job.options.language, job.options.context],
        }

        def make():
            return {"texts": ruling.write(window, found, job.options, job.video.digest)}

        return job.results.once(self.name, inputs, make)["texts"]

    def by_model(self, slot, stretch, found, speakers):
        job = self.job
        asked = prompts.writing(
            stretch.window, stretch.moments, found, speakers, job.options, job.video.duration
        )
        inputs = {"model": choosing.identity(slot), "prompt": asked}

        def make():
            return {"texts": prompts.read(ask(job, slot, asked), found)}

        return job.results.once(self.name, inputs, make)["texts"]


def speakers_of(window, count, voices):
    """Who says each line. Two commentators take turns, also from window to window."""
    if len(voices) < 2:
        return ["".join(voices)] * count
    return [voices[(window + number) % len(voices)] for number in range(count)]


def shorten(job, line, most):
    """The line in at most so many words, or None when there is no such line. A model is
    asked once; by rules, clauses are dropped."""
    if most < FEWEST_WORDS:
        return None
    slot = choosing.writer(job.options, job.services.models)
    text = line.text if slot is None else rewritten(job, slot, line, most)
    if words(text) > most:
        text = cut(text, most) or cut(line.text, most)
    return replace(line, text=text) if text else None


def rewritten(job, slot, line, most):
    asked = prompts.shortening(line, most, job.options)
    inputs = {"model": choosing.identity(slot), "prompt": asked}

    def make():
        return {"text": prompts.read_shorter(ask(job, slot, asked))}

    try:
        return job.results.once("shorten", inputs, make)["text"] or line.text
    except StageError:
        return line.text  # then it is cut


def ask(job, slot, text):
    try:
        return whole_answer(job.services, slot, Question(text), job.token)
    except ProviderError as error:
        raise StageError(error.code, error.message) from None
