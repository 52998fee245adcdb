"""`python -m server worker`: makes the commentaries that servers queue, one at a time.

RQ's SimpleWorker: the work is done in this very process, so whatever kills the worker kills
the work, and no forked child of a dead parent goes on. Its thread of beats says that it is
alive; RQ itself is silent while it works. SIGTERM puts the commentary back into the queue.
"""

import logging
import threading
from contextlib import suppress

from rq import worker_registration
from rq.job import Job
from rq.worker import SimpleWorker

from .. import log as logs
from ..errors import NotFound, ProviderError, ServerError, VideoNotFound
from ..events import Commentary
from ..log import facts
from ..services import Services
from ..sse import encode
from ..stores import StoreError
from ..stores.leases import LeaseLost
from ..stores.redis import translated
from . import options
from .desk import unwritable
from .hired import HiredRun, Renewal
from .job import film_named
from .pen import Pen
from .pipeline import on_wire

BEAT_S = 3.0
ALIVE_S = 15  # RQ's registry has a worker that fell silent for so long no more
WORKER_TTL_S = 20  # RQ looks around so often, less 15 s
PATIENCE_S = 8.0  # for a lease: longer than that of a worker that died

log = logging.getLogger(__name__)


def work(settings):
    """Until it is told to stop; the exit status."""
    logs.set_up()
    for name in ("rq.worker", "rq.job"):  # its lines in our form
        logging.getLogger(name).handlers[:] = logging.getLogger("server").handlers
    logging.getLogger("rq.worker").propagate = False
    services = Services(settings)
    try:
        with translated():
            hand = Hand(services)
            hand.serve()
    except StoreError:
        log.error("a worker cannot be without the Redis of REDIS_URL")
        return 1
    return 0 if hand.stopping else 1


class Hand(SimpleWorker):
    def __init__(self, services):
        self.services, self.desk = services, services.commentaries
        self.stopping = False
        self.run = None  # the HiredRun that is being made
        self._under_way = None  # RQ's job and execution
        self._done = threading.Event()
        self._beats = threading.Thread(target=self._beat, name="beats", daemon=True)
        queue = self.desk.crew.queue
        super().__init__(
            [queue],
            connection=queue.connection,
            worker_ttl=WORKER_TTL_S,
            job_class=job_class(self.perform),
            serializer=queue.serializer,
            log_job_description=False,
        )

    def serve(self):
        # Also while it works, when RQ is silent.
        self._beats.start()
        self.desk.open()
        log.info("a worker is ready", extra=facts(worker=self.name))
        try:
            return self.work(logging_level="WARNING")
        finally:
            self.desk.close()

    # -- what RQ asks of a worker

    def heartbeat(self, timeout=None, pipeline=None):
        super().heartbeat(ALIVE_S, pipeline)

    def get_heartbeat_ttl(self, job, working_time=0.0):
        return ALIVE_S

    def prepare_execution(self, job):
        execution = super().prepare_execution(job)
        self._under_way = job, execution
        return execution

    def execute_job(self, job, queue):
        try:
            super().execute_job(job, queue)
        finally:
            self._under_way = None

    def teardown(self):
        self._done.set()
        self._beats.join()
        super().teardown()

    def _beat(self):
        while not self._done.wait(BEAT_S):
            try:
                with translated():
                    if under_way := self._under_way:
                        self.maintain_heartbeats(*under_way)
                    elif self.birth_date:
                        self.heartbeat()
                    if self.birth_date:
                        self._come_back()
            except StoreError:
                pass  # it has been logged; Redis may come back
            except Exception:  # without its beats a worker that works is taken for dead
                log.exception("a worker could not say that it lives")

    def _come_back(self):
        """One that was frozen is forgotten, and says again who it is."""
        if not self.connection.hexists(self.key, "birth"):
            self.connection.hset(self.key, mapping=self.serialize())
        worker_registration.register(self)

    def handle_warm_shutdown_request(self):
        self.stopping = True
        # In a thread of its own: a signal handler must not wait for a lock.
        threading.Thread(target=self._stop, name="stop").start()

    def _stop(self):
        if run := self.run:
            run.interrupt(ProviderError("cancelled", "The worker is stopping."))

    # -- one commentary

    def perform(self, id, number):
        desk = self.desk
        if desk.leases.working().get(id) != number:
            return  # it has ended, or a later attempt is under way
        lease = desk.leases.take(id, PATIENCE_S)
        if lease is None:
            return
        try:
            with suppress(LeaseLost), Renewal(lease) as renewal:
                self._with_lease(lease, number, renewal)
        finally:
            self.run = None
            lease.drop()
        if self.stopping and desk.leases.next_attempt(id, number, died=False) is not None:
            desk.crew.ask(id, number + 1, first=True)

    def _with_lease(self, lease, number, renewal):
        try:
            session = self.desk.sessions.find(lease.id)
        except NotFound:
            self._refuse(lease)
            return
        try:
            pen = Pen(session, lease)
            if not pen.ended:  # all was made, and only Redis did not hear of it
                self._make(pen, number, renewal)
        finally:
            session.let_go()

    def _refuse(self, lease):
        message = "The worker does not see this commentary: it must share the server's DATA_DIR."
        log.error(message, extra=facts(run_id=lease.id))
        told = lease.told()
        event = Commentary.failed(ProviderError("internal", message), "prepare")
        lease.tell(told, [encode(told + 1, event)], "failed")

    def _make(self, pen, number, renewal):
        asked = pen.session.kept("job.json")
        try:
            film = film_named(self.services.library, asked["video"])
            if film.video.digest != asked["digest"]:
                raise VideoNotFound("The video was replaced; ask again.")
            chosen = options.Options(**asked["options"])
            self.run = HiredRun(self.services, film, chosen, pen, asked, number)
        except (ServerError, OSError) as error:
            error = unwritable() if isinstance(error, OSError) else on_wire(error)
            pen.tell([Commentary.failed(error, "prepare")], "failed")
            return
        renewal.serve(self.run)
        if self.stopping:
            self._stop()
        self.run.work()


def job_class(perform):
    class Errand(Job):
        """A job that does what we do, and not what is written in it: who can write into
        Redis does not get to name functions."""

        success_callback = failure_callback = stopped_callback = None

        def perform(self):
            return perform(*self.args)

    return Errand
