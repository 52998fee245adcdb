"""What one server process owns, made once and handed to whoever needs it."""

from .alarms import Alarms
from .analysis import remembered
from .analysis.cache import AnswerCache
from .analysis.pacing import Pace
from .asking.circuit import Circuits
from .commentary.desk import open_desk
from .commentary.shelved import ShelvedRuns
from .doorman import Doorman
from .events import Commentary
from .gate import Gate
from .in_turn import InTurn
from .ledger import Ledger
from .library import Library
from .metrics import Metrics
from .models import Models
from .providers import warming
from .rates import RateLimits
from .runs import Runs
from .stores import shared_answers
from .voices import Voices
from .watchdog import Watchdog


class Services:
    def __init__(self, settings):
        self.settings = settings
        self.models = Models(settings.models_file)
        self.library = Library(settings)
        self.commentaries = open_desk(settings)
        self.ledger = Ledger(settings)
        others = {Commentary.kind: lambda kept: self.commentaries.distant(self, kept)}
        stored = remembered.StoredRuns(self, others)
        self.runs = Runs(settings, self.ledger, stored, ShelvedRuns(self))
        self.cache = AnswerCache(beyond=shared_answers(settings))
        self.circuits = Circuits()
        self.rates = RateLimits(settings.rate_limit, settings.redis_url)
        self.pace = Pace(settings.yield_delay_ms / 1000)
        self.alarms = Alarms()
        self.voices = Voices(settings, self.alarms)
        self.doorman = Doorman()
        self.turns_to_begin = InTurn()  # of runs that were let in
        self.streams = Gate(settings.stream_threads, "streams")
        self.body_is_here = lambda sock: None  # who serves us wants to know when one was read
        self.door = Gate(10**9, "requests")  # those that are not yet a run, or answered
        self.media = Gate(settings.media_threads, "downloads and uploads")
        patience_s = 2 * max(settings.heartbeat_s, settings.send_timeout_s)
        self.watchdog = Watchdog(self.alarms, self.streams, patience_s)
        self.metrics = Metrics()
        self._watch(self.metrics.watch)

    def _watch(self, gauge):
        gauge("parallax_streams_open", "Streams being read.", lambda: self.streams.inside)
        gauge("parallax_streams_limit", "Streams there is room for.", lambda: self.streams.size)
        gauge("parallax_runs_limit", "Runs at a time.", lambda: self.settings.max_runs)
        gauge("parallax_runs_kept", "Ended runs remembered.", self.runs.kept)
        desk = self.commentaries
        gauge("parallax_commentaries_working", "Commentaries being made.", lambda: desk.working)
        gauge("parallax_commentaries_waiting", "Commentaries in line.", lambda: desk.waiting)
        gauge("parallax_ready", "1 if /readyz says so, else 0.", lambda: not self.problems())
        stuck = self.watchdog.problems
        gauge("parallax_stuck", "Ways in which threads are stuck.", lambda: len(stuck()))

    def problems(self):
        """Why this process should not be sent requests, in sentences."""
        found = self.library.problems() + self.watchdog.problems() + self.ledger.problems()
        return [*found, "The server is stopping."] if self.runs.draining else found

    def open(self):
        """In the process that serves, after a fork: what has a thread, or is shared."""
        self.ledger.start(self.runs, lambda *known: remembered.finish(self, *known))
        self.commentaries.open(self.metrics)
        self.watchdog.start()
        warming.begin(self.models.all)

    def close(self):
        self.watchdog.stop()
        self.commentaries.close()
        self.ledger.close()
