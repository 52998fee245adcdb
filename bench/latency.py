"""How much later than the vendor wrote it does a piece reach the client, and at what cost?

    python -m bench.latency [--cells 3x10 9x50] [--rate 50] [--seconds 4] [--cores all]

A cell is models x clients. Every piece carries the time it was written. The same number of
streams is read five ways in the same run: straight from the vendor (what the machine and the
measuring cost), through a relay of bytes and a plain server of the same shape (relay.py,
plain.py), and through the server with one worker process and with two. What the server adds is
its latency less the direct one, quantile by quantile. The first second, in which everybody
comes at once, is left out; CPU is that of the server's workers alone.
"""

from . import load, rig
from .table import report

CELLS = ("3x10", "3x50", "3x100", "9x10", "9x50")
TWO_WORKERS = {"GUNICORN_CMD_ARGS": "--workers 2"}
START_S = 1.0


def measure(cells=CELLS, rate=50.0, seconds=4.0, cores="one"):
    shape = f"{rate:g}x{seconds + START_S:g}"
    rows = []
    with (
        rig.running("bench.vendor") as (vendor, _),
        rig.running("bench.relay", vendor) as (relay, relay_pid),
        rig.running("bench.plain", vendor) as (plain, plain_pid),
        rig.parallax(vendor, [shape], THREADS=160, CORES=cores) as one,
        rig.parallax(vendor, [shape], THREADS=160, CORES=cores, **TWO_WORKERS) as two,
    ):

        def asked(server, models, clients):
            question = [shape] * models
            return [
                load.request(server.port, "/compare-stream", rig.question(question))
                for _ in range(clients)
            ]

        for server in (one, two):
            load.read_all(asked(server, 1, 20))  # both workers, most likely, import the SDK
        for cell in cells:
            models, clients = map(int, cell.split("x"))
            upstream = {"models": [shape] * models}
            ways = {
                "direct": lambda n=models, c=clients: ([direct(vendor, shape)] * n * c, []),
                "relay": lambda u=upstream, c=clients: (
                    [load.request(relay, "/", u) for _ in range(c)],
                    [relay_pid],
                ),
                "plain": lambda u=upstream, c=clients: (
                    [load.request(plain, "/", u) for _ in range(c)],
                    rig.children_of(plain_pid),
                ),
                "parallax": lambda n=models, c=clients: (asked(one, n, c), workers_of(one)),
                "with two workers": lambda n=models, c=clients: (
                    asked(two, n, c),
                    workers_of(two),
                ),
            }
            found = {way: figures(*load.read_all(*what()), seconds) for way, what in ways.items()}
            rows += [row(cell, way, found) for way in ways]
    return rows


def workers_of(server):
    return rig.children_of(server.process.pid)


def direct(vendor, shape):
    return load.request(vendor, "/", {"model": shape})


def figures(readings, used, seconds):
    """Of what was written once all had begun, up to the end of the first."""
    pieces = [piece for reading in readings for piece in reading.pieces()]
    began = min(written for written, _ in pieces) + START_S
    ended = began + seconds - 0.1
    ages = sorted((came - written) * 1000 for written, came in pieces if began < written < ended)
    at = lambda share: ages[min(len(ages) - 1, int(len(ages) * share))]  # noqa: E731
    found = {"pieces": len(ages), "p50": at(0.5), "p99": at(0.99), "max": ages[-1]}
    if inside := [sample for sample in used if began < sample[0] < ended]:
        (first, cpu), (last, cpu_then) = inside[0], inside[-1]
        done = sum(first < came < last for _, came in pieces)
        found["cpu_s_per_1000"] = (cpu_then - cpu) / done * 1000
        found["cores"] = (cpu_then - cpu) / (last - first)
    return found


def row(cell, way, found):
    mine, reference = found[way], found["direct"]
    added = {f"added {q}": mine[q] - reference[q] for q in ("p50", "p99", "max")}
    cost = {k: mine.get(k) for k in ("cpu_s_per_1000", "cores")}
    return {"cell": cell, "way": way, "pieces": mine["pieces"], "p99": mine["p99"], **added, **cost}


if __name__ == "__main__":
    report(
        __doc__,
        "Latency of a piece in ms, and CPU",
        measure,
        cells=CELLS,
        rate=50.0,
        seconds=4.0,
        cores="one",
    )
