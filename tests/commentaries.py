"""A real server that comments on videos, and what its streams tell."""

import json
from pathlib import Path

from tests.live import Stream, until

ENDS = ("complete", "error", "cancelled")


def told(server, name, query="", after=None):
    """The whole stream of a commentary, as [(id, event)]."""
    return [(number, event) for _, number, event in opened(server, name, query, after).messages()]


def opened(server, name, query="", after=None, method="GET"):
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    connection = server.connect(timeout=120)
    connection.request(method, f"/api/analyze-stream/{name}{query}", headers=headers)
    return Stream(connection)


def first(stream, kind):
    """Read up to the first event of that kind; (id, event)."""
    for _, number, event in stream.messages():
        if event["type"] == kind:
            return number, event
        assert event["type"] not in ENDS, event
    raise AssertionError(f"the stream ended without {kind}")


def of(events, kind):
    return [event for _, event in events if event["type"] == kind]


def check(events):
    """What holds for every commentary, however it fared."""
    numbers = [number for number, _ in events]
    assert numbers == list(range(1, len(numbers) + 1))
    kinds = [event["type"] for _, event in events]
    assert kinds[0] == "status" and events[0][1]["run_id"]
    assert kinds[-1] in ENDS and sum(kind in ENDS for kind in kinds) == 1
    progress = [event["progress"] for _, event in events if "progress" in event]
    assert progress == sorted(progress)
    assert all(number < 100 for number in progress[:-1])
    chunks = of(events, "chunk_ready")
    assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
    for one, after in zip(chunks, chunks[1:], strict=False):
        assert one["end_s"] == after["start_s"]
    lines = [e for _, e in events if e["type"] in ("commentary_ready", "line_failed")]
    assert [line["index"] for line in lines] == list(range(len(lines)))
    spoken = of(events, "commentary_ready")
    for one, after in zip(spoken, spoken[1:], strict=False):
        assert one["end"] <= after["start"]
    return events


def get(server, url, **headers):
    return server.request("GET", url, headers=headers)


def summary(server, run_id):
    status, found = server.get(f"/api/runs/{run_id}")
    assert status == 200, found
    return found


def ended(server, run_id):
    return until(lambda: summary(server, run_id)["state"] in ("complete", "failed", "cancelled"))


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def ffmpegs_of(server):
    """The ffmpegs that this server has running."""
    found, waiting = [], [server.process.pid]
    while waiting:
        pid = waiting.pop()
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += map(int, task.read_text().split())
            except OSError:
                pass  # it has ended
        try:
            if "ffmpeg" in Path(f"/proc/{pid}/comm").read_text():
                found.append(pid)
        except OSError:
            pass
    return found
