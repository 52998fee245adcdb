"""What a start costs with no key set, and what it clears."""

import errno
import json
import subprocess
import sys

from server import __main__, uploads
from server.media.publishing import published
from tests.live import ROOT, serving

PROBE = """
import json, sys, threading, wsgi
print(json.dumps({"modules": sorted(sys.modules), "threads": threading.active_count()}))
"""


def test_no_vendors_sdk_is_imported_and_no_thread_is_started(tmp_path):
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path)}
    out = subprocess.run(
        [sys.executable, "-c", PROBE], env=environ, cwd=tmp_path, capture_output=True, check=True
    )
    found = json.loads(out.stdout)
    sdks = {"openai", "google.generativeai", "twelvelabs", "elevenlabs", "httpx", "httpx2"}
    assert not sdks & set(found["modules"])
    assert found["threads"] == 1  # so that a fork after it is safe


def test_a_server_that_just_started_is_small(tmp_path):
    with serving(tmp_path / "data") as server:
        server.get("/api/models")
        assert server.resident_mb() < 80


def test_a_server_that_starts_leaves_the_sample_that_is_being_made(make_settings, monkeypatch):
    settings = make_settings()

    def make(path):
        with published(path) as part:
            part.write_bytes(b"film")
            uploads.sweep(settings.videos_dir)  # as a server does that starts now

    monkeypatch.setattr("server.sample.make", make)
    assert __main__.sample(settings, None) == 0
    assert [path.name for path in settings.videos_dir.iterdir()] == ["sample.mp4"]


def test_the_sample_is_made_on_the_disk_of_the_videos(make_settings, monkeypatch):
    settings = make_settings()
    made = []

    def make(path):
        assert settings.videos_dir in path.parents  # a rename does not go to another disk
        made.append(path)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("server.sample.make", make)
    assert __main__.sample(settings, None) == 0
    assert made and not list(settings.videos_dir.iterdir())
