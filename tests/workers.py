"""Workers that make commentaries: real processes, and who of them is at work."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import redis
import rq

from tests.live import DEADLINE_S, ROOT, until


class Worker:
    def __init__(self, server):
        self.server, self.process = server, None
        self.url = server.variables["REDIS_URL"]
        self.log_path = server.log_path.with_name(f"worker-{id(self)}.log")

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "worker"],
                cwd=ROOT,
                env=self.server.environment(),
                stdout=log,
                stderr=log,
            )
        return self

    def ready(self):
        assert self.process.poll() is None, self.log()
        return "a worker is ready" in self.log()

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    def tracebacks(self, after=""):
        """Those it logged, behind the first line with that text."""
        log = self.log()
        lines = map(json.loads, log[log.index(after) :].splitlines()[bool(after) :])
        return [line["traceback"] for line in lines if "traceback" in line]

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(number)
        return self.process.wait(DEADLINE_S)


@contextmanager
def working(server, count):
    workers = [Worker(server).start() for _ in range(count)]
    try:
        for worker in workers:
            until(worker.ready)
        yield workers
    finally:
        for worker in workers:
            worker.end(signal.SIGKILL)


def busy(workers):
    """The one that works, as RQ has it, and the others."""
    with redis.Redis.from_url(workers[0].url) as client:
        found = [each.pid for each in rq.Worker.all(client) if each.get_state() == "busy"]
    one = [worker for worker in workers if worker.process.pid in found]
    assert len(one) == 1, found
    return one[0], [worker for worker in workers if worker is not one[0]]
