"""How a request becomes a run: a new one, or the one its key made before."""

import hashlib
import json

from flask import g, request

from ..errors import InvalidQuestion
from . import services


def admit(asked, prepare):
    """(run, whether it is new). `prepare()` reads the request and gives what makes its
    run. One that is repeated is not read again: by now its video may be gone, or the run
    it was a retry of forgotten, and it has its own run all the same."""
    runs, identity = services().runs, idempotency(asked)
    run = runs.made_by(*identity)
    admitted = (run, False) if run else runs.admit(prepare(), *identity)
    g.through_the_door()
    return admitted


def idempotency(asked):
    """(key, fingerprint) of a request that must not be paid for twice."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        return None, None
    if len(key) > 255:
        raise InvalidQuestion("Idempotency-Key is longer than 255 characters.")
    try:
        text = json.dumps(asked, sort_keys=True)
    except RecursionError:  # writing goes a step deeper than reading did
        raise InvalidQuestion("The request is nested too deeply.") from None
    return (request.blueprint, key), hashlib.sha256(text.encode()).hexdigest()
