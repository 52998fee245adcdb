"""A run of several models over one question: the spine of the server.

A ThreadPoolExecutor per run, one worker per model; workers push facts into a bounded
queue.Queue (`channel.py`); the reader, one generator, takes all that is there, sorts it
into per-model buffers, takes those round-robin (`interleave.py`), writes the messages into
the journal and hands them on.

The reader belongs to the run and not to the connection. While the client that started
the run is there, the view's generator pulls it. When that client leaves, a keeper
thread pulls the very same generator, so the journal goes on for whoever comes back.
"""

import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .. import events, sse
from ..channel import Channel
from ..errors import ProviderError, our_fault
from ..log import facts
from ..runs import Run
from . import cache
from .interleave import RoundRobin
from .lane import Fail, Lane
from .pacing import Flow
from .remembered import HEADLINE_CHARS, asked_of
from .ticks import Ticks
from .worker import Worker

log = logging.getLogger(__name__)


class AnalysisRun(Run):
    remembered = True

    def __init__(
        self,
        question,
        slots,
        services,
        refresh=False,
        vocabulary=events.Analysis,
        kept=None,
        conversation=None,
    ):
        """`kept`: slot name -> an Answer it has given already and is not asked for again.
        `conversation`: what each model said in the run that this one follows up."""
        super().__init__(services)
        self.kind = vocabulary.kind
        self.question = question
        self.conversation = conversation
        self.lanes = {slot.name: Lane(slot) for slot in slots}
        self._vocabulary = vocabulary
        self._channel = Channel()
        self._workers = {
            name: Worker(self, lane, self._channel, refresh, (kept or {}).get(name))
            for name, lane in self.lanes.items()
        }
        self._reader = None
        self._flow = Flow(services.pace, time.monotonic())
        self._began = self._ended = None

    def question_to(self, name):
        conversation = self.conversation
        return conversation.question_to(name, self.question) if conversation else self.question

    @property
    def _all(self):
        return list(self.lanes.values())

    @property
    def total_time(self):
        """Seconds, so far or in all."""
        if self._began is None:
            return 0.0
        return (self._ended or time.monotonic()) - self._began

    def asked(self):
        return asked_of(self)

    # -- the client that started the run

    def start(self, executor):
        """Begin the work; returns the reader, which yields lists of encoded messages,
        an empty one when there is nothing to say but that we are alive."""
        with self._lock:
            self._begin(executor)
        return self._reader

    def _begin(self, executor):
        self._began = time.monotonic()
        self._reader = self._read(executor)

    def release(self):
        """The client that started the run is gone. Its reader goes to a keeper, even if
        only the last message is left to hand on.

        A run that has not begun is taken back: nobody was asked, nothing is owed. Unless
        others came for it meanwhile, by its idempotency key; then it begins for them.
        """
        with self._lock:
            if self._began is None and self._readers > 1:
                self._begin(ThreadPoolExecutor(len(self.lanes), thread_name_prefix="analysis"))
            if self._began is None:
                self.state = "cancelled"
                self.journal.close()
            reader = self._reader
        if self._began is None:
            self.services.runs.forget(self)
        elif reader is not None:
            self._keep(reader)
        self.detach()

    def _keep(self, reader):
        """Somebody must read on, whoever comes back."""
        try:
            threading.Thread(target=exhaust, args=(reader,), name="keeper", daemon=True).start()
        except RuntimeError:  # no thread is to be had: it ends here and now
            error = ProviderError("cancelled", "The server is too busy to read on alone.")
            for worker in list(self._workers.values()):  # not `cancel`, which may want a thread
                worker.token.cancel(error)
            exhaust(reader)

    def poke(self):
        """Wake the reader, so that it notices a client that left."""
        channel = self._channel
        if channel is not None:
            channel.poke()

    # -- cancelling

    def cancel(self, error):
        for name in self.lanes:
            self.cancel_model(name, error)

    def cancel_model(self, name, error):
        worker = self._workers.get(name)
        if worker is not None and not self.lanes[name].over:
            worker.cancel(error)

    # -- the reader

    def _read(self, executor):
        try:
            yield from self._serve(executor)
        except Exception:
            log.exception("run failed", extra=facts(run_id=self.id))
            yield self._fail()
        finally:
            self._channel.close()
            executor.shutdown(wait=False)
            for worker in self._workers.values():  # harmless to those that have ended
                worker.token.cancel(ProviderError("cancelled", "Nobody was reading any more."))
            # An ended run is remembered for an hour: only for what can still be read of it.
            self._channel, self._workers, self._reader = None, {}, None
            self._ended = time.monotonic()
            for lane in self._all:
                lane.settle()
            self.journal.close()
            self.services.runs.end(self)
            self.services.metrics.run_ended(self)
            self._tell_log()

    def _serve(self, executor):
        self.state, vocabulary = "working", self._vocabulary
        self.services.metrics.run_began(self)
        # Before the workers: each that starts wants the interpreter at once.
        yield self._record(vocabulary.start(self.id, list(self.lanes)))
        # In turn: the library begins a thread within a lock that all pools of the process share,
        # and waits in it until that thread runs. Who was unlucky at that lock read none of its
        # models, for seconds where the core was full, while they spoke.
        with self.services.turns_to_begin:
            for worker in self._workers.values():
                executor.submit(worker)

        buffers = RoundRobin(self._all)
        ticks = Ticks(self.services.settings.heartbeat_s)
        speaking = set(self._all)
        unheard = self._all  # once a lane has said something, it is not looked at any more
        while speaking:
            unheard = unheard and [lane for lane in unheard if lane.unheard]
            awaited = unheard and [lane for lane in unheard if lane.awaited]
            for lane, at, fact in self._take(ticks, bool(awaited)):
                for message in lane.fold(at, fact, vocabulary):
                    buffers.push(lane, message)
                if lane.over and lane in speaking:
                    speaking.discard(lane)
                    self._ended_with(lane, fact)
            if unheard and ticks.waiting_due():
                for lane in filter(lambda lane: lane.awaited, awaited):
                    elapsed = time.monotonic() - lane.began_at
                    for message in vocabulary.waiting(lane.slot.name, elapsed, lane.phase):
                        buffers.push(lane, message)
            yield self._record(buffers.take_all())  # empty: a heartbeat, or a poke
            ticks.wrote()

        states = [lane.state for lane in self._all]
        self.state = "cancelled" if states.count("cancelled") == len(states) else "complete"
        yield self._record(vocabulary.complete(self._all, self.total_time))

    def _ended_with(self, lane, fact):
        lane.count(self.services.metrics)
        if lane.state == "done" and not lane.cached and fact.cache_key:
            answer = cache.Answer(tuple(lane.pieces), fact.usage, fact.finish_reason)
            if answer.says_something:
                self.services.cache.put(fact.cache_key, answer)

    def _take(self, ticks, anyone_awaited):
        """What the workers said. It goes at once; but while words come thick and fast, those of
        a write window are slept out first and leave together, and nobody has to wake us."""
        flow, pace = self._flow, self.services.pace
        if flow.thick and self._rest(ticks) and (facts := self._channel.there()):
            flow.came(len(facts), time.monotonic())
            return facts
        asleep_at = time.monotonic()
        facts = self._channel.take(ticks.wait(asleep_at, anyone_awaited))
        if facts:
            now, said_at = time.monotonic(), facts[0][1]
            if said_at >= asleep_at:  # else it was not asleep, but busy with a slow client
                pace.waited(now - said_at)
            flow.came(len(facts), now)
        return facts

    def _rest(self, ticks):
        """Whether the last write was so short a time ago that there was something to wait for."""
        pace, now = self.services.pace, time.monotonic()
        rest_s = pace.rest(now, ticks.wrote_at)
        if rest_s <= 0:
            return False
        time.sleep(rest_s)
        pace.waited(time.monotonic() - now - rest_s)
        return True

    def _record(self, messages):
        first = self.journal.length + 1
        frames = [sse.encode(number, each) for number, each in enumerate(messages, first)]
        self.journal.extend(frames)
        return frames

    def _fail(self):
        """A bug of ours: say so, and end as every run ends."""
        error = our_fault()
        self.cancel(error)
        self.state = "failed"
        ends = [
            message
            for lane in self._all
            for message in lane.fold(time.monotonic(), Fail(error), self._vocabulary)
        ]
        return self._record(
            ends
            + self._vocabulary.run_error(error)
            + self._vocabulary.complete(self._all, self.total_time)
        )

    def _tell_log(self):
        for name, lane in self.lanes.items():
            outcome = lane.error.code if lane.error else lane.finish_reason
            known = facts(run_id=self.id, slot=name, outcome=outcome, **(lane.metrics or {}))
            log.info("model ended", extra=known)
        known = facts(run_id=self.id, state=self.state, seconds=round(self.total_time, 3))
        log.info("run ended", extra=known)

    def size(self):
        said = [lane.text for lane in self._all]
        before = [
            *self.question.history,
            *(self.conversation.messages if self.conversation else ()),
        ]
        asked = [self.question.text, *(message["content"] for message in before)]
        return super().size() + sum(map(sys.getsizeof, said + asked))

    # -- the run as JSON

    def headline(self):
        return {
            **super().headline(),
            "query": self.question.text[:HEADLINE_CHARS],
            "video": self.question.video and self.question.video.name,
            "models": {lane.slot.name: lane.state for lane in self._all},
        }

    def summary(self):
        question = self.question
        return {
            **super().summary(),
            "query": question.text,
            "video": question.video and question.video.name,
            "window": question.window,
            "follow_up_of": self.conversation and self.conversation.run_id,
            "models": {name: lane.as_dict() for name, lane in self.lanes.items()},
        }


def exhaust(reader):
    for _ in reader:
        pass
