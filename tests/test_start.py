"""What a start costs with no key set, and what it clears."""

import errno
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from server import __main__, uploads
from server.media.publishing import published
from server.providers import warming
from tests.live import ROOT, serving, until

SEEN = """
import os, sys
from server.providers import warming
warm = warming.warm

def warm_and_tell(names):
    warm(names)
    sdks = {"openai", "google.generativeai", "twelvelabs", "elevenlabs"} & set(sys.modules)
    part = f"{os.environ['SEEN_IN']}/part"
    with open(part, "w") as file:
        file.write(" ".join(sorted(sdks)))
    os.rename(part, f"{os.environ['SEEN_IN']}/warmed-{os.getpid()}")

warming.warm = warm_and_tell
"""

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


@pytest.mark.parametrize(
    "variable, sdk",
    [
        ("OPENROUTER_API_KEY", "openai"),
        ("GEMINI_API_KEY", "google/generativeai"),
        ("TWELVELABS_API_KEY", "twelvelabs"),
    ],
)
def test_the_sdk_of_a_vendor_with_a_key_is_there_before_the_first_question(tmp_path, variable, sdk):
    (tmp_path / "sitecustomize.py").write_text(SEEN)
    path = f"{tmp_path}:{ROOT}"
    with serving(tmp_path / "data", PYTHONPATH=path, SEEN_IN=tmp_path, **{variable: "k"}):
        until(lambda: list(tmp_path.glob("warmed-*")))
        [warmed] = tmp_path.glob("warmed-*")
        assert warmed.read_text().split() == [sdk.replace("/", ".")]


def test_an_sdk_that_cannot_be_imported_is_told_and_the_others_come(monkeypatch, caplog):
    came = []

    def provider(name):
        return SimpleNamespace(warm=lambda: came.append(name) if name != "broken" else 1 / 0)

    monkeypatch.setattr(warming, "provider_class", provider)
    warming.warm(["broken", "whole"])
    assert came == ["whole"] and "SDK of broken" in caplog.text


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
