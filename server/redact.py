"""Takes secrets out of text. Keys travel in URLs, headers and exception texts."""

import re

from . import credentials

_SHAPES = re.compile(
    r"(?i)((?:[?&](?:key|api_key|token)=)|(?:bearer\s+)|(?:x-(?:goog-)?api-key['\"]?[:=]\s*['\"]?)"
    r"|(?:xi-api-key['\"]?[:=]\s*['\"]?))[^\s&'\"<>,;)]+"
)


def redact(text):
    for secret in credentials.secrets():
        text = text.replace(secret, "[redacted]")
    return _SHAPES.sub(r"\1[redacted]", text)
