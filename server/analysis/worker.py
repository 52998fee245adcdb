"""One model's thread: ask the provider, push what it says into the queue.

The provider reads its credentials from the environment, in this thread (`credentials.py`).

Whatever happens, the lane ends: with `End`, with `Fail`, or, should this thread be
stuck where nothing can reach it, by the deadline that gives up on it.
"""

import json
import time
from contextlib import closing

from ..asking.asking import Asking, translated
from ..cancel import CancelToken
from ..errors import ProviderError, ServerError
from ..providers.base import Finish, Usage
from . import cache
from .lane import Begin, End, Fail

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

    def __call__(self):
        slot = self.lane.slot
        usage = Usage()
        try:
            with self.token.serving():
                provider = slot.provider
                key = None
                if self._services.cache.may_have(self._question):
                    key = self._key()  # waits for the video's digest
                kept = self._kept_answer(key)
                self._say(Begin(kept is not None, self._evidence(provider)))
                if kept is not None:
                    for piece in kept.pieces:
                        self._say(piece)
                    self._say(kept_end(kept))
                    return
                finish, pieces = Finish("stop"), []
                with closing(self._ask()) as answer:
                    for item in answer:
                        if isinstance(item, str):
                            self._say(item)
                            if key is None:
                                pieces.append(item)
                        elif isinstance(item, Usage):
                            usage = item
                        else:
                            finish = item
                reason, later = str(finish.reason), key is None and not self._digest_at_once()
                self._say(End(reason, usage, None if later else key or self._late_key()))
                if later:
                    self._keep(cache.Answer(tuple(pieces), usage, reason))
        except Exception as caught:
            known = {"run_id": self._run_id, "slot": slot.name}
            self._say(Fail(translated(caught, self.token, **known), usage))

    def _ask(self):
        asking = Asking(
            self._services, self.lane.slot, self._question, self.token, self._phase, self.cancel
        )
        return asking.answer()

    def _phase(self, name):
        self.lane.phase = name

    def _key(self):
        """Under which this answer is kept, if it is to be."""
        if self.lane.slot.provider.cacheable and self._kept is None:
            return cache.key(self._question, self.lane.slot)
        return None

    def _digest_at_once(self):
        video = self._question.video
        return video is None or video.at_once()

    def _keep(self, answer):
        """Once the film has been read: whoever asked had the whole answer long before."""
        if answer.says_something and (key := self._late_key()):
            self._services.cache.put(key, answer)

    def _late_key(self):
        """Of a film that was new. Where it cannot be read, its answer is not kept."""
        try:
            return self._key()
        except (ServerError, OSError):
            return None

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

    def cancel(self, error):
        """Hang up. If the worker does not end its lane at once, end it here."""
        self.token.cancel(error)
        self._services.alarms.after(LAST_WORD_S, lambda: self._give_up(error))

    def _give_up(self, error):
        if not self.lane.over:
            self._channel.put_urgent((self.lane, time.monotonic(), Fail(error)))

    def _say(self, fact):
        self._channel.put((self.lane, time.monotonic(), fact))


def kept_end(kept):
    if kept.error is not None:
        return Fail(kept.error, kept.usage)
    return End(kept.finish_reason, kept.usage)
