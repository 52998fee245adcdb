"""A commentary being made: the run, and the thread that conducts it.

Stages work in a thread pool and push what they have finished into a queue; the conductor
takes all that is there, decides what can be told (`telling.py`), writes it down, on disk
and then in the journal, and publishes chunks, playlist and captions as they become whole.
Readers follow the journal; none of them owns the run, so leaving stops nothing. What stops
it is its end, a cancel, or its deadline.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from .. import sse
from ..cancel import CancelToken
from ..channel import Channel
from ..errors import ProviderError
from ..events import Commentary
from ..log import facts
from ..runs import Run
from . import make_stages
from .job import Job
from .pipeline import Pipeline, explained
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

    def __init__(self, services, film, options, session, prefix, key, fresh=False):
        """`session`: one that was left off and is gone on with, or None."""
        super().__init__(services)
        desk = services.commentaries
        self.session = session or desk.sessions.open(self.id)
        self.session.make()
        self.id = self.session.id
        self.film, self.options = film, options
        self.urls = Urls(prefix, self.id)
        self.key_of_work = key
        self.token = CancelToken()
        self._stage = "prepare"
        self._interrupted = False
        self._history = self.session.told()
        self.journal.extend(numbered(self._history))
        asked = self.session.kept("job.json") or {
            "video": film.video.name,
            "options": options.as_dict(),
            # With a salt of its own a fresh one finds nothing that was made before it.
            "salt": self.id if fresh else "",
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
        self._interrupted = True
        self.cancel(error)

    # -- making it

    def start(self):
        threading.Thread(target=self._conduct, name="commentary", daemon=True).start()

    def _conduct(self):
        services = self.services
        services.metrics.run_began(self)
        limit_s = services.settings.commentary_timeout_s
        late = ProviderError("timeout_total", f"The commentary was not done after {limit_s:g} s.")
        alarm = services.alarms.after(limit_s, lambda: self.cancel(late))
        try:
            with services.commentaries.sessions.using(self.id):
                services.commentaries.wait_for_place(self, self._queued)
                self.state = "working"
                with self.session.locked(self.token):
                    self._make()
        except Exception as failure:
            self._fail(failure)
        finally:
            alarm.cancel()
            self.token.cancel(ProviderError("cancelled", "The commentary has ended."))
            self.journal.close()
            self.services.commentaries.ended(self)
            services.runs.end(self)
            services.metrics.run_ended(self)
            log.info("run ended", extra=facts(run_id=self.id, state=self.state))

    def _queued(self, position):
        self._tell([Commentary.queued(position, self._progress())])

    def _make(self):
        job, session = self._job, self.session
        message = "Going on with" if self._history else "Looking at"
        self._tell([self._status(f"{message} {self.film.stem}.")])
        services = self.services
        services.commentaries.sessions.check_room(3 * self.film.video.size)
        reel = Reel(job)
        stages = make_stages(job)
        telling = Telling(
            reel.total, [stage.name for stage in stages], self.urls.chunk, self._history
        )
        publishing = Publishing(session, reel.longest_s)
        for stage, stretch in self._passing(stages, reel):
            self._stage = stage.name
            events = telling.passed(stage.name, stretch)
            if stage is stages[-1]:
                publishing.take(stretch)
                publishing.publish(telling.in_order(stage.name))  # before it is told of
            self._tell(events)
        self._stage = "final"
        putting = "Putting the film together."
        self._tell([Commentary.status("final", putting, telling.advance(AFTER + 1))])
        final = session.final(self.film.stem)
        publishing.finish(job, reel, final)
        urls, warnings = self.urls.of(final.name), [*publishing.warnings, *reel.warnings]
        self._end("complete", Commentary.complete(publishing.count, final.name, urls, warnings))
        session.clear()

    def _passing(self, stages, reel):
        """(stage, stretch) each time a stage has finished one, in whatever order."""
        channel = Channel()
        failure = []

        def drain(pipeline):
            try:
                for _ in pipeline.run(reel.stretches()):
                    pass
            except Exception as raised:
                failure.append(raised)
            finally:
                channel.put_urgent(ENDED)

        executor = ThreadPoolExecutor(1 + Pipeline.threads(stages), thread_name_prefix="commentary")
        passed = lambda stage, stretch: channel.put((stage, stretch))  # noqa: E731
        try:
            executor.submit(drain, Pipeline(stages, executor, self.token, passed))
            while True:
                for fact in channel.take(LOOK_AROUND_S):
                    if fact is ENDED:
                        if failure:
                            raise failure[0]
                        return
                    yield fact
        finally:
            channel.close()
            if failure:
                self.token.cancel(ProviderError("cancelled", "Another part failed."))
            executor.shutdown(wait=False)

    # -- telling

    def _tell(self, events):
        """On disk before in the journal: no reader has heard what a restart forgets."""
        if not events:
            return
        self.session.tell(events)
        self._journal(events)

    def _journal(self, events):
        number = self.journal.length
        self.journal.extend([sse.encode(number + n, event) for n, event in enumerate(events, 1)])

    def _end(self, state, event):
        self.state = state
        self._tell([event])

    def _fail(self, failure):
        reason = self.token.reason if self.token.cancelled else None
        if reason is None:
            code, message = explained(failure)
            if code == "internal":
                log.error("a commentary failed", exc_info=failure, extra=facts(run_id=self.id))
            reason = failure if code != "internal" else ProviderError("internal", message)
        self.token.cancel(reason)
        if self._interrupted:
            self.state = "interrupted"
            # Without a number: after the restart this place belongs to what is told then.
            self.journal.extend([sse.unnumbered(Commentary.failed(reason, self._stage))])
        elif reason.code == "cancelled":
            self._end("cancelled", Commentary.cancelled(reason.message))
        else:
            self._end("failed", Commentary.failed(reason, self._stage))

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
