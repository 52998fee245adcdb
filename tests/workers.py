"""A server with a Redis and workers: real processes, on this machine."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

from tests.live import DEADLINE_S, ROOT, until


class Worker:
    def __init__(self, server):
        self.server, self.process = server, None
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
        until(lambda: self._is_ready())
        return self

    def _is_ready(self):
        assert self.process.poll() is None, self.log()
        return "a worker is ready" in self.log()

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    def send(self, number):
        os.kill(self.process.pid, number)

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(number)
            self.process.wait(DEADLINE_S)
        return self.process and self.process.returncode

    def works_on(self, run_id):
        return f'"{run_id}' in self.log()


@contextmanager
def working(server, count):
    workers = [Worker(server) for _ in range(count)]
    try:
        for worker in workers:
            worker.start()
        yield workers
    finally:
        for worker in workers:
            worker.stop(signal.SIGKILL)
