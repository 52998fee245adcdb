"""What a large upload costs the server's memory.

    python -m bench.uploads [--mb 1000]

A film with so much padding behind it is sent as a browser sends it. The reference is the
same worker just before.
"""

import struct
import tempfile
import threading
import time
from pathlib import Path

from tests import clips
from tests.live import serving

from . import load
from .table import report

BLOCK = bytes(1 << 20)
LOOK_S = 0.02


def measure(mb=1000):
    with tempfile.TemporaryDirectory() as folder:
        film = clips.moving(Path(folder) / "film.mp4").read_bytes()
        with serving(Path(folder) / "data", MAX_UPLOAD_MB=mb + 100) as server:
            pid = server.worker_pid
            send(server, film, 1)  # what is loaded by the first of all uploads
            before, most, done = load.resident_mb(pid), 0.0, threading.Event()

            def look():
                nonlocal most
                while not done.wait(LOOK_S):
                    most = max(most, load.resident_mb(pid))

            looking = threading.Thread(target=look)
            looking.start()
            began = time.monotonic()
            status = send(server, film, mb)
            took = time.monotonic() - began
            done.set()
            looking.join()
    assert status == 201, status
    return [{"MB": mb, "MB/s": mb / took, "memory before": before, "more at most": most - before}]


def send(server, film, padding_mb):
    """A film and a box of nothing, which players skip."""
    padding = struct.pack(">I4sQ", 1, b"free", 16 + padding_mb * len(BLOCK))
    head = (
        b"--b\r\nContent-Disposition: form-data; name=file; filename=film.mp4\r\n"
        b"Content-Type: video/mp4\r\n\r\n"
    )
    tail = b"\r\n--b--\r\n"
    length = len(head) + len(film) + len(padding) + padding_mb * len(BLOCK) + len(tail)
    connection = server.connect(timeout=600)
    connection.putrequest("POST", "/api/videos")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    connection.send(head + film + padding)
    for _ in range(padding_mb):
        connection.send(BLOCK)
    connection.send(tail)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


if __name__ == "__main__":
    report(__doc__, "An upload, and the worker's memory", measure, mb=1000)
