"""How a request becomes a run: a new one, or the one its key made before."""

import hashlib
import json

from flask import request

from ..errors import InvalidQuestion
from . import services


def admit(asked, make):
    """(run, whether it is new)"""
    return services().runs.admit(make, *idempotency(asked))


def idempotency(asked):
    """(key, fingerprint) of a request that must not be paid for twice."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        return None, None
    if len(key) > 255:
        raise InvalidQuestion("Idempotency-Key is longer than 255 characters.")
    text = json.dumps(asked, sort_keys=True)
    return (request.endpoint, key), hashlib.sha256(text.encode()).hexdigest()
