"""How soon the server answers after it is started, and how large it is then.

    python -m bench.startup [--tries 5]

The reference is a gunicorn with an empty Flask application, started in the same way.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.live import Server, free_port, until

from . import load
from .rig import answers
from .table import report

EMPTY = """
from flask import Flask
app = Flask(__name__)
app.add_url_rule("/healthz", "healthz", lambda: "ok")
"""


def measure(tries=5):
    rows = []
    for what, once in (("empty Flask", empty), ("parallax", parallax)):
        found = [once() for _ in range(tries)]
        seconds = statistics.median(each[0] for each in found)
        rows.append({"what": what, "seconds": seconds, "MB": max(each[1] for each in found)})
    return rows


def parallax():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        began = time.monotonic()
        server.start()
        try:
            return time.monotonic() - began, server.resident_mb()
        finally:
            server.stop()


def empty():
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "empty_app.py").write_text(EMPTY)
        port = free_port()
        began = time.monotonic()
        command = ["-m", "gunicorn", "-k", "gthread", "-b", f"127.0.0.1:{port}", "empty_app:app"]
        server = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": folder},
        )
        try:
            until(lambda: answers(port) and load.get(port, "/healthz")[0] == 200)
            took = time.monotonic() - began
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
            return took, load.resident_mb(int(children.split()[0]))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    report(
        __doc__, "From the command to the first answer, and the worker's memory", measure, tries=5
    )
