"""A run that another process serves, or served: made again from what the store has of it.

What it was asked is kept when it begins and what came of it when it ends. Between, and
after its process died, its messages say everything: they are read as a client reads them.
"""

import time
from functools import cached_property
from typing import Any

from .. import events, sse
from ..errors import ProviderError, ServerError, VideoNotFound
from ..models import Model, Slot
from ..providers.base import Question
from ..runs import Run
from ..stores.following import StoredJournal
from .conversation import Conversation
from .lane import Lane

VOCABULARIES = {"comparison": events.Comparison}  # all others are read as an Analysis
HEADLINE_CHARS = 300  # of a question, in the list of runs
PRIVATE = ("history", "histories", "size", "index_id", "video_id")
FIGURES = (
    *("duration", "time_to_first_text", "throughput", "word_count", "char_count"),
    *("input_tokens", "output_tokens", "cost"),
)


def asked_of(run):
    """What a run that begins was asked, for the store."""
    question = run.question
    return {
        **run.summary(),
        "history": list(question.history),
        "histories": run.conversation and run.conversation.histories,
        "size": question.video and question.video.size,
        "index_id": question.index_id,
        "video_id": question.video_id,
    }


class StoredRuns:
    """Where runs are found again that are not in this process's memory: in the store."""

    def __init__(self, services, others):
        """`others`: kind -> how a run of it is made again, or None where it cannot be."""
        self._services, self._others = services, others

    def find(self, id):
        kept = self._services.ledger.find(id)
        return kept and self._again(kept)

    def _again(self, kept):
        if kept.kind in self._others:
            return self._others[kept.kind](kept)
        return Remembered(self._services, kept)

    def newest(self, limit, before):
        """Newest first; those older than `before`, a (time, id)."""
        found = map(self._again, self._services.ledger.newest(limit, before))
        return [run for run in found if run is not None]


class Remembered(Run):
    elsewhere = True

    def __init__(self, services, kept):
        super().__init__(services)
        self.id, self.kind, self.state, self.created = kept.id, kept.kind, kept.state, kept.created
        self._kept, self._ledger = kept, services.ledger
        self.journal: Any = StoredJournal(self._ledger.store, kept, self._attend)

    def _attend(self):
        self._ledger.order(self._kept, attend=True)

    def latest(self):
        kept = self._ledger.find(self.id)
        return Remembered(self.services, kept) if kept else self

    def detach(self):
        with self._lock:
            self._readers -= 1  # whether anybody else reads is for its own process to know

    def cancel(self, error):
        if not self._kept.ended:
            self._ledger.order(self._kept, cancel=error.message)

    def cancel_model(self, name, error):
        if not self._kept.ended:
            self._ledger.order(self._kept, cancel=error.message, slot=name)

    @cached_property
    def question(self):
        """As it was asked. Its video is looked up again, for it may be gone, or another."""
        asked = self._kept.asked
        video = asked["video"] and self.services.library.find(asked["video"], None)
        if video and video.size != asked["size"]:
            raise VideoNotFound("The video of that run has been replaced; ask about the new one.")
        start, end = asked["window"] or (None, None)
        return Question(
            asked["query"],
            video,
            start,
            end,
            history=tuple(asked["history"]),
            index_id=asked["index_id"],
            video_id=asked["video_id"],
        )

    @property
    def conversation(self):
        asked = self._kept.asked
        return asked["histories"] and Conversation(asked["follow_up_of"], asked["histories"])

    def question_to(self, name):
        conversation = self.conversation
        return conversation.question_to(name, self.question) if conversation else self.question

    @cached_property
    def lanes(self):
        if self._kept.summary:
            return lanes_told(self.services.models, self._kept.summary["models"])
        frames = []
        while more := self._ledger.store.frames(self.id, len(frames)):
            frames += more
        return replayed(self.services.models, self._kept, frames)

    def summary(self):
        kept = self._kept
        if kept.summary:
            return {**kept.summary, "state": kept.state, "last_event_id": kept.length}
        return {
            **public(kept.asked),
            "state": kept.state,
            "last_event_id": kept.length,
            "models": {name: lane.as_dict() for name, lane in self.lanes.items()},
        }

    def headline(self):
        said = self._kept.summary or self._kept.asked
        return {
            **super().headline(),
            "query": said["query"][:HEADLINE_CHARS],
            "video": said["video"],
            "models": {name: model["state"] for name, model in said["models"].items()},
        }


def public(asked):
    return {name: asked[name] for name in asked if name not in PRIVATE}


# -- lanes from what is known of them


def empty_lane(models, name, told):
    try:
        slot = models.slot(name)
    except ServerError:  # no longer in the list; what it said stands
        slot = Slot(name, Model(name, "", told["label"]), {})
    lane = Lane(slot)
    lane.metrics = dict.fromkeys(FIGURES)
    return lane


def lanes_told(models, told):
    """Lanes from a run's summary."""
    lanes = {}
    for name, said in told.items():
        lane = lanes[name] = empty_lane(models, name, said)
        lane.become(said["state"])
        lane.cached, lane.evidence = said["cached"], said["evidence"]
        lane.pieces = [said["text"]] if said["text"] else []
        lane.finish_reason, lane.metrics = said["finish_reason"], said["metrics"] or lane.metrics
        lane.error = error_told(said["error"])
    return lanes


def replayed(models, kept, frames):
    """Lanes from a run's messages, as a client would know them."""
    lanes = {name: empty_lane(models, name, told) for name, told in kept.asked["models"].items()}
    for frame in filter(None, frames):
        event = sse.decode(frame)
        lane = lanes.get(event.get("model"))
        if lane is not None:
            hear(lane, event)
    return lanes


def hear(lane, event):
    kind = event.get("event_type") or event["type"]
    if kind in ("model_start", "start"):
        lane.become("working")
        lane.cached, lane.evidence = event.get("cached", False), event.get("evidence")
    elif kind in ("text_generation", "chunk"):
        lane.pieces.append(event.get("text") or event.get("content") or "")
    elif kind == "performance_metrics":
        lane.metrics = event["metrics"]
    elif kind == "error":
        lane.error = error_told(event)
        lane.become("cancelled" if event["code"] == "cancelled" else "failed")
    elif kind == "model_end" or (kind == "done" and not event["error"]):
        lane.become("done")
        lane.finish_reason = event["finish_reason"]


def error_told(told):
    return told and ProviderError(told["code"], told["message"], told["retryable"])


# -- the end of a run whose process died


def finish(services, kept, frames, sent):
    """(the messages that are missing to a proper end, the summary). `sent` is the number of
    the last message that a reader may have seen."""
    lanes = replayed(services.models, kept, frames)
    vocabulary = VOCABULARIES.get(kept.kind, events.Analysis)
    error = ProviderError(
        "internal", "The server broke off while answering; ask again.", retryable=True
    )
    missing, empty = [], []
    if not (frames and frames[-1] and ended(frames[-1])):
        # Messages that were sent and not written leave empty places behind: what comes now
        # has a higher number than anything a reader has seen.
        empty = [b""] * (sent - len(frames))
        missing = [] if frames or empty else vocabulary.start(kept.id, list(lanes))
        for name, lane in lanes.items():
            if not lane.over:
                missing += end_of(vocabulary, name, lane, error)
        missing += vocabulary.complete(list(lanes.values()), time.time() - kept.created)
    summary = {
        **public(kept.asked),
        "state": "interrupted",
        "models": {name: lane.as_dict() for name, lane in lanes.items()},
    }
    first = len(frames) + len(empty) + 1
    said = [sse.encode(number, event) for number, event in enumerate(missing, first)]
    return empty + said, summary


def ended(frame):
    event = sse.decode(frame)
    return (event.get("event_type") or event.get("type")) == "complete"


def end_of(vocabulary, name, lane, error):
    messages = []
    if lane.state == "waiting":
        messages += vocabulary.model_start(name, lane.slot.model.label, False, None)
    if lane.pieces:  # how long it took nobody knows any more
        text = lane.text
        lane.metrics = {**lane.metrics, "word_count": len(text.split()), "char_count": len(text)}
        messages += vocabulary.metrics(name, lane.metrics)
    lane.become("failed")
    lane.error = error
    return messages + vocabulary.model_error(name, error, bool(lane.pieces))
