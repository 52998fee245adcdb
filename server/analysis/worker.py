"""One model's thread: ask the provider, push what it says into the queue.

Whatever happens, the lane ends: with `End`, with `Fail`, or, should this thread be
stuck where nothing can reach it, by the deadline that gives up on it.
"""

import json
import logging
import math
import time

from ..cancel import CancelToken
from ..errors import BadRequest, ProviderError
from ..log import facts
from ..providers.base import Call, Finish, Usage
from . import cache
from .attempts import attempts
from .lane import Begin, End, Fail
from .patience import Patience

log = logging.getLogger(__name__)

# How long a hung-up worker has to say its own last word.
LAST_WORD_S = 0.3


class Worker:
    def __init__(self, run, lane, channel, refresh=False, kept=None):
        self.lane = lane
        self.token = CancelToken()
        self._run_id = run.id
        self._question = run.question_to(lane.slot.name)
        self._channel = channel
        self._services = run.services
        self._refresh = refresh
        self._kept = kept
        self._circuit = run.services.circuits.of(lane.slot.model.name)
        self._patience = None
        self._alarm = None
        self._over = False
        self._asked = False  # the vendor itself, whose health the circuit counts

    def __call__(self):
        slot = self.lane.slot
        usage = Usage()
        try:
            with self.token.serving():
                provider = slot.provider
                key = None
                if provider.cacheable and self._kept is None:  # hashes the video, the first time
                    key = cache.key(self._question, slot)
                kept = self._kept_answer(key)
                self._say(Begin(kept is not None, self._evidence(provider)))
                if kept is not None:
                    for piece in kept.pieces:
                        self._say(piece)
                    self._say(kept_end(kept))
                    return
                finish = Finish("stop")
                for item in self._ask(provider):
                    if isinstance(item, str):
                        self._say(item)
                    elif isinstance(item, Usage):
                        usage = plausible(item)
                    else:
                        finish = item
                self.token.check()
                self._say(End(str(finish.reason), usage, key))
                if self._asked:
                    self._circuit.succeeded()
        except Exception as caught:
            error = self._translate(caught)
            if self._asked:
                self._circuit.failed(error.code, time.monotonic())
            self._say(Fail(error, usage))
        finally:
            self._over = True
            if self._alarm:
                self._alarm.cancel()

    def _kept_answer(self, key):
        if self._kept is not None:
            return self._kept
        if self._refresh or key is None:
            return None
        return self._services.cache.get(key)

    def _evidence(self, provider):
        try:
            evidence = provider.evidence(self._question)
        except ProviderError:
            return None  # `preflight` will say why
        json.dumps(evidence, allow_nan=False)  # fails here, and not in everybody's reader
        return evidence

    def _ask(self, provider):
        """The provider's answer, under a deadline and within limits."""
        model, settings = self.lane.slot.model, self._services.settings
        self._patience = Patience(
            model.first_text_timeout_s or settings.first_text_timeout_s,
            model.idle_timeout_s or settings.idle_timeout_s,
            model.timeout_s or settings.model_timeout_s,
            time.monotonic(),
        )
        self._watch()
        self.token.check()
        if self._question.video is None and "text" not in model.takes and not model.simulated:
            raise ProviderError("bad_request", f"{model.label} answers about videos only.")
        provider.preflight(self._question)
        if provider.remote:
            self._circuit.check(time.monotonic())
            self._asked = True
        chars = 0
        for item in attempts(
            provider, self._question, Call(self.token, self._phase), self._patience
        ):
            self.token.check()
            if isinstance(item, str):
                if not item:
                    continue
                self._patience.heard()
                chars += len(item)
                if chars > settings.max_answer_chars:
                    raise ProviderError(
                        "truncated",
                        f"The answer is longer than {settings.max_answer_chars} characters "
                        "and was cut there. Raise MAX_ANSWER_CHARS.",
                        retryable=False,
                    )
            elif isinstance(item, Finish):
                self._patience.heard()  # no more words are owed; the provider sees to the rest
            yield item
            if not isinstance(item, Finish):
                self._patience.waits(time.monotonic())

    def _phase(self, name):
        self.lane.phase = name
        self._patience.phase(name, time.monotonic())

    def _watch(self):
        now = time.monotonic()
        error = self._patience.verdict(now)
        if self._over:
            return
        if error is None:
            look = self._patience.next_look(now)
            self._alarm = self._services.alarms.after(look, self._watch)
            if self._over:  # it ended while this was being set
                self._alarm.cancel()
        else:
            self.cancel(error)

    def cancel(self, error):
        """Hang up. If the worker does not end its lane at once, end it here."""
        self.token.cancel(error)
        self._services.alarms.after(LAST_WORD_S, lambda: self._give_up(error))

    def _give_up(self, error):
        if not self.lane.over:
            self._channel.put_urgent((self.lane, time.monotonic(), Fail(error)))

    def _say(self, fact):
        self._channel.put((self.lane, time.monotonic(), fact))

    def _translate(self, caught):
        if self.token.cancelled:  # then whatever came is only the sound of hanging up
            return self.token.reason
        if isinstance(caught, ProviderError):
            return caught
        if isinstance(caught, BadRequest):  # the file, most likely
            return ProviderError("bad_request", caught.message)
        known = facts(run_id=self._run_id, slot=self.lane.slot.name)
        log.error("a model's worker failed", exc_info=caught, extra=known)
        return ProviderError("internal", "A fault of this server; its log says more.")


def kept_end(kept):
    if kept.error is not None:
        return Fail(kept.error, kept.usage)
    return End(kept.finish_reason, kept.usage)


def plausible(usage):
    """Counts as a vendor can have counted; what cannot be is as good as not said."""

    def count(value, kind):
        good = isinstance(value, kind) and not isinstance(value, bool)
        return value if good and math.isfinite(value) and value >= 0 else None

    return Usage(
        count(usage.input_tokens, int),
        count(usage.output_tokens, int),
        count(usage.cost, (int, float)),
    )
