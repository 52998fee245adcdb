"""Ask a model once and get all it says: for those who cannot use half an answer."""

from contextlib import closing

from ..cancel import CancelToken
from .asking import Asking, translated

MAX_CHARS = 200_000  # nobody who needs a whole answer needs more of it


def whole_answer(services, slot, question, token, max_chars=MAX_CHARS, on_phase=None):
    """The text of the answer, cut at `max_chars`. ProviderError when the model failed;
    Abandoned when `token`, the caller's own, was cancelled meanwhile."""
    call = CancelToken()  # of this call: its deadline is not the end of the caller's work
    forget = token.on_cancel(lambda: call.cancel(token.reason))
    asking = Asking(services, slot, question, call, on_phase)
    said, chars = [], 0
    try:
        with call.serving(), closing(asking.answer()) as answer:
            for item in answer:
                if isinstance(item, str):
                    said.append(item)
                    chars += len(item)
                    if chars >= max_chars:
                        break  # hangs up
    except Exception as caught:
        token.check()
        raise translated(caught, call, slot=slot.name) from None
    finally:
        forget()
    token.check()
    return "".join(said)[:max_chars]
