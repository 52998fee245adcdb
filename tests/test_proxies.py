"""The copies that are sent: what they tell while they are made, and that none is left."""

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import ProviderError
from server.media.clips import advances
from server.models import Model, Slot
from server.providers import proxies
from server.providers.base import Call, Question
from server.providers.gemini_video import Plan
from tests import clips
from tests.asking_gemini import gemini_vendor, short_film  # noqa: F401
from tests.live import until
from tests.watched import Watched

GEMINI = Model("gemini", "gemini", "Gemini", upstream="gemini-x")

# An ffmpeg that takes its time over an encode and says how far it is, as slow ones do.
SLOW = """#!/bin/sh
case "$*" in *libx264*)
    n=0
    while [ $n -lt {steps} ]; do
        n=$((n + 1))
        case "$*" in *-progress*) printf 'out_time_us=%s\\nprogress=continue\\n' {time};; esac
        sleep 0.1
    done;;
esac
exec {ffmpeg} "$@"
"""


@pytest.fixture
def slow_ffmpeg(tmp_path, monkeypatch):
    real = media.ffmpeg()

    def install(steps, time):
        path = tmp_path / "bin" / "ffmpeg"
        path.parent.mkdir()
        path.write_text(SLOW.format(steps=steps, time=time, ffmpeg=real))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        media.binary.found.cache_clear()

    yield install
    monkeypatch.undo()
    media.binary.found.cache_clear()


def run_about_a_stretch(make_services, film, *models, **settings):
    slots = [Slot(model.name, model, {}) for model in models or [GEMINI]]
    question = Question("What moves?", film, start=1.0, end=3.0)
    return Watched(make_services(**settings), *slots, question=question)


def test_an_encode_that_gets_on_may_take_longer_than_a_first_text(
    vendor, film, make_services, slow_ffmpeg
):
    slow_ffmpeg(steps=35, time="${n}00000")
    watched = run_about_a_stretch(make_services, film, first_text_timeout_s=2.5)
    assert watched.text("gemini") == "Hello"
    assert watched.at[-1] > 3.5


def test_an_encode_that_stands_still_does_not(vendor, film, make_services, slow_ffmpeg):
    slow_ffmpeg(steps=600, time="1")
    others = [replace(GEMINI, name=f"gemini-{n}") for n in range(3)]
    watched = run_about_a_stretch(make_services, film, *others, first_text_timeout_s=2.0)
    for each in others:
        assert watched.error(each.name)["code"] == "timeout_first_text"
        assert watched.error_at(each.name) < 4  # nobody's wait begins when another's ends
    assert vendor.exchanges == []
    until(lambda: not clips.children())


def test_an_upload_that_stands_still_is_given_up_by_all_who_wait_for_it(
    vendor, film, make_services
):
    vendor.plays(lambda exchange: exchange.wait_for_hang_up(), about="take")
    models = [replace(GEMINI, name=f"gemini-{n}") for n in range(3)]
    slots = [Slot(model.name, model, {"upload": "files"}) for model in models]
    services = make_services(first_text_timeout_s=2.0)
    watched = Watched(services, *slots, question=Question("What moves?", film))
    for each in models:
        assert watched.error(each.name)["code"] == "timeout_first_text"
        assert watched.error_at(each.name) < 4
    assert len(vendor.of("take")) == 1


def test_ffmpeg_tells_how_far_it_is(film, tmp_path):
    ticks, target = [], tmp_path / "copy.mp4"
    media.clip(film.path, 0, 4, target, on_progress=lambda: ticks.append(target.exists()))
    assert ticks and not any(ticks)


def test_progress_is_only_what_is_further_than_before():
    said = [b"out_time_us=N/A\nout_t", b"ime_us=-5\nout_time_us=100\n"]
    said += [b"out_time_us=100\nprogress=continue\n", b"out_time_us=300\nout_time_us=2"]
    assert list(advances(said)) == [100, 300]


def test_who_is_told_of_progress_may_stop_it(tmp_path):
    film = clips.noise(tmp_path / "film.mp4", 10)

    def stop():
        raise ProviderError("cancelled", "Enough.")

    with pytest.raises(ProviderError, match="Enough"):
        media.clip(film, 0, 10, tmp_path / "copy.mp4", on_progress=stop)
    assert not clips.children()
    assert [path.name for path in tmp_path.glob("*copy*")] == []


DIES = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from server.cancel import CancelToken
from server.providers import proxies
from server.providers.base import Call, Question
from server.providers.gemini_video import Plan
from tests import clips
question = clips.question(Path(sys.argv[2]), 1.0, 3.0)
with proxies.made(question, Plan(True, height=180, kbps=100), Call(CancelToken())) as path:
    print(path, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_cleared_by_the_next_and_what_lives_stays(
    film, tmp_path, monkeypatch
):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    root = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", DIES, root, str(film.path)]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        left, kept = (Path(other.stdout.readline().strip()) for other in others)
        assert left.exists() and kept.exists()
        others[0].send_signal(signal.SIGKILL)
        others[0].wait()
        assert left.exists()
        proxies.sweep.cache_clear()
        question = Question("What?", film, start=0.5, end=2.5)
        plan = Plan(True, height=180, kbps=100)
        with proxies.made(question, plan, Call(CancelToken())) as path:
            assert path.exists()
            assert not left.parent.exists() and kept.exists()
        assert not path.parent.exists()
    finally:
        for other in others:
            other.kill()
            other.wait()
            other.stdout.close()
        monkeypatch.setattr(tempfile, "tempdir", None)
