"""The way to ElevenLabs: the SDK on the guarded client, for one request.

An SDK client is made per request (0.03 ms), so that no key is kept; the SDK would else
keep the one that was set when it was imported. Samples are asked for, not MP3: they are
as long as the speech, to the sample, and need no decoder.
"""

import base64
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import Abandoned, ProviderError
from ..vendors import faults, wire
from .elevenlabs_errors import refusal

RATE = 24_000  # the highest that every plan has
FORMAT = f"pcm_{RATE}"
ONCE = {"max_retries": 0}  # `trying.py` is the one retry loop of voices
OTHER_FORMATS = (b"ID3", b"RIFF", b"OggS", b"fLaC")


@dataclass(frozen=True)
class Spoken:
    samples: bytes
    characters: tuple[str, ...]
    starts: tuple[float, ...]
    ends: tuple[float, ...]
    billed: int | None
    at_once: int | None  # how many requests the plan takes at once


class Line:
    def __init__(self, base_url, key):
        sdk, httpx = libraries()
        self._sdk = sdk(
            base_url=base_url,
            api_key=key,
            httpx_client=wire.client(httpx, base_url),
            # Without it the SDK takes the client's time for reading as that for connecting, too.
            timeout=httpx.Timeout(wire.READ_S, connect=wire.CONNECT_S),
        )

    def speech(self, voice_id, **asked):
        with translated():
            answer = self._sdk.text_to_speech.with_raw_response.convert_with_timestamps(
                voice_id, output_format=FORMAT, request_options=ONCE, **asked
            )
            headers = {name.lower(): value for name, value in answer.headers.items()}
            characters, starts, ends = alignment_of(getattr(answer.data, "alignment", None))
            return Spoken(
                samples=samples_of(getattr(answer.data, "audio_base_64", None)),
                characters=characters,
                starts=starts,
                ends=ends,
                billed=number(headers.get("character-cost")),
                at_once=number(headers.get("maximum-concurrent-requests")),
            )

    def voices(self, name):
        """[(id, name)] of those the account has, as far as they fit the name."""
        with translated():
            answer = self._sdk.voices.search(search=name, page_size=100, request_options=ONCE)
            found = getattr(answer, "voices", None)
            if not isinstance(found, list):
                raise faults.unintelligible()
            pairs = [(getattr(v, "voice_id", None), getattr(v, "name", None)) for v in found]
            return [pair for pair in pairs if all(isinstance(part, str) for part in pair)]


def samples_of(text):
    """The audio of an answer. Anything may stand where it should be: an error in a 200,
    nothing, a format that was not asked for, which would be noise at full volume."""
    try:
        samples = base64.b64decode(text or "", validate=True)
    except (ValueError, TypeError):
        raise faults.unintelligible() from None
    if not samples:
        raise faults.unintelligible("no sound")
    if len(samples) % 2 or samples.startswith(OTHER_FORMATS):
        raise faults.unintelligible("sound of another format than was asked for")
    return samples


def alignment_of(alignment):
    """(characters, starts, ends), or three times nothing where they make no sense."""
    parts = [
        getattr(alignment, name, None)
        for name in (
            "characters",
            "character_start_times_seconds",
            "character_end_times_seconds",
        )
    ]
    if not all(isinstance(part, list) for part in parts):
        return (), (), ()
    characters, starts, ends = map(tuple, parts)
    sane = (
        len(characters) == len(starts) == len(ends)
        and all(isinstance(character, str) for character in characters)
        and all(isinstance(t, int | float) and 0 <= t < 86_400 for t in starts + ends)
    )
    return (characters, starts, ends) if sane else ((), (), ())


def number(text):
    return int(text) if text and text.isascii() and text.isdecimal() else None


@contextmanager
def translated():
    from elevenlabs.core.api_error import ApiError

    try:
        yield
    except (ProviderError, Abandoned):
        raise
    except ApiError as error:
        raise refusal(error.status_code or 0, error.body, error.headers) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        # From the SDK's reading of an answer that is no JSON, or of another shape.
        raise faults.unintelligible() from None
    except Exception as error:
        broken = faults.broken_line(libraries()[1], error)
        if broken is None:
            raise
        raise broken from None


def libraries():
    """The SDK's client and the HTTP library it stands on, imported by the first who asks:
    half a second."""
    import httpx
    from elevenlabs.base_client import BaseElevenLabs

    return BaseElevenLabs, httpx
