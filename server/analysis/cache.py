"""Answers worth keeping, by what was asked of whom about which bytes.

Bounded by size, the least used leaves first. Failures are never kept.
"""

import hashlib
import json
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass

from ..errors import ProviderError
from ..providers.base import Usage

MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    pieces: tuple[str, ...]
    usage: Usage
    finish_reason: str
    error: ProviderError | None = None  # an end carried over, good or bad; never in the cache

    @property
    def size(self):
        return sum(map(sys.getsizeof, self.pieces))


def key(question, slot):
    """Equal for equal questions: video content, window, words, model and options."""
    asked = {
        "video": question.video and question.video.digest,
        "window": question.window,
        "text": slot.provider.prompt(question),
        "history": question.history,
        "ids": [question.index_id, question.video_id],
        "model": [slot.model.provider, slot.model.name, slot.model.upstream],
        "options": slot.options,
    }
    text = json.dumps(asked, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class AnswerCache:
    def __init__(self, max_bytes=MAX_BYTES):
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._answers = OrderedDict()
        self._bytes = 0

    def get(self, key):
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key, answer):
        if answer.size > self._max_bytes // 4:
            return
        with self._lock:
            self._drop(key)
            self._answers[key] = answer
            self._bytes += answer.size
            while self._bytes > self._max_bytes:
                self._drop(next(iter(self._answers)))

    def _drop(self, key):
        answer = self._answers.pop(key, None)
        if answer is not None:
            self._bytes -= answer.size
