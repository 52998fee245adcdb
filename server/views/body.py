"""A JSON request body, read within limits. Whatever is wrong with it is a 4xx.

Not `request.get_json`: that accepts NaN and UTF-16, dies of deep nesting, and silently
cuts a chunked body that is too long.
"""

import json

from flask import request

from ..errors import BadRequest, TooLarge, WrongMediaType
from . import services
from .receiving import Body

MAX_BYTES = 1024 * 1024
PATIENCE_S = 10.0  # a client slower than that holds a thread that others need


def json_object():
    if request.mimetype != "application/json":
        raise WrongMediaType("Send the request as JSON, with Content-Type: application/json.")
    raw = read()
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.")
    return value


def read(limit=MAX_BYTES):
    declared = request.content_length
    if declared is not None and declared > limit:
        raise too_large(limit)
    body = Body(request.environ, declared, PATIENCE_S, services().alarms, PATIENCE_S)
    raw = b""
    for block in body.blocks():
        raw += block
        if len(raw) > limit:
            raise too_large(limit)
    services().body_is_here(request.environ.get("gunicorn.socket"))
    return raw


def too_large(limit):
    return TooLarge(f"The body is larger than {limit} bytes, which is the limit.")


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")
