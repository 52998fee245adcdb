"""What a run costs its reader: does it take longer than its slowest model, and how soon
does it begin?

    python -m bench.runs [--counts 1 3 6 9] [--tries 5]

Wall over slowest is the time of a whole run over that of the slowest model read straight
from the vendor in the same run. First event and dispatch are of a warm server: from the
request to the `start` message, and from the request to the vendor having the question of
the last model.
"""

import json
import statistics
import time

from . import load, rig
from .table import report

COUNTS = (1, 3, 6, 9)
SECONDS = 3.0


def measure(counts=COUNTS, tries=5):
    shape = f"20x{SECONDS:g}"
    rows = []
    with (
        rig.running("bench.vendor") as (vendor, _),
        rig.parallax(vendor, [shape]) as server,
    ):
        one_run(server, shape, max(counts), vendor)  # imports the SDK
        for count in counts:
            direct = took(load.read_all([load.request(vendor, "/", {"model": shape})] * count)[0])
            found = [one_run(server, shape, count, vendor) for _ in range(tries)]
            rows.append(
                {
                    "models": count,
                    "wall / slowest": statistics.median(each["wall"] for each in found) / direct,
                    "first event ms": middle(found, "first"),
                    "all dispatched ms": middle(found, "dispatched"),
                    "worst dispatched ms": max(each["dispatched"] for each in found) * 1000,
                }
            )
    return rows


def one_run(server, shape, count, vendor):
    load.get(vendor, "/")  # forget who asked before
    asked = load.request(server.port, "/compare-stream", rig.question([shape] * count))
    began = time.monotonic()
    [reading], _ = load.read_all([asked])
    arrivals = json.loads(load.get(vendor, "/")[1])
    return {
        "wall": took([reading]),
        "first": reading.first(b"data: ") - began,
        "dispatched": max(at for _, at in arrivals) - began,
    }


def took(readings):
    return max(reading.ended - reading.asked for reading in readings)


def middle(found, what):
    return statistics.median(each[what] for each in found) * 1000


if __name__ == "__main__":
    report(__doc__, "A run beside its slowest model", measure, counts=COUNTS, tries=5)
