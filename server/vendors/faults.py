"""What a vendor's failures mean, in our own codes and words. Shared by the HTTP vendors.

An SDK's words never pass through: they carry keys, headers and URLs. A vendor's own
message may, redacted and cut, where it tells the client which part of the request to
change.
"""

import datetime
import email.utils
import re
import socket
import ssl
import time

from ..errors import ProviderError
from ..redact import redact

MAX_DETAIL = 200
MAX_READ = 2000
# A vendor may be a server on this machine, and its errors may name its files. What only
# looks like a path stays: a web address, 1/2, and/or, image/png.
PATH = re.compile(r"""(?x)
    (?P<address> \b (?:https?|wss?):// (?: (?!:/) [^\s'"`<>(),;|=] )+ )
    | (?<=['"`]) (?:file:)? (?:~|\.{0,2}) /+ [\w.~%@+-] [^'"`]*  # in quotes: it may hold spaces
    | (?: (?<![\w.~)\]}$%/]) (?:~|\.{1,2})? / | (?<![A-Za-z]) [A-Za-z]:[\\/] | \\\\[\w.-]+\\ )
      [\\/]* [\w.~%@+-] [^\s'"`<>(),;|]*
    """)
LONGEST_RETRY_AFTER_S = 24 * 3600.0

BY_STATUS = {
    400: "bad_request",
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    408: "upstream",
    409: "upstream",
    413: "bad_request",
    422: "bad_request",
    425: "upstream",
    429: "rate_limit",
    499: "upstream",  # a proxy on its side had hung up on it
}

MESSAGES = {
    "auth": "It refused the key. Check the key and what it may use.",
    "quota": "The account's credit or quota is used up, or its plan does not include this. "
    "Check its billing.",
    "rate_limit": "It is being asked too often; ask again in a moment.",
    "bad_request": "It could not take this request.",
    "not_found": "It does not know this model, or its base URL leads nowhere. Check the upstream "
    "id in the list of models, and the base URL.",
    "blocked": "It declined to answer: its content filter stopped it.",
    "upstream": "It failed on its own side; ask again in a moment.",
    "truncated": "The answer broke off before its end; ask again.",
}

SILENT = "The connection to it went silent."
BROKE = "The connection to it broke."


def code_of_status(status):
    return BY_STATUS.get(status, "bad_request" if 400 <= status < 500 else "upstream")


def unintelligible(what="something that is not its protocol"):
    return ProviderError("upstream", f"It answered with {what}.")


def failure(code, detail=None, retry_after=None):
    """The ProviderError of that code, in our words and, where it helps, the vendor's."""
    message = MESSAGES[code]
    if code in ("bad_request", "not_found") and (detail := presentable(detail)):
        message = f"{message} It says: {detail}"
    return ProviderError(code, message, retry_after=retry_after)


def silent():
    return ProviderError("network", SILENT)


def broke():
    return ProviderError("network", BROKE)


class CutOff(ProviderError):
    """It hung up in the middle. Where something of an answer had come, that is truncated."""

    def __init__(self):
        super().__init__("network", BROKE)


def no_such_proxy():
    return ProviderError(
        "network",
        "The proxy that the environment names speaks another protocol than HTTP. Name one that "
        "does in HTTP_PROXY and HTTPS_PROXY, and unset ALL_PROXY.",
        retryable=False,
    )


def refused(message):
    """By us: what it sent is not taken, and it would send the same again."""
    return ProviderError("upstream", message, retryable=False)


def spent_on_thinking():
    return ProviderError(
        "truncated",
        "It used up all its tokens on thinking and had none left to answer with. "
        "Allow it more: raise or drop max_tokens.",
        retryable=False,
    )


def too_much(limit):
    return refused(f"It sent more than {limit} bytes, which is the limit.")


def presentable(detail):
    """A vendor's message as it may be shown: one line, without secrets or paths, not long."""
    if not isinstance(detail, str) or detail.lstrip()[:1] == "<":  # a page says nothing
        return ""
    if len(detail) > MAX_READ:  # at a space: half a key would not be known for one
        detail = detail[:MAX_READ].rpartition(" ")[0]
    text = " ".join(detail.split())
    # First, or a letter that nobody sees would take a secret apart.
    text = "".join(letter for letter in text if letter.isprintable())
    text = PATH.sub(lambda found: found["address"] or "[path]", redact(text))
    return text if len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…"


def broken_line(httpx, error):
    """What went wrong between us and the vendor: whatever that library, or an SDK on top
    of it, raised. None when it is not of that kind."""
    chain = list(causes(error))
    for each in chain:
        if isinstance(each, ProviderError):  # the wire's own guards spoke
            return each
    for kind, message in (
        (socket.gaierror, "Its name could not be looked up. Check its base URL."),
        (ssl.SSLCertVerificationError, "Its certificate is not to be trusted."),
        (ssl.SSLError, "No secure connection to it could be made."),
        (httpx.ConnectTimeout, "It could not be reached: connecting took too long."),
        (httpx.ConnectError, "It could not be reached. Check its base URL."),
        (httpx.ProxyError, "The proxy on the way to it failed."),
        (httpx.UnsupportedProtocol, "Its base URL must begin with http:// or https://."),
        (httpx.TimeoutException, SILENT),
        (httpx.TransportError, BROKE),
    ):
        if any(isinstance(each, kind) for each in chain):
            return ProviderError("network", message)
    return None


def causes(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(headers):
    """Seconds to wait, from a Retry-After of either form, or OpenAI's own, which is finer;
    None when there is none."""
    seconds = as_number(headers.get("retry-after-ms"))
    if seconds is not None:
        seconds /= 1000
    else:
        text = headers.get("retry-after", "").strip()
        seconds = as_number(text)
        if seconds is None:
            seconds = until_date(text)
    return None if seconds is None else min(max(0.0, seconds), LONGEST_RETRY_AFTER_S)


def as_number(text):
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if number == number else None


def until_date(text):
    try:
        date = email.utils.parsedate_to_datetime(text)
        if date.tzinfo is None:  # or it would be read as this machine's local time
            date = date.replace(tzinfo=datetime.timezone.utc)
        return date.timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
