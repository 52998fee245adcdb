"""What gunicorn's parser refuses, in the form of every other refusal: it would answer HTML."""

import json

from gunicorn.http import errors

STATUSES = {
    errors.ForbiddenProxyRequest: "403 Forbidden",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.LimitRequestLine: "431 Request Header Fields Too Large",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}


def status_of(error):
    """The status line for a failure of the parser; None for any other."""
    known = STATUSES.get(type(error))
    return known or ("400 Bad Request" if isinstance(error, errors.ParseException) else None)


def answer(status, error):
    # Not gunicorn's words: they repeat what was sent, and that may be a key.
    what = f"This is no request that can be read here ({type(error).__name__})."
    body = json.dumps({"status": "error", "code": "bad_request", "message": what}) + "\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
