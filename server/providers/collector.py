"""The garbage collector, and the SDKs it should leave alone.

An SDK is some 50,000 objects that never go. Left among those the collector walks, each full
collection takes 50 to 75 ms instead of 15, and stops every stream for it: with OpenAI's
the p99 of a piece's delay was 18-46 ms, and 5 without.
"""

import gc


def leave_alone_what_is_there():
    """For whoever has just imported an SDK."""
    gc.collect()  # or what is garbage by now would stay for ever
    gc.freeze()
