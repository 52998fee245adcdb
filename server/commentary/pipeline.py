"""Stages connected by bounded queues, each with its own workers.

Stretches go in as they become known and come out in order of time. While one is cut the
next is spoken and later ones are detected. What a stage cannot do for a stretch costs that
stretch its commentary and nobody else anything: it goes on, with the loss on it, to the
stages that work on every stretch. What those cannot do ends the job.
"""

import logging
import threading
import time
from contextlib import closing

from ..errors import BadRequest, MediaError, ProviderError, ServerError, our_fault
from ..log import facts
from .base import Loss
from .belt import Belt

log = logging.getLogger(__name__)

# Stretches between the source and the end. One bound over all queues and workers: with a
# small bound for each queue, later stretches that overtook an earlier one could fill every
# place it needs and wait for it for ever.
IN_FLIGHT = 16


class Pipeline:
    def __init__(
        self,
        stages,
        executor,
        token,
        on_passed=lambda stage, stretch: None,
        on_worked=lambda name, seconds: None,
    ):
        """`on_passed(stage, stretch)` is called in the worker's thread after each stage, and
        before it `on_worked(name, seconds)` where the stage had something to do."""
        self._stages, self._executor, self._token = stages, executor, token
        self._on_passed, self._on_worked = on_passed, on_worked
        ordered = [stage.ordered for stage in stages] + [True]
        self._belts = [Belt(IN_FLIGHT, each) for each in ordered]
        self._places = threading.Semaphore(IN_FLIGHT)
        self._closed = False
        self._failure = None
        self.failed_in = None  # the stage that ended it
        self._lock = threading.Lock()
        self._busy = {stage.name: stage.workers for stage in stages}
        token.on_cancel(self.close)

    @staticmethod
    def threads(stages):
        """How many the executor must have: one for the feeder, and the stages' workers."""
        return 1 + sum(stage.workers for stage in stages)

    def run(self, stretches):
        """Each finished stretch, in order of time, of a generator of them. Raises what ended
        the job early."""
        self._executor.submit(self._feed, stretches)
        for number, stage in enumerate(self._stages):
            for _ in range(stage.workers):
                self._executor.submit(self._work, number, stage)
        try:
            while (stretch := self._belts[-1].take()) is not None:
                self._places.release()
                yield stretch
        finally:
            self.close()
        if self._failure:
            raise self._failure
        self._token.check()

    def close(self):
        self._closed = True
        self._places.release()  # whoever waits for one sees it
        for belt in self._belts:
            belt.close()

    def _feed(self, stretches):
        try:
            # Closed here, in the thread that began it: there may be an ffmpeg behind it.
            with closing(stretches):
                for stretch in stretches:
                    self._places.acquire()
                    if self._closed or not self._belts[0].put(stretch):
                        return
            self._belts[0].end()
        except Exception as failure:
            self._fail(failure)

    def _work(self, number, stage):
        inbox, outbox = self._belts[number : number + 2]
        try:
            with self._token.serving():
                while (stretch := inbox.take()) is not None:
                    done = self._pass(stage, stretch)
                    self._on_passed(stage, done)
                    if not outbox.put(done):
                        return
            with self._lock:
                self._busy[stage.name] -= 1
                last = self._busy[stage.name] == 0
            if last:
                outbox.end()
        except Exception as failure:
            self._fail(failure, stage.name)

    def _pass(self, stage, stretch):
        if (stretch.lost or stretch.placed) and not stage.always:
            return stretch
        began = time.monotonic()
        try:
            return stage.work(stretch)
        except Exception as failure:
            self._token.check()
            if stage.always:
                raise
            told = on_wire(failure)
            if told.code == "internal":
                known = facts(stage=stage.name, window=stretch.window.index)
                log.error("a stage failed", exc_info=failure, extra=known)
            loss = Loss(stretch.window.start, stage.name, told.code, told.message)
            return stretch.but(lost=(*stretch.lost, loss))
        finally:
            self._on_worked(stage.name, time.monotonic() - began)

    def _fail(self, failure, stage=None):
        with self._lock:
            if self._failure is None:
                self._failure, self.failed_in = failure, stage
        self.close()


def on_wire(failure):
    """The ServerError, with a code that commentaries may tell, that a failure comes to."""
    if isinstance(failure, BadRequest) and not isinstance(failure, MediaError):
        return ProviderError("bad_request", failure.message)  # only answers to requests say which
    if isinstance(failure, ServerError):
        return failure
    return our_fault()
