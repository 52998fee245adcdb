"""A scripted simulator, for front-end work, smoke tests and load tests. Not a model.

    demo@first=0.2,rate=50,tokens=200,fail_after=20,fail=upstream

First piece after `first` seconds, then `rate` pieces a second, `tokens` in all; with
`fail_after`, the failure `fail` after that many pieces. `stall_after` goes silent
instead, and `start` is where in its word list it begins.
"""

import time

from ..errors import CODES, ProviderError
from .base import Provider, Usage
from .numbers import between, one_of

WORDS = (
    "This is a demo model: a script that writes words at a set pace and has not seen "
    "the video. It is here so that pages, smoke tests and load tests can run without a "
    "key. Nothing it says means anything. "
).split(" ")[:-1]


delay, count = between(float, 0, 3600), between(int, 0, 100_000)


class Demo(Provider):
    options = {
        "first": delay,
        "rate": between(float, 0.001, 100_000),
        "tokens": count,
        "fail_after": count,
        "fail": one_of(*CODES),
        "stall_after": count,
        "start": count,
    }
    remote = False
    cacheable = False

    def evidence(self, question):
        return {**super().evidence(question), "kind": "none"}

    def answer(self, question, call):
        first = self.chosen.get("first", 0.2)
        rate = self.chosen.get("rate", 50.0)
        tokens = self.chosen.get("tokens", 60)
        start = self.chosen.get("start", 0)
        call.phase("thinking")
        begin = time.monotonic() + first
        for number in range(tokens + 1):
            left = begin + number / rate - time.monotonic()
            if left > 0:
                call.token.wait(left)
            else:
                call.token.check()
            if number == self.chosen.get("fail_after"):
                raise ProviderError(self.chosen.get("fail", "upstream"), "Told to fail here.")
            if number == self.chosen.get("stall_after"):
                call.token.wait(3600)
            if number < tokens:
                yield WORDS[(start + number) % len(WORDS)] + " "
        yield Usage(input_tokens=len(question.text.split()), output_tokens=tokens)
