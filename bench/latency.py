"""How much later than the vendor wrote it does a piece reach the client?

    python -m bench.latency [--streams 10] [--models 3] [--rate 50] [--seconds 5]

Each piece carries the time it was written. The same number of pieces is first read
straight from the vendor: that is the reference, and what the machine itself adds. The
first two seconds, in which all runs start at once and sample their stills, are counted
apart.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from server import sample
from tests.live import free_port, serving

START_S = 2.0
STAMP = re.compile(rb'"(?:text|content)": ?"(\d+\.\d+) "')


async def read(port, path, body):
    """(time written, age on arrival in ms) of every piece."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    raw = json.dumps(body).encode()
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw
    )
    ages, rest = [], b""
    while part := await reader.read(65536):
        now = time.monotonic()
        lines = (rest + part).split(b"\n")
        rest = lines.pop()
        stamps = [float(stamp) for line in lines for stamp in STAMP.findall(line)]
        ages += [(stamp, (now - stamp) * 1000) for stamp in stamps]
    writer.close()
    return ages


async def read_many(readers):
    return [age for ages in await asyncio.gather(*readers) for age in ages]


def figures(pieces):
    """Of all the pieces, and of those after the start."""
    settled = min(written for written, _ in pieces) + START_S
    return {
        "all": quantiles([age for _, age in pieces]),
        "settled": quantiles([age for written, age in pieces if written > settled]),
    }


def quantiles(ages):
    ages = sorted(ages)
    at = lambda share: round(ages[min(len(ages) - 1, int(len(ages) * share))], 2)  # noqa: E731
    return {"pieces": len(ages), "p50": at(0.5), "p99": at(0.99), "max": at(1)}


def measure(streams, models, rate, seconds):
    port = free_port()
    vendor = subprocess.Popen(
        [sys.executable, "-m", "bench.vendor", str(port), str(rate), str(seconds)]
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            names = [f"m{n}" for n in range(models)]
            models_file = Path(folder) / "models.toml"
            models_file.write_text(
                "".join(
                    f'[{name}]\nprovider = "openai"\nupstream = "{name}"\n'
                    f'base_url = "http://127.0.0.1:{port}/v1"\noptions = {{ frames = 1 }}\n'
                    for name in names
                )
            )
            data = Path(folder) / "data"
            (data / "videos").mkdir(parents=True)
            sample.make(data / "videos" / "sample.mp4")
            with serving(data, MODELS_FILE=models_file) as server:
                direct = asyncio.run(
                    read_many(read(port, "/", {}) for _ in range(streams * models))
                )
                ask = {"query": "When?", "models": names, "video_id": "sample", "refresh": True}
                asyncio.run(read(server.port, "/api/analyze/stream/parallel", ask))  # SDK import
                before = cpu_seconds(server.worker_pid)
                ours = asyncio.run(
                    read_many(
                        read(server.port, "/api/analyze/stream/parallel", ask)
                        for _ in range(streams)
                    )
                )
                used = cpu_seconds(server.worker_pid) - before
    finally:
        vendor.kill()
        vendor.wait()
    found = {"direct": figures(direct), "parallax": figures(ours)}
    found["cpu_s_per_1000_pieces"] = round(used / len(ours) * 1000, 3)
    return found


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--models", type=int, default=3)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=5)
    chosen = parser.parse_args()
    found = measure(chosen.streams, chosen.models, chosen.rate, chosen.seconds)
    print(f"{chosen.streams} streams x {chosen.models} models x {chosen.rate:g} pieces/s, ms:")
    for who in ("direct", "parallax"):
        for when, numbers in found[who].items():
            print(f"  {who:<9} {when:<8}", "  ".join(f"{k} {v}" for k, v in numbers.items()))
    print("  CPU seconds of the server per 1000 pieces:", found["cpu_s_per_1000_pieces"])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
