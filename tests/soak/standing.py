"""How a server stands when nobody is there: what it holds, and how much more that may be later.

The first look is after a warm-up, in the same process as the second.
"""

import contextlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.live import until

QUIET_S = 90
SETTLED_S = 10  # a program that was just killed is seen for a while

# What may be more than before, and why.
ALLOWED = {
    "threads": 6,  # gunicorn's pool grows to the most requests there ever were at once
    "descriptors": 4,  # a connection of the store for each new thread that reads it
    "memory_mb": 20,  # answers that are kept, up to 32 MiB, and the allocator's own holes
    "children": 0,
    "nginx_descriptors": 2,
    "disk_mb": 25,  # MAX_COMMENTARY_MB, and some pages of the store of runs
    "leftovers": 0,
}


@dataclass(frozen=True)
class Standing:
    threads: int
    descriptors: int
    memory_mb: float
    children: int  # of the worker, dead ones too
    nginx_descriptors: int
    disk_mb: float
    leftovers: int  # unfinished files, and everything in the folder for temporary ones

    def more_than(self, before):
        """What there is more of than is allowed, in words."""
        return [
            f"{name}: {getattr(before, name):g}, then {value:g}"
            for name, value in asdict(self).items()
            if value > getattr(before, name) + ALLOWED[name]
        ]


def standing(server, nginx, temporary):
    """Once what is going on has ended."""
    until(lambda: quiet(server), QUIET_S, every_s=0.05)
    with contextlib.suppress(AssertionError):  # what stays is counted below
        until(lambda: not (children(server.worker_pid) or unfinished(server)), SETTLED_S)
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]
    return Standing(
        server.threads(),
        server.descriptors(),
        server.resident_mb(),
        len(children(server.worker_pid)),
        sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in children(nginx.process.pid)),
        sum(map(size, files)) / 2**20,
        len(unfinished(server)) + len(os.listdir(temporary)),
    )


def unfinished(server):
    return list(server.data_dir.rglob("*.part"))


def quiet(server):
    text = server.request("GET", "/metrics")[2].decode()
    gauges = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    busy = ("runs_open", "streams_open", "commentaries_working", "commentaries_waiting")
    return not any(float(gauges[f"parallax_{name}"]) for name in busy)


def children(pid):
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, path.read_text().split())
        except OSError:
            pass  # a thread that has just ended
    return found


def size(path):
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it was swept meanwhile
