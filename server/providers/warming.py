"""The SDKs of models' vendors, imported before the first question.

An import takes half a second, on a busy machine several. Left to the first question it would
come out of that model's time, which is for the vendor. Only the SDKs of vendors whose key is
there: a server without keys stays small.
"""

import logging
import threading
from contextlib import suppress

from . import provider_class

log = logging.getLogger(__name__)


def begin(models):
    """In a thread of its own, in the process that serves."""
    names = list(dict.fromkeys(model.provider for model in models if model.needs is None))
    with suppress(RuntimeError):  # no thread is to be had: the first question imports
        threading.Thread(target=warm, args=(names,), name="warming", daemon=True).start()


def warm(names):
    for name in names:
        try:
            provider_class(name).warm()
        except Exception:  # the first question will say it again, in words for its reader
            log.exception("the SDK of %s could not be imported", name)
