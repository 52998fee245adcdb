"""Ask a model once and get all it says: for those who cannot use half an answer."""

import time
from contextlib import closing

from ..cancel import CancelToken
from ..providers.base import Usage
from .asking import Asking, translated

MAX_CHARS = 200_000  # nobody who needs a whole answer needs more of it


def whole_answer(services, slot, question, token, max_chars=MAX_CHARS, turn=None):
    """The text of the answer, cut at `max_chars`. ProviderError when the model failed;
    Abandoned when `token`, the caller's own, was cancelled meanwhile. `turn` may make it wait
    before a phase begins; that time is not the model's."""
    call = CancelToken()  # of this call: its deadline is not the end of the caller's work
    forget = token.on_cancel(lambda: call.cancel(token.reason))
    asking = Asking(services, slot, question, call, turn=turn)
    said, chars, usage, error = [], 0, Usage(), None
    began, to_first = time.monotonic(), None
    try:
        with call.serving(), closing(asking.answer()) as answer:
            for item in answer:
                if isinstance(item, str):
                    if to_first is None:
                        to_first = time.monotonic() - began - asking.waited_s
                    said.append(item)
                    chars += len(item)
                    if chars >= max_chars:
                        break  # hangs up
                elif isinstance(item, Usage):
                    usage = item
    except Exception as caught:
        error = translated(caught, call, slot=slot.name)
    finally:
        forget()
    code = "cancelled" if token.cancelled else error and error.code
    took = time.monotonic() - began - asking.waited_s
    services.metrics.model_ended(slot.model.provider, code, took, to_first, usage)
    token.check()
    if error is not None:
        raise error
    return "".join(said)[:max_chars]
