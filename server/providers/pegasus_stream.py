"""What Pegasus' stream says: bytes of JSON lines in, pieces of answer out.

Only a `stream_end` makes an answer whole: a clean end of the connection is what a broken
one looks like too. The SDK's own reading drops lines it does not understand, errors among
them, and takes an error object for the beginning of an answer; this one tells.
"""

import json
import re

from ..vendors import faults
from . import sse_lines
from .base import Finish, Usage
from .numbers import count
from .pegasus_errors import reported

# TwelveLabs names only `stop` and `length`; there need not be an error beside such a reason.
FAILED = re.compile(r"error|fail", re.IGNORECASE)


def pieces(chunks):
    """Text as it comes, then a Usage if one was told, then the Finish."""
    spoke = False
    try:
        for message in messages(chunks):
            kind = message.get("event_type")
            if kind == "stream_end":
                yield from ending(message)
                return
            if is_error(kind, message):
                raise reported(message)
            text = message.get("text")
            if kind == "text_generation" and isinstance(text, str) and text:
                spoke = True
                yield text
    except faults.CutOff:
        if not spoke:
            raise
    raise faults.failure("truncated")


def messages(chunks):
    for line in sse_lines.lines(chunks):
        line = line.strip()
        if not line:
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            # The connection may have ended, cleanly, inside a line.
            cut = line.startswith("{") and not line.endswith("}")
            raise faults.failure("truncated" if cut else "upstream") from None
        if not isinstance(found, dict):
            raise faults.failure("upstream")
        yield found


def is_error(kind, message):
    """Whatever names no event is none; and an error may come with the name of any."""
    return (
        not isinstance(kind, str)
        or "error" in kind
        or bool(message.get("error"))
        or ("code" in message and "message" in message)
    )


def ending(message):
    reason = message.get("finish_reason")
    usage = counted(message.get("metadata"))
    if usage:
        yield usage
    # With `length` the error is a mere warning: the text so far is the answer.
    if FAILED.search(str(reason)) or (message.get("error") and reason not in ("stop", "length")):
        raise reported(message)
    yield Finish(str(reason or "stop")[:40])


def counted(metadata):
    usage = metadata.get("usage") if isinstance(metadata, dict) else None
    if not isinstance(usage, dict):
        return None
    return Usage(count(usage.get("input_tokens")), count(usage.get("output_tokens")))
