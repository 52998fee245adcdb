"""How near a commentary is to the critical path of those it waits for.

    python -m bench.commentary [--minutes 2.2 20] [--detect 8] [--write 3] [--speak 3]

Local servers play Gemini and ElevenLabs at set latencies; everything else is real: gunicorn,
the SDKs, ffmpeg. The reference is arithmetic over the same latencies: the first chunk cannot
come before one detection, one writing and one speaking, all after each other; the end is held
against a schedule of the same asks that has nothing else to do. The rest is ours. Playback
starts at the first chunk; a stall is a chunk that comes after the player needs it.
"""

import heapq
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

from server.commentary.detect import ASKS
from server.commentary.write import Write
from server.settings import Settings
from tests.commentaries import of, opened
from tests.live import serving
from tests.vendors.commentators import Commentators

from . import rig
from .table import report

VOICE_CONCURRENCY = Settings.voice_concurrency
WARM_UP_MINUTES = 0.4  # the SDKs are imported


def measure(minutes=(133 / 60, 20), detect=8, write=3, speak=3):
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Commentators(detect, write, speak) as vendors,
    ):
        data = Path(folder) / "data"
        (data / "videos").mkdir(parents=True)
        with serving(data, **vendors.environment()) as server:
            for length in (WARM_UP_MINUTES, *minutes):
                found.append(measure_one(length, vendors, server))
                for path in (data / "videos").iterdir():
                    path.unlink()
                # Films of one beginning have first lines in common, which were spoken then.
                shutil.rmtree(data / "commentary" / "results")
    return found[1:]


def measure_one(minutes, vendors, server):
    name = f"film-{minutes:g}.mp4"
    rig.film(server.data_dir / "videos" / name, minutes)
    asked_before = Counter(vendors.asked)
    began, arrived = time.monotonic(), []
    events = []
    for at, number, event in opened(server, name).messages():
        events.append((number, event))
        if event["type"] == "chunk_ready":
            arrived.append((at - began, event["start_s"]))
    total = time.monotonic() - began
    assert of(events, "complete"), events[-1]
    first = arrived[0][0]
    asked = {what: n - asked_before[what] for what, n in vendors.asked.items()}
    return {
        "minutes": minutes,
        "chunks": len(arrived),
        "lines": len(of(events, "commentary_ready")),
        "lost": len(of(events, "line_failed")),
        "first_chunk_s": round(first, 2),
        "critical_path_s": sum(vendors.latencies.values()),
        "first_over_path": round(first / sum(vendors.latencies.values()), 3),
        "total_s": round(total, 2),
        "stall_s": round(max(0.0, max(at - first - start for at, start in arrived)), 2),
        "asked": asked,
        "best_total_s": round(best(lines_by_window(events), vendors.latencies), 2),
    }


def lines_by_window(events):
    """How many lines each window has."""
    spoken = [event["start"] for event in of(events, "commentary_ready")]
    windows = [event["interval"] for event in of(events, "events_detected")]
    return [sum(start <= at < end for at in spoken) for start, end in sorted(windows)]


def best(lines, latencies):
    """When the last of these windows would be spoken: each ask as soon as what it needs is
    there and one of its kind may be asked, those that are ready first."""
    ready = [0.0] * len(lines)
    for kind, at_once in (("detect", ASKS), ("write", Write.workers), ("speak", VOICE_CONCURRENCY)):
        free = [0.0] * at_once
        for window in sorted(range(len(lines)), key=lambda n: (ready[n], n)):
            began = ready[window]
            for _ in range(lines[window] if kind == "speak" else 1):
                done = max(began, heapq.heappop(free)) + latencies[kind]
                heapq.heappush(free, done)
                ready[window] = max(ready[window], done)
    return max(ready)


if __name__ == "__main__":
    usual = {"minutes": (133 / 60, 20.0), "detect": 8.0, "write": 3.0, "speak": 3.0}
    report(__doc__, "Commentaries of vendors that take their time", measure, **usual)
