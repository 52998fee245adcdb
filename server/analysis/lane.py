"""One model's way through a run: what it said, how it ended, what was measured.

Workers push small facts into the queue (`Begin`, text, `End`, `Fail`), each with the
time it happened; only the run's reader folds them in here, so a lane needs no lock, and
of two ends for one lane (a worker's and a deadline's) the first is the only one.
"""

from dataclasses import dataclass

from ..errors import ProviderError
from ..providers.base import Usage


@dataclass(frozen=True)
class Begin:
    cached: bool
    evidence: dict | None


@dataclass(frozen=True)
class End:
    finish_reason: str
    usage: Usage
    cache_key: str | None = None  # under which to keep the answer


@dataclass(frozen=True)
class Fail:
    error: ProviderError
    usage: Usage = Usage()


class Lane:
    def __init__(self, slot):
        self.slot = slot
        self.become("waiting")
        self.phase = "starting"  # set by the worker, told by the reader
        self.pieces: list[str] = []
        self.evidence = None
        self.cached = False
        self.finish_reason = None
        self.error = None
        self.metrics = None
        self.began_at = None
        self.first_text_at = None
        self._form = None  # of its messages with text

    def become(self, state):
        self.state, self.over = state, state in ("done", "failed", "cancelled")

    @property
    def unheard(self):
        """It has said nothing yet, asked or not."""
        return self.first_text_at is None and not self.over

    @property
    def awaited(self):
        """It was asked, and has said nothing yet."""
        return self.state == "working" and self.first_text_at is None

    def fold(self, at, fact, vocabulary):
        """Take in a fact; return the messages it makes."""
        if self.over:
            return []
        name = self.slot.name
        if isinstance(fact, str):
            if self.first_text_at is None:
                self.first_text_at, self._form = at, vocabulary.form(name)
            self.pieces.append(fact)
            return [self._form.filled(fact)]
        if isinstance(fact, Begin):
            self.become("working")
            self.began_at = at
            self.cached, self.evidence = fact.cached, fact.evidence
            label = self.slot.model.label
            return vocabulary.model_start(name, label, fact.cached, fact.evidence)
        messages = []
        if self.state == "waiting":  # ended before it began: a start is owed all the same
            messages = self.fold(at, Begin(False, None), vocabulary)
        self.metrics = self._measure(at, fact.usage)
        if isinstance(fact, End):
            self.become("done")
            self.finish_reason = fact.finish_reason
            return [
                *messages,
                *vocabulary.metrics(name, self.metrics),
                *vocabulary.model_end(name, fact.finish_reason),
            ]
        self.become("cancelled" if fact.error.code == "cancelled" else "failed")
        self.error = fact.error
        if self.pieces:
            messages += vocabulary.metrics(name, self.metrics)
        return messages + vocabulary.model_error(name, fact.error, bool(self.pieces))

    def count(self, metrics):
        """It is over: how it fared, for those who watch the server."""
        provider, measured = self.slot.model.provider, self.metrics
        if self.cached:
            metrics.model_cached(provider)
            return
        took, first = measured["duration"], measured["time_to_first_text"]
        usage = Usage(measured["input_tokens"], measured["output_tokens"])
        metrics.model_ended(provider, self.error and self.error.code, took, first, usage)

    def settle(self):
        """The run is over: keep the words, not the thousands of pieces they came in."""
        self.pieces = ["".join(self.pieces)] if self.pieces else []

    def _measure(self, at, usage):
        """Measured or None, never invented."""
        text = self.text
        words = len(text.split())
        duration = at - self.began_at
        first = self.first_text_at
        cost = usage.cost
        if cost is None and self.slot.model.price is not None:
            cost = self.slot.model.price.cost(usage)
        return {
            "duration": round(duration, 3),
            "time_to_first_text": None if first is None else round(first - self.began_at, 3),
            "throughput": round(words / duration, 2) if words and duration > 0 else None,
            "word_count": words,
            "char_count": len(text),
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost": 0.0 if self.cached else cost,
        }

    @property
    def text(self):
        return "".join(self.pieces)

    def as_dict(self):
        return {
            "state": self.state,
            "label": self.slot.model.label,
            "cached": self.cached,
            "evidence": self.evidence,
            "text": self.text,
            "finish_reason": self.finish_reason,
            "metrics": self.metrics,
            "error": self._error(),
        }

    def outcome(self):
        """How it fared, without its words: the figures and, where it failed, why."""
        return {
            **(self.metrics or {}),
            "state": self.state,
            "cached": self.cached,
            "finish_reason": self.finish_reason,
            "error": self._error(),
        }

    def _error(self):
        return self.error and {
            "code": self.error.code,
            "message": self.error.message,
            "retryable": self.error.retryable,
            "partial": bool(self.pieces),
        }
