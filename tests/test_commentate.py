"""`python -m server commentate`, as somebody at a shell sees it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from server import media
from tests import clips
from tests.live import DEADLINE_S, ROOT, until
from tests.vendors.commentators import Commentators


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return clips.clip(path, [("red", 6), ("blue", 6)], sound="sine=440")


@pytest.fixture
def commentate(tmp_path, film):
    def begin(*args, **variables):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ = {**kept, "DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", "server", "commentate", *map(str, args)],
            cwd=tmp_path,
            env={**environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


def test_a_film_becomes_one_with_a_commentary_and_nothing_else_is_left(commentate, film, tmp_path):
    process = commentate(film, "-o", "out.mp4")
    _, said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    assert said.splitlines()[-1] == "out.mp4"
    probe = media.probe(tmp_path / "out.mp4")
    assert probe.has_audio and abs(probe.duration - media.probe(film).duration) <= 1 / 25
    for folder in ("streaming", "generated"):
        assert not list((tmp_path / "data" / folder).iterdir())


def test_without_a_name_it_is_called_after_the_film(commentate, film, tmp_path):
    # Made here also where servers have workers, and without their Redis.
    elsewhere = {"COMMENTARY_WORKERS": "rq", "REDIS_URL": "redis://127.0.0.1:1/0"}
    process = commentate(film, "--language", "de", "--jsonl", **elsewhere)
    out, said = process.communicate(timeout=90)
    assert process.returncode == 0, said
    assert (tmp_path / "film-commentary.mp4").is_file()
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1]["type"] == "complete" and events[-1]["progress"] == 100


@pytest.mark.parametrize(
    "args, said",
    [
        (["nothing.mp4"], "There is no file"),
        (["{film}", "-o", "{film}"], "not written over"),
        (["{film}", "-o", "no/such/folder/out.mp4"], "There is no folder"),
        (["{film}", "--interval", "1"], "interval"),
        (["{film}", "--writer", "nobody"], "`python -m server doctor` lists them"),
        (["{film}", "--writer", "gemini"], "GEMINI_API_KEY"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_begins(commentate, film, tmp_path, args, said):
    process = commentate(*(arg.format(film=film) for arg in args))
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2 and said in told, told
    assert "Traceback" not in told


def test_a_data_folder_that_cannot_be_written_to_is_said(commentate, film, tmp_path):
    (tmp_path / "data").write_text("a file where a folder should be")
    process = commentate(film, "-o", "out.mp4")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "DATA_DIR" in said and "Traceback" not in said


def test_ctrl_c_hangs_up_and_leaves_nothing(commentate, film, tmp_path):
    with Commentators(detect_s=9.0) as vendors:
        process = commentate(film, "-o", "out.mp4", **vendors.environment())
        until(lambda: vendors.asked["detect"])
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in said
        asked, *_ = vendors.gemini.of(None)
        assert asked.hung_up.wait(DEADLINE_S)
    assert not (tmp_path / "out.mp4").exists()
    assert not list((tmp_path / "data" / "streaming").iterdir())


def test_a_file_that_is_no_film_is_said(commentate, tmp_path):
    (tmp_path / "page.mp4").write_text("<html>")
    process = commentate("page.mp4")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2 and "not a video" in said
