"""Event -> bytes, and back. The one place that writes Server-Sent Events.

The profile every client we tried agrees on: `id:` only together with data, one `data:`
line of ASCII JSON (so no text can hold a line end), `:hb` with a single line feed as
heartbeat, no `event:` field.
"""

import json
from json.encoder import encode_basestring_ascii as quoted

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}
RETRY = b"retry: 2000\n\n"
HEARTBEAT = b":hb\n"
DONE = b"data: [DONE]\n\n"

_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Form:
    """A message sent over and over with another text: all around it is encoded once."""

    def __init__(self, event, field):
        self._before = _dumps({**event, field: ""}).removesuffix('""}')

    def filled(self, text):
        return f"{self._before}{quoted(text)}}}"


def encode(number, event):
    """`event`: a message, or what a Form made of one, which is JSON already."""
    data = event if type(event) is str else _dumps(event)
    return f"id: {number}\ndata: {data}\n\n".encode("ascii")


def decode(frame):
    """The message that an encoded one was made of."""
    return json.loads(frame.partition(b"data: ")[2])


def unnumbered(event):
    """For clients of another protocol, who could not resume by number."""
    return f"data: {_dumps(event)}\n\n".encode("ascii")
