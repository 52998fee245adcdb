"""A JSON request body, read within limits. Whatever is wrong with it is a 4xx.

Not `request.get_json`: that accepts NaN and UTF-16, dies of deep nesting, and silently
cuts a chunked body that is too long.
"""

import json

from flask import request

from ..errors import BadRequest, TooLarge, WrongMediaType

MAX_BYTES = 1024 * 1024


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
    # The raw stream: it ends where gunicorn says the body ends, chunked or not.
    stream = request.environ["wsgi.input"]
    left = limit + 1 if declared is None else declared
    if declared is None and not request.environ.get("wsgi.input_terminated"):
        left = 0
    parts = []
    while left > 0:
        part = stream.read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    raw = b"".join(parts)
    if len(raw) > limit:
        raise too_large(limit)
    return raw


def too_large(limit):
    return TooLarge(f"The body is larger than {limit} bytes, which is the limit.")


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")
