"""A Chat Completions stream, from raw bytes to text, usage and the reason it ended.

An answer is whole only when a `finish_reason` came: a `[DONE]`, a clean end of the
connection or a page of HTML are what a broken answer looks like too. Servers report
failures inside a stream in half a dozen shapes; every one becomes a ProviderError.
"""

import itertools
import json
import re

from ..vendors import faults
from . import sse_lines
from .base import Finish, Usage
from .repeating import Repeating

CODES = {
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "upstream",
    "server_error": "upstream",
    "invalid_api_key": "auth",
    "model_not_found": "not_found",
    "context_length_exceeded": "bad_request",
    "content_filter": "blocked",
    "content_policy_violation": "blocked",
    "invalid_request_error": "bad_request",
    "BadRequestError": "bad_request",
    "NotFoundError": "not_found",
    "authentication_error": "auth",
}
# OpenRouter's 404 about a model it knows: nobody serves it for such a request (with
# pictures, under that data policy). With `for` and a name it is the model that is unknown.
NOBODY_TAKES_IT = re.compile(r"No endpoints (found|available) (?!for )")
# OpenAI's 429 about a request that alone has more tokens than the account may send in a
# minute: no waiting makes it smaller. Whose account it is does not concern who asked.
TOO_LARGE = re.compile(r"Request too large\b")
ORGANIZATION = re.compile(r" in organization \S+")
MAX_BODY_WITHOUT_STREAM = 1024 * 1024


def read(chunks, on_finish=lambda: None):
    """Yields str as they come, the Finish once its reason is told, a Usage if one is told.

    The Finish does not wait for the end: a vendor may forget to hang up after it.
    """
    answer = Answer(on_finish)
    try:
        for chunk in itertools.chain(stream_only(chunks), [sse_lines.END]):
            yield from answer.items(chunk)
            if answer.ended:
                break
    except Exception as error:
        if answer.finish is None:
            yield from answer.used()
            if answer.spoke and isinstance(error, faults.CutOff):
                raise faults.failure("truncated") from None
            raise
        # The answer was complete; what broke is only its farewell.
    yield from answer.rest()


class Answer:
    """What has come of one answer so far."""

    def __init__(self, on_finish):
        self.finish, self.ended = None, False
        self._on_finish = on_finish
        self._usage, self.spoke, self._refused = None, False, False
        self._events, self._repeating = sse_lines.Events(), Repeating()
        self._between = True

    def items(self, chunk):
        """What these bytes say, as it is read."""
        return (self._between and self._repeating.texts(chunk)) or self._read(chunk)

    def _read(self, chunk):
        was_between, events, text = self._between, 0, None
        for name, data in self._events.feed(chunk):
            events += 1
            plain = data.strip()
            if plain == "[DONE]":
                self.ended = True
                return
            if plain:  # else by the standard no event: some keep a line alive so
                text = yield from self._message(name, data)
        self._between = self._events.between
        if text and events == 1 and was_between and self._between:
            self._repeating.learn(chunk, text)

    def _message(self, name, data):
        """Returns its text, where it says nothing else."""
        message = told(name, data)
        self._usage = counted(message.get("usage")) or self._usage
        choices = listed(message.get("choices"))
        for choice in choices:
            delta = mapping(choice.get("delta"))
            if text := said(delta.get("content")):
                self.spoke = True
                yield text
            self._refused = self._refused or bool(delta.get("refusal"))
            if self.finish is None and (reason := choice.get("finish_reason")):
                self._on_finish()  # before it counts as finished: a failure of this is one
                self.finish = Finish(str(reason)[:40])
                yield self.finish
        more = name or self._usage or self.finish or self._refused
        return delta.get("content") if len(choices) == 1 and not more else None

    def used(self):
        """What it used up, if that was told."""
        return [self._usage] if self._usage else []

    def rest(self):
        """What is told once no more can come; raises what the answer lacked."""
        yield from self.used()
        if self.finish is None:
            raise faults.failure("truncated")
        if not self.spoke and (self._refused or self.finish.reason == "content_filter"):
            raise faults.failure("blocked")
        if not self.spoke and self.finish.reason == "length":
            raise faults.spent_on_thinking()


def said(content):
    """The text of a delta. Mistral's thinking models say theirs in parts, and think in others."""
    if isinstance(content, str):
        return content
    texts = [part.get("text") for part in listed(content) if part.get("type") == "text"]
    return "".join(text for text in texts if isinstance(text, str))


def told(name, data):
    """The JSON message of an event; raises the failure that it reports."""
    message = parsed(data)
    if (error := reported(name, message)) is not None:
        raise error
    return mapping(message)


def stream_only(chunks):
    """The chunks, unless the body is plainly no event stream: then what it says instead."""
    chunks = iter(chunks)
    first = next((chunk for chunk in chunks if chunk.strip()), b"")  # blanks keep a line alive
    if first.lstrip()[:1] in (b"{", b"[", b"<"):
        return [in_one_piece(first, chunks)]
    return itertools.chain([first], chunks)


def in_one_piece(first, chunks):
    """An answer of a server that does not stream, as the event it would have been: asking again
    would be paid for again."""
    body = bytearray(first)
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY_WITHOUT_STREAM:
            break
    whole = told("", body)
    choices = [
        {**choice, "delta": choice["message"]}
        for choice in listed(whole.get("choices"))
        if isinstance(choice.get("message"), dict)
    ]
    if not choices:
        raise faults.failure("upstream")
    return b"data: " + json.dumps({**whole, "choices": choices}).encode() + b"\n\n"


def parsed(data):
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise faults.failure("upstream") from None


def reported(name, message):
    """The failure this message tells of, or None."""
    message = mapping(message)
    error = message.get("error")
    if error is None and (name == "error" or message.get("object") == "error"):
        error = message
    if error:
        return translated(error)
    for choice in listed(message.get("choices")):
        if choice.get("error"):
            return translated(choice["error"])
        native = choice.get("native_finish_reason")
        if choice.get("finish_reason") == "error" or (native and "error" in str(native).lower()):
            return faults.failure("upstream")
    return None


def refusal(status, body, headers):
    """The failure that an HTTP status and its body tell of. The SDK hands over what was
    inside the body's `error`, or the body when that was not JSON."""
    wait = faults.retry_after(headers)
    return translated(body, faults.code_of_status(status), wait)


def translated(error, code=None, retry_after=None):
    """The ProviderError for a vendor's `error`: an object in most, a text in some.

    What it names is more precise than the HTTP status it came with: a used-up quota is
    a 429, a content filter a 400 or a 403.
    """
    if isinstance(error, list):  # Google's, also where it speaks this protocol
        error = next(iter(error), None)
    details = mapping(error)
    if isinstance(details.get("error"), (dict, str)):  # Ollama: {"error": "text"}
        return translated(details["error"], code, retry_after)
    named = [details.get("code"), details.get("type")]
    by_name = next((CODES[n] for n in named if isinstance(n, str) and n in CODES), None)
    code = code or code_of_number(details.get("code"))
    if by_name in ("quota", "blocked", "not_found") or code is None:
        code = by_name or "upstream"
    if "flagged_input" in mapping(details.get("metadata")):  # OpenRouter's moderation, a 403
        code = "blocked"
    message = details.get("message", error)
    if code == "not_found" and NOBODY_TAKES_IT.match(str(message)):
        code = "bad_request"
    if code == "rate_limit" and TOO_LARGE.match(str(message)):
        code, message = "bad_request", ORGANIZATION.sub("", message)
    return faults.failure(code, message, retry_after)


def code_of_number(number):
    """The code of a status as some put it inside an error: 429 or "429"."""
    text = str(number)
    return faults.code_of_status(int(text)) if re.fullmatch("[0-9]{3}", text) else None


def counted(usage):
    usage = mapping(usage)
    if not usage:
        return None
    return Usage(
        number(usage.get("prompt_tokens")),
        number(usage.get("completion_tokens")),
        number(usage.get("cost")),
    )


def number(value):
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if plain and 0 <= value < 1e12 else None


def mapping(value):
    return value if isinstance(value, dict) else {}


def listed(value):
    return [mapping(item) for item in value] if isinstance(value, list) else []
