"""All measurements, one after the other.

    python -m bench [--short] [--only latency runs] [--json FILE]

`--short` takes about a minute and shows that everything can still be measured; its figures
are coarse.
"""

import argparse
import json
import os
import platform
import sys
import time

from . import commentary, latency, media, runs, startup, streams, uploads
from .table import show

# name, what it shows, how, and what `--short` asks for instead
PARTS = (
    ("startup", startup.measure, {}, {"tries": 1}),
    ("runs", runs.measure, {}, {"counts": (1, 9), "tries": 1}),
    ("streams", streams.measure, {}, {"streams": 40}),
    ("latency", latency.measure, {}, {"cells": ["3x10"], "seconds": 2.0}),
    ("uploads", uploads.measure, {}, {"mb": 100}),
    ("media", media.measure, {}, {"minutes": 1}),
    (
        "commentary",
        commentary.measure,
        {"minutes": [133 / 60]},
        {"minutes": [0.5], "detect": 1, "write": 0.5, "speak": 0.5},
    ),
)


def main():
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="+", choices=[name for name, *_ in PARTS])
    parser.add_argument("--json", type=argparse.FileType("w"))
    chosen = parser.parse_args()
    found = {"machine": machine()}
    for name, measure, whole, short in PARTS:
        if chosen.only and name not in chosen.only:
            continue
        began = time.monotonic()
        found[name] = measure(**(short if chosen.short else whole))
        show(f"{name}, {time.monotonic() - began:.0f} s", found[name])
        sys.stdout.flush()
    if chosen.json:
        json.dump(found, chosen.json, indent=1)


def machine():
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()
