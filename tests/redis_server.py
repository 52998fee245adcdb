"""A real redis-server, for as long as a test needs it."""

import shutil
import subprocess
from contextlib import contextmanager

import redis

from tests.live import free_port, until


class RedisServer:
    def __init__(self, folder):
        self.port, self._folder, self._process = free_port(), folder, None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        program = shutil.which("redis-server")
        assert program, "These tests need a redis-server: apt-get install redis-server."
        asked = {"port": self.port, "save": "", "dir": self._folder, "bind": "127.0.0.1"}
        options = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        until(self._answers)
        return self

    def _answers(self):
        try:
            with redis.Redis.from_url(self.url) as client:
                return client.ping()
        except redis.RedisError:
            return False

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def serving_redis(folder):
    server = RedisServer(folder)
    try:
        yield server.start()
    finally:
        server.stop()
