"""Ask one provider one question, under its deadlines and within its limits.

Whoever asks reads what comes and need not know of patience, retries or circuits. A
deadline cancels the token of the call, which hangs up; the error it made is the token's
reason and is what the reader is given.
"""

import itertools
import logging
import math
import time
from contextlib import closing

from ..errors import Abandoned, BadRequest, ProviderError, our_fault
from ..log import facts
from ..providers.base import Call, Finish, Usage
from .attempts import attempts
from .patience import Patience

log = logging.getLogger(__name__)


class Asking:
    """One call to one provider.

    `token` serves this call alone: a deadline cancels it. `on_phase(name)` is told what the
    provider is busy with while it is silent. `on_late(error)` is told of a deadline that has
    passed, in place of the token. `turn(name)` is called before each phase and may make it
    wait, until the vendor has time for another call of ours."""

    def __init__(self, services, slot, question, token, on_phase=None, on_late=None, turn=None):
        self._services, self._slot, self._question = services, slot, question
        self._token = token
        self._on_phase = on_phase or (lambda phase: None)
        self._on_late = on_late or token.cancel
        self._turn = turn
        self._circuit = services.circuits.of(slot.model.name)
        self._patience = None
        self._alarm = None
        self._over = False
        self._asked = False  # the vendor itself, whose health the circuit counts

    @property
    def waited_s(self):
        """Seconds that it had to wait for its turn."""
        return self._patience.stood_still_s if self._patience else 0.0

    def answer(self):
        """Pieces of text, a Usage, a Finish, as they come. What it raises is for `translated`."""
        model, settings, token = self._slot.model, self._services.settings, self._token
        self._patience = patience = Patience(
            model.first_text_timeout_s or settings.first_text_timeout_s,
            model.idle_timeout_s or settings.idle_timeout_s,
            model.timeout_s or settings.model_timeout_s,
            time.monotonic(),
        )
        self._watch()
        try:
            self._allow()
            call, chars = Call(token, self._phase, self._hears), 0
            with closing(attempts(self._slot.provider, self._question, call, patience)) as parts:
                for item in itertools.chain.from_iterable(parts):
                    if token.cancelled:
                        token.check()
                    if isinstance(item, str):
                        if not item:
                            continue
                        patience.heard()
                        chars += len(item)
                        if chars > settings.max_answer_chars:
                            raise too_long(settings.max_answer_chars)
                        yield item
                    elif isinstance(item, Finish):
                        patience.heard()  # no more words are owed; the provider does the rest
                        yield item
                        continue
                    else:
                        yield plausible(item)
                    patience.waits(time.monotonic())
            token.check()
            if self._asked:
                self._circuit.succeeded()
        except Exception as caught:
            if self._asked:
                error = self._token.reason if self._token.cancelled else caught
                self._circuit.failed(getattr(error, "code", "internal"), time.monotonic())
            raise
        finally:
            self._over = True
            if self._alarm:
                self._alarm.cancel()

    def _allow(self):
        """Before anything is asked of anybody."""
        model, provider = self._slot.model, self._slot.provider
        self._token.check()
        if self._question.video is None and "text" not in model.takes and not model.simulated:
            raise ProviderError("bad_request", f"{model.label} answers about videos only.")
        provider.preflight(self._question)
        if provider.remote:
            self._circuit.check(time.monotonic())
            self._asked = True

    def _phase(self, name):
        if self._turn:
            self._patience.stand_still(time.monotonic())  # no silence of the vendor's
            try:
                self._turn(name)
            except Abandoned as abandoned:
                # Whoever asks was called off, and is about to call this off as well: else
                # it would look like a fault of ours until then.
                self._token.cancel(abandoned.args[0])
                raise
            finally:
                self._patience.go_on(time.monotonic())
        self._hears(name)

    def _hears(self, name):
        self._on_phase(name)
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
            self._on_late(error)


def too_long(max_chars):
    return ProviderError(
        "truncated",
        f"The answer is longer than {max_chars} characters and was cut there. "
        "Raise MAX_ANSWER_CHARS.",
        retryable=False,
    )


def translated(caught, token, **known):
    """The ProviderError that an exception while asking comes to. `known` says in the log
    whose it was."""
    if token.cancelled:  # then whatever came is only the sound of hanging up
        return token.reason
    if isinstance(caught, ProviderError):
        return caught
    if isinstance(caught, BadRequest):  # the file, most likely
        return ProviderError("bad_request", caught.message)
    log.error("a model's worker failed", exc_info=caught, extra=facts(**known))
    return our_fault()


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
