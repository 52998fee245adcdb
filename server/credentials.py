"""Keys and base URLs, read from the environment (os.environ) by the thread that needs them.

Read on use: a key set later works at once, and no object that could be logged or sent holds
one, but for the SDKs' own clients. `secrets()` is what the redactor must never let through.
"""

import os

from .errors import ProviderError

KEYS = (
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "TWELVELABS_API_KEY",
    "TWELVE_LABS_API_KEY",
    "ELEVENLABS_API_KEY",
    "AUTH_TOKEN",
)

_asked = set(KEYS)


def optional(*names, default=None):
    """The first of these variables that is set to something."""
    for name in names:
        value = os.environ.get(name, "").strip()
        if value:
            return value
    return default


def key(*names):
    """The same for a key without which there is nothing to do."""
    _asked.update(names)
    value = optional(*names)
    if value is None:
        raise ProviderError("auth", f"No key: set {' or '.join(names)} and ask again.")
    if not (value.isascii() and value.isprintable()):  # a header could not carry it
        raise ProviderError("auth", f"{' or '.join(names)} holds characters that no key has.")
    return value


def missing(names):
    """Which variable to set, or None when one of them is."""
    return None if not names or optional(*names) else names[0]


def secrets():
    """Every secret of this process, longest first so that none hides inside another."""
    found = {os.environ.get(name, "").strip() for name in list(_asked)}
    return sorted((s for s in found if len(s) >= 6), key=len, reverse=True)
