"""Answers worth keeping, by what was asked of whom about which bytes.

Bounded by size, the least used leaves first. Failures are never kept.
"""

import hashlib
import json
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

from ..errors import ProviderError
from ..providers.base import Usage
from ..stores import StoreError

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

    @property
    def says_something(self):
        """Without a word it is most often a hiccup, and the next one is asked for."""
        return any(piece.strip() for piece in self.pieces)


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


def packed(answer):
    usage = [answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cost]
    return json.dumps([list(answer.pieces), usage, answer.finish_reason]).encode()


def unpacked(data):
    pieces, usage, finish_reason = json.loads(data)
    return Answer(tuple(pieces), Usage(*usage), finish_reason)


class AnswerCache:
    def __init__(self, max_bytes=MAX_BYTES, beyond=None):
        """`beyond`: where answers are kept, as bytes, for other machines too."""
        self._max_bytes, self._beyond = max_bytes, beyond
        self._lock = threading.Lock()
        self._answers = OrderedDict()
        self._bytes = 0

    def may_have(self, question):
        """Whether there can be an answer to this question. Of a film that is new here only
        others can have one."""
        new = question.video is not None and question.video.new
        return self._beyond is not None or not new

    def get(self, key):
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
                return answer
        return self._from_beyond(key) if self._beyond else None

    def put(self, key, answer):
        if answer.size > self._max_bytes // 4:
            return
        self._keep(key, answer)
        if self._beyond:
            with suppress(RuntimeError):  # no thread is to be had: it is kept here
                threading.Thread(target=self._share, args=(key, answer), name="sharing").start()

    def _share(self, key, answer):
        """In a thread of its own: whoever puts an answer in is a stream."""
        try:
            self._beyond.put(key, packed(answer))
        except StoreError:
            pass  # it is kept here, and asked for anew elsewhere

    def _from_beyond(self, key):
        try:
            found = self._beyond.get(key)
            answer = found and unpacked(found)
        except (StoreError, ValueError):
            return None
        if answer:
            self._keep(key, answer)
        return answer

    def _keep(self, key, answer):
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
