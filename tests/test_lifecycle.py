"""A real server that is stopped, reloaded and killed while it works."""

import collections
import http.client
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from server import sample
from tests import clips
from tests.live import Server, serving, until


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("life") / "data"
    (path / "videos").mkdir(parents=True)
    sample.make(path / "videos" / "sample.mp4")
    return path


def ask(*models, **more):
    return {"query": "What happens?", "models": list(models), "video_id": "sample", **more}


def children(pid):
    """pid -> command, of all that came from this process."""
    found = {}
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ")
                found |= children(child)
            except OSError:
                pass  # it ended while we looked
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_stop_with_ten_streams_ends_them_all_within_two_seconds(data_dir):
    server = Server(data_dir).start()
    streams = [server.open(ask("demo@first=60")) for _ in range(10)]
    for stream in streams:
        stream.until("model_start")
    began = time.monotonic()
    server.process.terminate()
    for stream in streams:
        events = stream.events()
        assert events[-1] == "[DONE]" and events[-2]["cancelled"] == 1
        assert "restarting" in events[-3]["message"] and events[-3]["retryable"]
    told = time.monotonic() - began
    assert server.process.wait(10) == 0
    assert told < 2
    assert "Traceback" not in server.log()


class Hammer:
    """Clients that ask again and again; what they were answered."""

    def __init__(self, server, clients=4):
        self._server, self._stop = server, threading.Event()
        self.answers = collections.Counter()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number):
        while not self._stop.is_set():
            try:
                self.answers[self._once(number)] += 1
            except (OSError, http.client.HTTPException) as error:
                self.answers[repr(error)] += 1

    def _once(self, number):
        if number % 2:
            return self._server.get("/api/models")[0]
        stream = self._server.open(ask("demo@first=0,tokens=3"))
        return stream.status, stream.events()[-1] if stream.status == 200 else None


def test_a_reload_fails_nobody_and_ends_what_runs_properly(data_dir):
    with serving(data_dir) as server:
        streams = [server.open(ask("demo@first=60")) for _ in range(5)]
        with Hammer(server) as hammer:
            until(lambda: hammer.answers[200] > 5)
            old = server.worker_pid
            began = time.monotonic()
            server.process.send_signal(signal.SIGHUP)
            assert all(stream.events()[-1] == "[DONE]" for stream in streams)
            assert time.monotonic() - began < 2
            until(lambda: not alive(old))
            before = hammer.answers[200]
            until(lambda: hammer.answers[200] > before + 5)
        assert set(hammer.answers) == {200, (200, "[DONE]")}, hammer.answers
        assert "Traceback" not in server.log()


def test_a_killed_worker_is_replaced_and_leaves_no_ffmpeg(data_dir):
    clips.noise(data_dir / "videos/long.mp4", 120, sound=True)
    with serving(data_dir) as server:
        stream = server.open(ask("cuts", "light", "sound", video_id="long"))
        worker = server.worker_pid
        running = until(lambda: {p for p, c in children(worker).items() if b"ffmpeg" in c})
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(http.client.IncompleteRead):
            stream.response.read()
        until(lambda: not any(map(alive, running)), 5)
        until(lambda: set(children(server.process.pid)) - {worker})
        until(lambda: server.get("/readyz")[0] == 200)


def test_a_master_that_dies_takes_its_worker_along(data_dir):
    server = Server(data_dir).start()
    worker = server.worker_pid
    server.process.kill()
    server.process.wait()
    until(lambda: not alive(worker))
