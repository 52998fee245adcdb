"""Where commentaries are asked for: the one that is there already, or a new one.

The same film and the same options are the same commentary. It is followed while it is
made, replayed when it is finished, gone on with when its server died, and made anew after
it failed, was cancelled, or when that is asked for. So many are made at a time; the next
wait in a line whose length is bounded.
"""

import hashlib
import json
import logging
import threading

from ..errors import OutOfSpace, TooBusy
from .results import Results
from .run import CommentaryRun
from .sessions import Sessions

MAX_WAITING = 20
TIDY_EVERY_S = 3600.0
RESULTS_SHARE = 4  # results may take a quarter of what commentaries may

log = logging.getLogger(__name__)


class Desk:
    def __init__(self, settings):
        self.sessions = Sessions(
            settings.data_dir, settings.commentary_retention_s, settings.max_commentary_mb * 2**20
        )
        self.results = Results(settings.data_dir.absolute() / "commentary" / "results")
        self._places = settings.max_commentaries
        self._results_bytes = settings.max_commentary_mb * 2**20 // RESULTS_SHARE
        self._retention_s = settings.commentary_retention_s
        # Also by one that a restart left off, and that is gone on with the next day.
        self._needed_s = max(settings.commentary_timeout_s, 86400.0)
        self._lock = threading.Lock()
        self._running = {}  # key -> run
        self._tidying = False
        self._moved = threading.Condition()
        self._line = []  # runs: those who work, then those who wait

    def commentary(self, services, film, options, fresh=False, identity=(None, None)):
        """(run, whether it is new and must be started). `identity` is that of the request."""
        key = key_of(film, options)
        self._stay_tidy(services.alarms)
        with self._lock:
            run = self._running.get(key)
            # A browser that reconnects early repeats its `new=1`: that is made already.
            if run is not None and run.fresh >= fresh and not over(run):
                return run, False
            session = None if fresh else self.sessions.answering(key)
            if session is not None and session.ended:
                if session.complete(film.stem):
                    return services.runs.get(session.id), False
                session = None  # it failed: once more
            self._check_line()
            return self._begun(services, film, options, session, key, fresh, identity)

    def _begun(self, services, film, options, session, key, fresh, identity):
        """(run, whether it is new)"""
        try:
            run, new = services.runs.admit(
                lambda: CommentaryRun(services, film, options, session, key, fresh),
                *identity,
            )
        except OSError:
            raise unwritable() from None
        if not new:
            return run, False
        try:
            self.sessions.answers(key, run.session)
        except OSError:
            services.runs.forget(run)
            raise unwritable() from None
        self._running[key] = run
        self._join_line(run)
        return run, True

    def open(self, metrics=None):
        """In the process that serves: what has a thread."""

    def close(self):
        pass

    def distant(self, services, kept):
        """The run of another machine that the store knows, if this desk can read it."""

    def private(self, services, film, options):
        """A run that nobody else is led to: for one's own process. Results are shared."""
        try:
            run, _ = services.runs.admit(
                lambda: CommentaryRun(services, film, options, None, key_of(film, options))
            )
        except OSError:
            raise unwritable() from None
        self._join_line(run)
        return run

    def ended(self, run):
        with self._lock:
            if self._running.get(run.key_of_work) is run:
                del self._running[run.key_of_work]
        with self._moved:
            if run in self._line:
                self._line.remove(run)
            self._moved.notify_all()
        self._tidy()

    def _stay_tidy(self, alarms):
        """Sweep now and then, from the first commentary of this process on."""
        with self._lock:
            if self._tidying:
                return
            self._tidying = True

        def again():
            alarms.after(TIDY_EVERY_S, again)
            threading.Thread(target=self._tidy, name="sweep", daemon=True).start()

        alarms.after(TIDY_EVERY_S, again)

    def _tidy(self):
        try:
            self.sessions.sweep()
            self.results.sweep(self._retention_s, self._results_bytes, self._needed_s)
        except OSError:
            log.exception("old commentaries could not be swept")

    # -- the line

    def wait_for_place(self, run, waits):
        """Until this run is one of those that work. `waits(ahead)` is called with how many
        wait before it, each time that is another number."""
        told, token = None, run.token
        forget = token.on_cancel(self._look_again)
        try:
            while True:
                with self._moved:
                    while self._ahead(run) == told and not token.cancelled:
                        self._moved.wait()
                    ahead = self._ahead(run)
                token.check()
                if ahead < 0:
                    return
                told = ahead
                waits(ahead)
        finally:
            forget()

    def _look_again(self):
        with self._moved:
            self._moved.notify_all()

    def _ahead(self, run):
        return self._line.index(run) - self._places

    @property
    def working(self):
        return min(len(self._line), self._places)

    @property
    def waiting(self):
        return max(0, len(self._line) - self._places)

    def _join_line(self, run):
        with self._moved:
            self._line.append(run)

    def _check_line(self):
        with self._moved:
            waiting = len(self._line)
        if waiting >= self._places + MAX_WAITING:
            raise TooBusy(
                f"{waiting} commentaries are being made or wait for it, which is the limit; "
                "ask again in a minute.",
                retry_after=60,
            )


def over(run):
    """Whether its end was told, also to whoever asks again upon that; it may still tidy up."""
    return run.ended and run.session.ended


def open_desk(settings):
    if settings.commentary_workers == "rq":
        from .dispatch import Dispatch

        return Dispatch(settings)
    return Desk(settings)


def unwritable():
    return OutOfSpace("A commentary cannot be kept: the disk of DATA_DIR is full or read-only.")


def key_of(film, options):
    asked = json.dumps([film.video.digest, film.video.name, options.as_dict()], sort_keys=True)
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
