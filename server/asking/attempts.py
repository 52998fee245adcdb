"""The one retry loop of models. SDK retries are off: they cannot be cancelled, seen or bounded.

Rate limits, 5xx and connection failures are tried again, and only before the first
text: after it a second try would say things twice.
"""

import itertools
import time

from ..errors import ProviderError
from ..vendors.retrying import backoff, worth_retrying

RETRIES = 2
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0


def attempts(provider, question, call, patience):
    """What the provider answers, from the first attempt that says anything, in parts: each item
    before its first text, that text, then all the rest as it will come. Nobody stands between
    that and its reader."""
    for attempt in itertools.count():
        answer = provider.answer(question, call)
        try:
            for item in answer:
                yield (item,)
                if isinstance(item, str):
                    yield answer
                    break
            return
        except ProviderError as error:
            call.token.check()
            if attempt == RETRIES or not worth_retrying(error):
                raise
            delay = backoff(attempt, error.retry_after, FIRST_DELAY_S, LONGEST_DELAY_S)
            if delay >= patience.left(time.monotonic()):
                raise
        finally:
            answer.close()
        patience.try_again()
        call.phase("retrying")
        call.token.wait(delay)
