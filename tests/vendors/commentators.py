"""Gemini and ElevenLabs on this machine, as a commentary asks them: one sees and writes, the
other speaks. Each answer comes after a set latency, and all asks are counted."""

import json
import math
import re
import threading
from collections import Counter

from . import elevenlabs_server, gemini_server
from .elevenlabs_server import ElevenLabsServer
from .gemini_server import Gemini

WINDOW = re.compile(r"from ([\d.]+) s to ([\d.]+) s")
ROOM = re.compile(r"^(\d+)\. at [\d.]+ s, at most (\d+) words", re.M)
SENTENCE = (
    "The players move the ball across the wide green field toward the waiting goal again"
).split()


class Commentators:
    """Gemini and ElevenLabs, each answer after its latency; and how often each was asked."""

    def __init__(self, detect_s=0.0, write_s=0.0, speak_s=0.0):
        self.latencies = {"detect": detect_s, "write": write_s, "speak": speak_s}
        self.asked = Counter()
        self.asks = {what: Counter() for what in self.latencies}  # how often each one came
        self.speechless_from = math.inf  # a line of a window from there on gets no voice
        self._lock = threading.Lock()
        self.gemini = Gemini(self._think)
        self.voice = ElevenLabsServer(self._speak)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gemini.stop()
        self.voice.stop()

    def _count(self, what, ask):
        with self._lock:
            self.asked[what] += 1
            self.asks[what][ask] += 1

    def _think(self, exchange):
        question = gemini_server.asked(exchange)
        seen = len(gemini_server.parts(exchange)) > 1
        self._count("detect" if seen else "write", question)
        exchange.pause(self.latencies["detect" if seen else "write"])
        start, end = map(float, WINDOW.search(question).groups())
        if seen:
            answer = [
                {"start": start + n, "end": start + n + 2, "text": "A pass.", "weight": 0.9}
                for n in range(1, int(end - start) - 4, 8)
            ]
        else:
            answer = [
                {"line": int(line), "text": said(start, line, int(most))}
                for line, most in ROOM.findall(question)
            ]
        gemini_server.text(json.dumps(answer))(exchange)

    def _speak(self, exchange):
        line = exchange.json["text"]
        self._count("speak", line)
        if (start := re.match(r"\d+", line)) and int(start[0]) >= self.speechless_from:
            exchange.wait_for_hang_up()
        elevenlabs_server.speaks(after=self.latencies["speak"])(exchange)

    def settle(self):
        self.gemini.settle()
        self.voice.settle()

    def environment(self):
        return {
            "GEMINI_API_KEY": "a-key-for-tests",
            "GEMINI_BASE_URL": self.gemini.origin,
            "ELEVENLABS_API_KEY": "a-key-for-tests",
            "ELEVENLABS_BASE_URL": self.voice.origin,
            "ELEVENLABS_VOICE": elevenlabs_server.GEORGE,
        }


def said(start, line, most):
    """A line that fits, and that no other window has."""
    return " ".join([f"{start:.0f},", f"{line}:", *SENTENCE[: most - 4]]) + "."
