"""Does it hold? Thousands of visitors, many of whom leave anywhere, behind the shipped nginx.

    python -m tests.soak [--runs 5000] [--seed 1] [--at-once 8] [--reloads 5]

A vendor that fails in every way, commentaries now and then, reloads in between. At the end
nothing may be more than before: threads, descriptors, memory, children, disk. The seed
decides what each visitor does; which of them meet is left to chance.
"""

import argparse
import sys
import time
from dataclasses import asdict

from bench.table import show

from .soaking import Soak
from .standing import ALLOWED


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--reloads", type=int, default=5)
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.runs} runs, {chosen.at_once} at once", flush=True)
    began = time.monotonic()
    soak = Soak(
        chosen.runs,
        chosen.seed,
        chosen.at_once,
        chosen.reloads,
        lambda text: print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True),
    )
    well = soak.run()
    report(soak)
    print(
        f"\n{'PASS' if well else 'FAIL'} after {time.monotonic() - began:.0f} s, seed {soak.seed}"
    )
    return 0 if well else 1


def report(soak):
    show(
        "What visitors did",
        [dict(kind=k, ended=h, runs=n) for (k, h), n in sorted(soak.visitors.done.items())],
    )
    if soak.visitors.refused:
        show(
            "Told to come again",
            [dict(why=why, times=n) for why, n in soak.visitors.refused.items()],
        )
    rows = []
    for number, (before, after) in enumerate(soak.standings, 1):
        for when, stood in (("warm", before), ("later", after)):
            rows.append({"worker": f"{number} {when}", **asdict(stood)})
    rows.append({"worker": "may be more by", **ALLOWED})
    show("How it stood when nobody was there", rows)
    for fault in soak.faults:
        print(f"FAULT {fault}")


if __name__ == "__main__":
    sys.exit(main())
