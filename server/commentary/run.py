"""A commentary being made: the run, and the thread that conducts it.

Stages work in a thread pool and push what they have finished into a queue; the conductor
takes all that is there, decides what can be told (`telling.py`), writes it down, on disk
and then in the journal, and publishes chunks, playlist and captions as they become whole.
Readers follow the journal; none of them owns the run, so leaving stops nothing. What stops
it is its end, a cancel, or its deadline.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from .. import sse
from ..cancel import CancelToken
from ..channel import Channel
from ..disk import FULL
from ..errors import OutOfSpace, ProviderError, TooBusy
from ..events import Commentary
from ..log import facts
from ..runs import Run
from . import keeping, make_stages
from .job import Job
from .pipeline import Pipeline, on_wire
from .publishing import Publishing
from .reel import Reel
from .shelved import numbered, told_of
from .telling import AFTER, Telling
from .urls import Urls

log = logging.getLogger(__name__)

LOOK_AROUND_S = 1.0
ENDED = object()


class CommentaryRun(Run):
    kind = Commentary.kind
    lanes: dict = {}
    farewell = b""  # clients parse every message of these streams as JSON

    def __init__(self, services, film, options, session, key, fresh=False):
        """`session`: one that was left off and is gone on with, or None."""
        super().__init__(services)
        desk = services.commentaries
        self.session = session or desk.sessions.open(self.id)
        self.session.make()
        self.id = self.session.id
        self.film, self.options = film, options
        self.urls = Urls(self.id)
        self.key_of_work, self.fresh = key, fresh
        self.token = CancelToken()
        self._asked_at = time.monotonic()
        self._stage = "prepare"
        self._interrupted = False
        self._publishing = None
        self._history = self.session.told()
        self.journal.extend(numbered(self._history))
        asked = self.session.kept("job.json") or {
            "video": film.video.name,
            "options": options.as_dict(),
            # With a salt of its own a fresh one finds nothing that was made before it.
            "salt": self.id if fresh else "",
            "created": self.created,
        }
        self.session.keep("job.json", asked)
        results = desk.results.of(self.token, asked["salt"])
        self._job = Job(film, options, services, self.session, results, self.token)

    # -- readers and cancelling

    def detach(self):
        with self._lock:
            self._readers -= 1

    def cancel(self, error):
        self.token.cancel(error)

    def interrupt(self, error):
        """The server is stopping. What is on disk stays as it is, to be gone on with."""
        self._interrupted = not self.token.cancelled
        self.cancel(error)

    # -- making it

    def start(self):
        try:
            threading.Thread(target=self._conduct, name="commentary", daemon=True).start()
        except RuntimeError:  # no thread is to be had; what is there of it stays as it is
            self.services.runs.forget(self)
            self.services.commentaries.ended(self)
            raise TooBusy("The server has no thread left for it; ask again.", 10) from None

    def _conduct(self):
        services, desk = self.services, self.services.commentaries
        services.metrics.run_began(self)
        limit_s = services.settings.commentary_timeout_s
        late = ProviderError("timeout_total", f"The commentary was not done after {limit_s:g} s.")
        alarm = services.alarms.after(self._left_s(limit_s), lambda: self.cancel(late))
        try:
            with desk.sessions.using(self.id), self._held():
                self._begin()
                self.state = "working"
                self._make()
        except Exception as failure:
            self._fail(failure)
        finally:
            alarm.cancel()
            self.token.cancel(ProviderError("cancelled", "The commentary has ended."))
            self.journal.close()
            services.runs.end(self)
            services.metrics.run_ended(self)
            log.info("run ended", extra=facts(run_id=self.id, state=self.state))
            desk.ended(self)

    def _left_s(self, limit_s):
        return limit_s

    def _held(self):
        """Within, nobody else works on it."""
        return self.session.locked(self.token)

    def _begin(self):
        self._catch_up()
        self._announce()
        self.services.commentaries.wait_for_place(self, self._queued)

    def _catch_up(self):
        """With what another process, that was just ending, told since this run was made."""
        self.session.mend()
        known, self._history = len(self._history), self.session.told()
        self._journal(self._history[known:])

    def _announce(self):
        message = "Going on with" if self._history else "Looking at"
        message = f"{message} {self.film.stem}."
        self._tell([self._status(message)])

    def _queued(self, position):
        self._tell([Commentary.queued(position, self._progress())])

    def _make(self):
        job, session = self._job, self.session
        self.services.commentaries.sessions.check_room(3 * self.film.video.size)
        reel = Reel(job)
        stages = make_stages(job)
        names = [stage.name for stage in stages]
        telling = Telling(reel.total, names, self.urls.chunk, self._history)
        already = sum(event["type"] == "chunk_ready" for event in self._history)
        self._publishing = publishing = Publishing(session, reel.longest_s, already)
        with closing(self._passing(stages, reel)) as passing:  # whatever is raised within
            for stage, stretch in passing:
                self._stage = stage.name
                events = telling.passed(stage.name, stretch)
                if stage.name == "place" and not stretch.placed:
                    # What is told now, with its numbers, holds also after a crash.
                    session.keep(placed(stretch.window), keeping.plain(stretch))
                if stage.name == "cut":
                    publishing.take(stretch)
                    publishing.publish(telling.in_order(stage.name))  # before it is told of
                self._tell(events)
        self._stage = "final"
        putting = "Putting the film together."
        self._tell([Commentary.status("final", putting, telling.advance(AFTER + 1))])
        final = session.final(self.film.stem)
        began = time.monotonic()
        publishing.finish(job, reel, final)
        self.services.metrics.stage_ended(self._stage, time.monotonic() - began)
        urls, warnings = self.urls.of(final.name), [*publishing.warnings, *reel.warnings]
        self._end("complete", Commentary.complete(publishing.count, final.name, urls, warnings))
        session.clear()

    def _stretches(self, reel):
        with closing(reel.stretches()) as stretches:
            for stretch in stretches:
                yield keeping.restored(stretch, self.session.kept(placed(stretch.window)))

    def _passing(self, stages, reel):
        """(stage, stretch) each time a stage has finished one, in whatever order."""
        channel = Channel()
        failure = []

        def drain(pipeline):
            try:
                for _ in pipeline.run(self._stretches(reel)):
                    pass
            except Exception as raised:
                self._stage = pipeline.failed_in or self._stage
                failure.append(raised)
            finally:
                channel.put_urgent(ENDED)

        executor = ThreadPoolExecutor(1 + Pipeline.threads(stages), thread_name_prefix="commentary")
        passed = lambda stage, stretch: channel.put((stage, stretch))  # noqa: E731
        try:
            worked = self.services.metrics.stage_ended
            executor.submit(drain, Pipeline(stages, executor, self.token, passed, worked))
            while True:
                for fact in channel.take(LOOK_AROUND_S):
                    if fact is ENDED:
                        if failure:
                            raise failure[0]
                        return
                    yield fact
        finally:
            channel.close()
            executor.shutdown(wait=False)

    # -- telling

    def _tell(self, events):
        """On disk before in the journal: no reader has heard what a restart forgets."""
        if not events:
            return
        self.session.tell(events)
        self._journal(events)
        self._count(events)

    def _count(self, events):
        metrics = self.services.metrics
        for event in events:
            if event["type"] == "commentary_ready":
                metrics.line()
            elif event["type"] == "line_failed":
                metrics.line(event["code"])
            elif event["type"] == "chunk_ready" and event["index"] == 0 and not self._history:
                metrics.first_chunk(time.monotonic() - self._asked_at)

    def _journal(self, events):
        number = self.journal.length
        self.journal.extend([sse.encode(number + n, event) for n, event in enumerate(events, 1)])

    def _end(self, state, event):
        self.state = state
        try:
            self.session.tell([event])
        except OSError:
            log.error("the end of a commentary could not be kept", extra=facts(run_id=self.id))
        self._journal([event])

    def _fail(self, failure):
        reason = self._reason(failure)
        self.token.cancel(reason)
        if self._interrupted:
            self.state = "interrupted"
            # Without a number: after the restart this place belongs to what is told then.
            self.journal.extend([sse.unnumbered(Commentary.failed(reason, self._stage))])
            return
        try:
            if self._publishing:
                self._publishing.close()
        except OSError:
            log.error("a playlist could not be closed", extra=facts(run_id=self.id))
        if reason.code == "cancelled":
            self._end("cancelled", Commentary.cancelled(reason.message))
        else:
            self._end("failed", Commentary.failed(reason, self._stage))
        self.session.clear()  # it is never gone on with

    def _reason(self, failure):
        """What the reader is told: why it was called off, or what went wrong."""
        if self.token.cancelled:
            return self.token.reason
        if isinstance(failure, OSError):
            failure = unwritable(failure)
        reason = on_wire(failure)
        if reason.code == "internal":
            log.error("a commentary failed", exc_info=failure, extra=facts(run_id=self.id))
        return reason

    def _status(self, message):
        return Commentary.status(
            self._stage, message, self._progress(), run_id=self.id, session=self.session.id
        )

    def _progress(self):
        return max((event.get("progress", 0) for event in self._history), default=0)

    def headline(self):
        return {**super().headline(), "video": self.film.video.name}

    def summary(self):
        return {**super().summary(), **told_of(self.session)}


def placed(window):
    return f"placed_{window.index}.json"


def unwritable(error):
    if error.errno in FULL:
        return OutOfSpace("The disk is full; the commentary was not finished. Free some space.")
    return error
