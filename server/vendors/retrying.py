"""What is tried again, and when: a model by `asking/attempts.py`, a line of a commentary by
`voices/trying.py`."""

import random

# What may pass by itself.
RETRIED = {"rate_limit", "upstream", "network"}


def worth_retrying(error):
    return error.retryable and error.code in RETRIED


def backoff(attempt, retry_after, first_s, longest_s):
    """Seconds: what the vendor asked for and a little, or those of the first time, doubled each
    time; never equal for two, so that those who failed together do not come back together."""
    spread = 1 + random.random() / 2
    if retry_after is not None:
        return max(0.0, retry_after) + 0.1 * spread
    return min(first_s * 2**attempt, longest_s) * spread
