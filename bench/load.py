"""Many clients at once, that only note when bytes came; what was in them is read later."""

import json
import re
import select
import socket
import time
from pathlib import Path

STAMP = re.compile(rb'"(?:text|content)": ?"(\d+\.\d+) "')
SAMPLE_EVERY_S = 0.1


class Reading:
    """One client's answer: its parts, and when each came."""

    def __init__(self, line):
        self.line = line
        self.asked = time.monotonic()
        self.parts = []

    @property
    def raw(self):
        return b"".join(data for _, data in self.parts)

    @property
    def ended(self):
        return self.parts[-1][0]

    def first(self, mark):
        """When the first part with these bytes came."""
        return next(at for at, data in self.parts if mark in data)

    def pieces(self):
        """(time written, time it came) of every piece."""
        rest = b""
        for at, data in self.parts:
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                for stamp in STAMP.findall(line):
                    yield float(stamp), at


def request(port, path, body):
    raw = json.dumps(body).encode()
    return (
        port,
        (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Connection: close\r\nContent-Length: {len(raw)}\r\n\r\n"
        ).encode()
        + raw,
    )


def opened(request):
    port, raw = request
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(raw)
    line.setblocking(False)
    return Reading(line)


def read_all(requests, pids=(), until=None):
    """Ask all of these at once and read them to their end, or that time. Returns the
    readings and (time, CPU seconds) of those processes together meanwhile."""
    readings = [opened(request) for request in requests]
    return readings, attend(readings, pids, until)


def attend(readings, pids=(), until=None):
    epoll = select.epoll()
    by_descriptor = {reading.line.fileno(): reading for reading in readings}
    for descriptor in by_descriptor:
        epoll.register(descriptor, select.EPOLLIN)
    used, sample_at = [], 0.0
    while by_descriptor and (until is None or time.monotonic() < until):
        for descriptor, _ in epoll.poll(SAMPLE_EVERY_S):
            reading = by_descriptor[descriptor]
            try:
                data = reading.line.recv(1 << 18)
            except OSError:
                data = b""
            if data:
                reading.parts.append((time.monotonic(), data))
            else:
                epoll.unregister(descriptor)
                reading.line.close()
                del by_descriptor[descriptor]
        if pids and time.monotonic() > sample_at:
            sample_at = time.monotonic() + SAMPLE_EVERY_S
            used.append((time.monotonic(), sum(map(cpu_seconds, pids))))
    epoll.close()
    return used


def get(port, path):
    """(status, body, seconds it took) of a plain request."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        raw = b""
        while part := line.recv(65536):
            raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split()[1]), body, time.monotonic() - began


def cpu_seconds(pid):
    """User and system time of all its threads; a clock of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(pid)
