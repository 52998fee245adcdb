"""The one retry loop of models. SDK retries are off: they cannot be cancelled, seen or bounded.

Rate limits, 5xx and connection failures are tried again, and only before the first
text: after it a second try would say things twice.
"""

import itertools
import random
import time

from ..errors import ProviderError
from ..vendors.faults import worth_retrying

RETRIES = 2
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0


def attempts(provider, question, call, patience):
    """What the provider answers, from the first attempt that says anything."""
    for attempt in itertools.count():
        spoke = False
        answer = provider.answer(question, call)
        try:
            for item in answer:
                spoke = spoke or isinstance(item, str)
                yield item
            return
        except ProviderError as error:
            call.token.check()
            if spoke or attempt == RETRIES or not worth_retrying(error):
                raise
            delay = backoff(attempt, error.retry_after)
            if delay >= patience.left(time.monotonic()):
                raise
        finally:
            answer.close()
        patience.try_again()
        call.phase("retrying")
        call.token.wait(delay)


def backoff(attempt, retry_after):
    """What the vendor asked for and a little, or half a second, then one; never equal
    for two runs, so that those who failed together do not come back together."""
    spread = 1 + random.random() / 2
    if retry_after is not None:
        return max(0.0, retry_after) + 0.1 * spread
    return min(FIRST_DELAY_S * 2**attempt, LONGEST_DELAY_S) * spread
