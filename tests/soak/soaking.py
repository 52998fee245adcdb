"""The whole of it: a server and its nginx, generations of workers, and what there is to say.

A reload makes a new worker. Each one is looked at after its warm-up and before it goes, so
that a growth of its own is seen, and goes while visitors are there.
"""

import json
import signal
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.live import until
from tests.marks import film
from tests.proxy import behind_nginx
from tests.vendors.openai_server import OpenAIServer

from .plans import MODELS, plan, script
from .standing import children, standing
from .visiting import Visitors

WARM_UP = 0.25  # of a worker's visitors
MEET_THE_RELOAD = 5  # of each of those who come at once
IMPATIENT = {
    "FIRST_TEXT_TIMEOUT_S": 1.5,
    "IDLE_TIMEOUT_S": 1,
    "MODEL_TIMEOUT_S": 10,
    "DISCONNECT_GRACE_S": 1,
    "HEARTBEAT_S": 0.5,
    # All that is kept for a while is kept for seconds, or the end could not be as the beginning.
    "RUN_RETENTION_S": 5,
    "COMMENTARY_RETENTION_S": 10,
    "MAX_COMMENTARY_MB": 20,
    "MAX_HISTORY_MB": 16,
    "THREADS": 48,
}
OF_A_BUG = ("Traceback", "WORKER TIMEOUT", "stuck:", "Fatal Python error")


class Soak:
    def __init__(self, runs, seed, at_once=8, reloads=5, said=print):
        self.runs, self.seed = runs, seed
        self._at_once, self._generations, self._said = at_once, reloads + 1, said
        self.standings = []  # of each worker: (after its warm-up, before it goes)
        self.faults = []
        self.visitors = None

    def run(self):
        with tempfile.TemporaryDirectory() as folder, deployed(Path(folder)) as both:
            server, nginx, temporary = both
            self.visitors = Visitors(nginx, partial(plan, self.seed))
            try:
                for number in range(self._generations):
                    self._generation(number, server, nginx, temporary)
            except AssertionError as error:  # it never came to rest, or never reloaded
                self.faults.append(f"worker {number + 1}: {error}")
            self._listen(server, nginx)
        # The disk outlives a worker: as it was when the first had warmed up.
        if self.standings:
            (first, _), (_, last) = self.standings[0], self.standings[-1]
            self.faults += replace(first, disk_mb=last.disk_mb).more_than(first)
        self.faults += self.visitors.broken
        return not self.faults

    def _generation(self, number, server, nginx, temporary):
        begin, end = (self.runs * n // self._generations for n in (number, number + 1))
        warm = begin + max(1, round((end - begin) * WARM_UP))
        come = partial(self.visitors.come, at_once=self._at_once)
        come(warm)
        before = standing(server, nginx, temporary)
        last = number == self._generations - 1
        most = end if last else max(warm, end - self._at_once * MEET_THE_RELOAD)
        come(most)
        after = standing(server, nginx, temporary)
        self.standings.append((before, after))
        self.faults += [f"worker {number + 1}: {each}" for each in after.more_than(before)]
        if not last:
            come(end, meanwhile=lambda: reload(server))
        self._said(f"{end} runs, {len(self.visitors.broken)} promises broken")

    def _listen(self, server, nginx):
        """What the logs say that no visitor was told."""
        log = server.log()
        self.faults += [f"the log says {word!r}" for word in OF_A_BUG if word in log]
        for line in map(json.loads, nginx.access_log().splitlines()):
            # 503 says when to come back; under /v1 a vendor's failure is a status, as OpenAI's.
            if line["status"] >= 500 and line["status"] != 503 and line["path"][:4] != "/v1/":
                self.faults.append(f"nginx answered {line}")


def reload(server):
    """SIGHUP; returns once the new worker is alone."""
    old = children(server.process.pid)
    server.process.send_signal(signal.SIGHUP)
    alone = lambda: len(now := children(server.process.pid)) == 1 and now != old  # noqa: E731
    until(alone, 30)


@contextmanager
def deployed(folder):
    """(gunicorn, nginx, the folder for temporary files)"""
    videos, temporary = folder / "data/videos", folder / "tmp"
    videos.mkdir(parents=True)
    temporary.mkdir()
    folder.chmod(0o755)  # nginx's workers are another user
    film(videos / "film.mp4", 6)
    with OpenAIServer(script) as vendor:
        models = folder / "models.toml"
        models.write_text("".join(entries(vendor.base_url)))
        variables = {**IMPATIENT, "MODELS_FILE": models, "TMPDIR": temporary}
        with behind_nginx(folder / "data", folder / "nginx", **variables) as (server, nginx):
            yield server, nginx, temporary


def entries(base_url):
    for number in range(MODELS):
        yield f'[m{number}]\nprovider = "openai"\nupstream = "m{number}"\nbase_url = "{base_url}"\n'
    for name in ("demo", "cuts", "light", "sound"):
        more = "simulated = true\n" if name == "demo" else ""
        yield f'[{name}]\nprovider = "{name}"\ntakes = ["video", "text"]\n{more}'
