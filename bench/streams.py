"""What open streams cost while nobody says anything, and what the next one is told.

    python -m bench.streams [--streams 200]

Memory and CPU are those of the server's worker, with so many streams of three silent models
open; the reference is the same worker with none. Then the places are all taken: refusals and
health are timed, beside a worker that has nothing to do.
"""

import statistics
import time

from . import load, rig
from .table import report

SETTLE_S = 3.0
WATCH_S = 8.0
ASKED = 50


def measure(streams=200):
    shape = f"0x{SETTLE_S + WATCH_S + 30:g}"
    # Threads for so many streams, beside those kept back for media and health.
    places = {"THREADS": streams * 5 // 4 + 4, "MAX_RUNS": streams, "DISCONNECT_GRACE_S": 0}
    with (
        rig.running("bench.vendor") as (vendor, _),
        rig.parallax(vendor, [shape], **places) as server,
    ):
        pid = server.worker_pid
        warm_up, _ = load.read_all([ask(server, shape)], until=time.monotonic() + 2)
        warm_up[0].line.close()
        idle_health = health(server)
        empty_mb, empty_cores = load.resident_mb(pid), cores(pid)
        readings = [load.opened(ask(server, shape)) for _ in range(streams)]
        load.attend(readings, until=time.monotonic() + SETTLE_S)
        began, cpu = time.monotonic(), load.cpu_seconds(pid)
        load.attend(readings, until=time.monotonic() + WATCH_S)
        used = (load.cpu_seconds(pid) - cpu) / (time.monotonic() - began)
        row = {
            "streams": sum(any(b"data: " in part for _, part in r.parts) for r in readings),
            "MB each": (load.resident_mb(pid) - empty_mb) / streams,
            "% of a core": used * 100,
            "idle %": empty_cores * 100,
            "refused ms": timed(lambda: refusal(server, shape)),
            "health ms": health(server),
            "idle health ms": idle_health,
        }
        for reading in readings:
            reading.line.close()
    return [row]


def ask(server, shape):
    return load.request(server.port, "/compare-stream", rig.question([shape] * 3))


def cores(pid):
    began, cpu = time.monotonic(), load.cpu_seconds(pid)
    time.sleep(SETTLE_S)
    return (load.cpu_seconds(pid) - cpu) / (time.monotonic() - began)


def refusal(server, shape):
    began = time.monotonic()
    [reading], _ = load.read_all([ask(server, shape)])
    assert b" 503 " in reading.raw.partition(b"\r\n")[0], reading.raw[:200]
    return time.monotonic() - began


def health(server):
    return timed(lambda: load.get(server.port, "/healthz")[2])


def timed(once):
    """Milliseconds in the middle; every single answer is asked for."""
    return statistics.median(once() for _ in range(ASKED)) * 1000


if __name__ == "__main__":
    report(
        __doc__,
        "Silent streams of three models, and the door when all places are taken",
        measure,
        streams=200,
    )
