"""The workers that make commentaries, and the line before them: a queue of RQ.

Data and nothing else goes through Redis: a number and an id, as JSON. What a worker does
with it stands in `worker.py`, whatever function a job names.
"""

from ..stores.redis import connect, translated

NAME = "parallax-commentaries"
FAILED_S = 86400  # how long RQ remembers a job that failed


class Crew:
    def __init__(self, url):
        import rq
        from rq import worker_registration
        from rq.serializers import JSONSerializer

        self._workers, self._registration = rq.Worker, worker_registration
        self.queue = rq.Queue(NAME, connection=connect(url), serializer=JSONSerializer)

    def ask(self, id, number, first=False):
        """For the attempt of that number. One that was begun already goes first."""
        with translated():
            self.queue.enqueue_call(
                "commentary",
                args=(id, number),
                timeout=-1,  # it has a deadline of its own
                result_ttl=0,
                failure_ttl=FAILED_S,
                job_id=named(id, number),
                description=named(id, number),
                at_front=first,
            )

    def dismiss(self, id, number):
        """Nobody needs to begin it any more."""
        with translated():
            self.queue.remove(named(id, number))

    def waiting(self):
        """Names of the attempts that no worker has begun, in their order."""
        with translated():
            return self.queue.get_job_ids()

    def size(self):
        """How many workers there are, busy or not."""
        with translated():
            self._registration.clean_worker_registry(self.queue)
            return self._workers.count(queue=self.queue)


def named(id, number):
    return f"{id}-{number}"
