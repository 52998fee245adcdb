"""Takes secrets out of text. Keys travel in URLs, headers and exception texts."""

import re

from . import credentials

_SHAPES = re.compile(
    r"(?i)((?:[?&](?:key|api_key|token)=)|(?:bearer\s+)|(?:x-(?:goog-)?api-key['\"]?[:=]\s*['\"]?)"
    r"|(?:xi-api-key['\"]?[:=]\s*['\"]?))[^\s&'\"<>,;)]+"
)


def redact(text, secrets=None):
    """`secrets`: this process's, where they have been looked up already."""
    for secret in credentials.secrets() if secrets is None else secrets:
        text = text.replace(secret, "[redacted]")
    return _SHAPES.sub(r"\1[redacted]", text)
