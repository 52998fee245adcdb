"""ElevenLabs on this machine: speech with the time of every character, and its voices.

Its speech is a tone under every letter and silence under every space, so what is heard
when is known to the sample.
"""

import base64
import json
import math
import threading
from array import array
from urllib.parse import parse_qs, urlsplit

from .base import PATIENCE_S, Vendor

LETTER_S, LEAD_S, TAIL_S = 0.06, 0.2, 0.3
GEORGE, SARAH = "GeorgeGeorgeGeorge01", "SarahSarahSarahSara1"
VOICES = {"George - Warm Storyteller": GEORGE, "Sarah": SARAH}


class ElevenLabsServer(Vendor):
    def __init__(self, script=None, certificate=None):
        super().__init__(script or speaks(), certificate)
        self.plays(lists(VOICES), about="voices")

    def subject(self, exchange):
        return "voices" if exchange.path.startswith("/v2/voices") else "speech"

    def of(self, subject):
        return [exchange for exchange in self.exchanges if self.subject(exchange) == subject]


# -- words of the protocol


def samples(text, rate=24_000):
    """A tone under every letter."""
    pcm = array("h", bytes(2 * round(LEAD_S * rate)))
    letter = array("h", [round(9000 * math.sin(n * 0.06)) for n in range(round(LETTER_S * rate))])
    silence = array("h", bytes(2 * len(letter)))
    for character in text:
        pcm += silence if character.isspace() else letter
    return (pcm + array("h", bytes(2 * round(TAIL_S * rate)))).tobytes()


def alignment(text):
    starts = [LEAD_S + LETTER_S * n for n in range(len(text))]
    return {
        "characters": list(text),
        "character_start_times_seconds": starts,
        "character_end_times_seconds": [start + LETTER_S for start in starts],
    }


def speech(text, **changes):
    timed = alignment(text)
    answer = {
        "audio_base64": base64.b64encode(samples(text)).decode(),
        "alignment": timed,
        "normalized_alignment": timed,
    }
    return {**answer, **changes}


# -- scripts: answers


def speaks(after=0.0, headers=None, **changes):
    def script(exchange):
        exchange.pause(after)
        query = parse_qs(urlsplit(exchange.path).query)
        assert query["output_format"] == ["pcm_24000"], query
        text = exchange.json["text"]
        told = {"character-cost": str(len(text)), **(headers or {})}
        exchange.whole(200, json.dumps(speech(text, **changes)).encode(), **told)

    return script


def lists(voices):
    """Those whose name or description the search finds in; ours have the name only."""

    def script(exchange):
        wanted = parse_qs(urlsplit(exchange.path).query).get("search", [""])[0].lower()
        found = [
            {"voice_id": voice_id, "name": name}
            for name, voice_id in voices.items()
            if wanted in name.lower()
        ]
        answer = {"voices": found, "has_more": False, "total_count": len(found)}
        exchange.whole(200, json.dumps(answer).encode())

    return script


def answers(body, status=200, content_type="application/json", **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda exchange: exchange.whole(status, data, content_type, **headers)


class Plan:
    """A plan that takes so many at once, and counts who comes. `fills`: nobody is answered
    before so many have been there together."""

    def __init__(self, most, takes=0.1, headers=None, fills=0):
        self.most, self.takes, self.headers, self.fills = most, takes, headers, fills
        self.inside = self.peak = self.refusals = 0
        self._changed = threading.Condition()

    def __call__(self, exchange):
        with self._changed:
            self.inside += 1
            refused = self.inside > self.most
            self.refusals += refused
            self.peak = max(self.peak, self.inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.peak >= self.fills, PATIENCE_S)
        if not refused:
            exchange.pause(self.takes)
        with self._changed:
            self.inside -= 1  # first: whoever was answered may ask again at once
        if refused:
            refuses("too_many_concurrent_requests", 429)(exchange)
        else:
            speaks(headers=self.headers)(exchange)


# -- scripts: refusals


def refuses(reason, status=400, message="no", **headers):
    return answers({"detail": {"status": reason, "message": message}}, status, **headers)


# -- scripts: faults of the line


def never_answers(exchange):
    exchange.wait_for_hang_up()


def stalls(exchange):
    exchange.head(content_type="application/json")
    exchange.chunk(b'{"audio_base64": "AAAA')
    exchange.wait_for_hang_up()


def drips(exchange):
    """White space for ever: it resets every read timeout."""
    exchange.head(content_type="application/json")
    while not exchange.hung_up.is_set() and not exchange.vendor.stopped:
        exchange.chunk(b" ")
        exchange.pause(0.05)


def cut(how):
    def script(exchange):
        whole = json.dumps(speech("Cut.")).encode()
        exchange.head(content_type="application/json")
        exchange.chunk(whole[: len(whole) // 2])
        exchange.pause(0.05)
        how(exchange)

    return script


def fin(exchange):
    exchange.close()


def rst(exchange):
    exchange.reset()


def clean_end(exchange):
    exchange.end()
