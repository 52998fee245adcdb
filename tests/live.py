"""A real gunicorn, and a client that reads its streams as they come."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEADLINE_S = 20
# At once, on a machine that may stand still for a second; what is to happen at once would come
# by itself after 5 s (a connect) or more.
SOON_S = 4


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def until(fact, deadline_s=DEADLINE_S, every_s=0.01):
    """Wait for a fact; its value, or a failure that shows the last one."""
    deadline = time.monotonic() + deadline_s
    while not (value := fact()):
        assert time.monotonic() < deadline, f"still {value!r} after {deadline_s} s"
        time.sleep(every_s)
    return value


class Server:
    folder = ROOT  # in which it is started

    def __init__(self, data_dir, **variables):
        self.port = free_port()
        self.data_dir = Path(data_dir)
        self.log_path = self.data_dir.parent / f"server-{self.port}.log"
        self.variables = variables
        self.process = None

    def start(self):
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    str(ROOT / "gunicorn.conf.py"),
                    "wsgi:app",
                ],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        until(self._answers)
        return self

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
        return {
            **kept,
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "RATE_LIMIT": "100000/second",
            "PYTHONPATH": str(ROOT),
            **{k: str(v) for k, v in self.variables.items()},
        }

    def _answers(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    @property
    def worker_pid(self):
        out = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(out.split()[0])

    def kill_worker(self):
        os.kill(self.worker_pid, signal.SIGKILL)

    def kill(self):
        """The master first, or it would start another worker."""
        worker = self.worker_pid
        self.process.kill()
        self.process.wait()
        os.kill(worker, signal.SIGKILL)

    def threads(self):
        return len(os.listdir(f"/proc/{self.worker_pid}/task"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.worker_pid}/fd"))

    def resident_mb(self):
        for line in Path(f"/proc/{self.worker_pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    def connect(self, timeout=DEADLINE_S):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path, **headers):
        status, _, body = self.request("GET", path, headers=headers)
        return status, json.loads(body) if body else None

    def post(self, path, value=None, **headers):
        raw = None if value is None else json.dumps(value)
        headers = {"Content-Type": "application/json", **headers}
        status, _, body = self.request("POST", path, raw, headers)
        return status, json.loads(body) if body else None

    def open(self, value=None, path="/api/analyze/stream/parallel", method="POST", **headers):
        """Start (or follow) a stream."""
        connection = self.connect()
        raw = None if value is None else json.dumps(value)
        connection.request(method, path, raw, {"Content-Type": "application/json", **headers})
        return Stream(connection)

    def follow(self, run_id, after=None):
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        return self.open(None, f"/api/runs/{run_id}/stream", "GET", **headers)


class Stream:
    """The messages of one SSE response, each with the time it came."""

    def __init__(self, connection):
        self.connection = connection
        self.socket = connection.sock
        self.response = connection.getresponse()
        self.status = self.response.status
        self.headers = self.response.headers
        self.raw = b""
        self._read = 0

    def messages(self):
        """(time, id, event) as they come; the event of the last one is "[DONE]"."""
        while True:
            end = self.raw.find(b"\n\n", self._read)
            if end < 0:
                part = self.response.read1(65536)
                if not part:
                    return
                self.raw += part
                continue
            block, self._read = self.raw[self._read : end], end + 2
            number = event = None
            for line in block.decode().split("\n"):
                if line.startswith("id: "):
                    number = int(line[4:])
                elif line.startswith("data: "):
                    event = line[6:]
            if event is not None:
                yield time.monotonic(), number, event if event == "[DONE]" else json.loads(event)

    def events(self):
        return [event for _, _, event in self.messages()]

    def until(self, kind, model=None):
        """Read up to the first event of that kind."""
        for _, number, event in self.messages():
            if event != "[DONE]" and event["event_type"] == kind:
                if model is None or event["model"] == model:
                    return number, event
        raise AssertionError(f"no {kind}")

    def close(self):
        self.response.close()
        self.connection.close()

    def reset(self):
        """Leave without a word: RST instead of FIN."""
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()


@contextmanager
def serving(data_dir, **variables):
    server = Server(data_dir, **variables)
    try:
        yield server.start()
    finally:
        server.stop()


def texts(events):
    """model -> its whole text"""
    found = {}
    for event in events:
        if event != "[DONE]" and event.get("event_type") == "text_generation":
            found[event["model"]] = found.get(event["model"], "") + event["text"]
    return found
