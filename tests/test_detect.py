"""The stage that finds out what happens in a window."""

import json

import pytest

from server.commentary import detect
from server.commentary.base import StageError
from server.commentary.detect import Detect
from server.commentary.options import Options
from server.errors import Abandoned, ProviderError
from tests import clips
from tests.commentating import Job, Scripted, script, stretch


@pytest.fixture(name="film", scope="module")
def short_film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return clips.video(clips.clip(path, [("red", 5), ("blue", 5)]))


ANSWER = json.dumps([{"start": 3, "end": 4, "text": "A red car", "weight": 0.8}])


def test_without_a_model_it_is_measured_and_measured_once(film, make_services):
    job = Job(film, make_services())
    first = Detect(job).work(stretch(end=10))
    again = Detect(job).work(stretch(end=10))
    assert first == again and job.results.made == ["detect"]
    assert any("cut" in moment.facts for moment in first.moments)
    Detect(job).work(stretch(end=8))
    assert job.results.made == ["detect", "detect"], "another window is another question"


def test_a_model_is_shown_the_window_alone(film, make_services, monkeypatch, tmp_path):
    services = make_services(models_file=script(monkeypatch, tmp_path, ANSWER))
    job = Job(film, services, Options(detector="scripted", language="de", context="Ana\nBo"))
    (moment,) = Detect(job).work(stretch(end=8)).moments
    assert (moment.start, moment.text, moment.facts) == (3.0, "A red car", ())
    (asked,) = Scripted.asked
    assert (asked.start, asked.end, asked.cut) == (0.0, 8.0, True)
    assert '"de"' in asked.text and "Ana\nBo" in asked.text and "0.0 s to 8.0 s" in asked.text


def test_what_a_model_said_is_not_paid_for_twice(film, make_services, monkeypatch, tmp_path):
    services = make_services(models_file=script(monkeypatch, tmp_path, ANSWER, "[]"))
    job = Job(film, services, Options(detector="scripted"))
    assert Detect(job).work(stretch(end=8)) == Detect(job).work(stretch(end=8))
    assert len(Scripted.asked) == 1
    job.options = Options(detector="scripted", context="It is a rehearsal.")
    assert Detect(job).work(stretch(end=8)).moments == ()
    assert len(Scripted.asked) == 2, "another context is another question"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("I cannot see anything.", "upstream"),
        (ProviderError("quota", "It is used up."), "quota"),
        (ProviderError("blocked", "It was refused."), "blocked"),
    ],
)
def test_a_model_that_fails_costs_this_window_and_is_not_remembered(
    film, make_services, monkeypatch, tmp_path, answer, code
):
    services = make_services(models_file=script(monkeypatch, tmp_path, answer, ANSWER))
    job = Job(film, services, Options(detector="scripted"))
    with pytest.raises(StageError) as caught:
        Detect(job).work(stretch(end=8))
    assert caught.value.code == code
    assert len(Detect(job).work(stretch(end=8)).moments) == 1


@pytest.mark.parametrize(
    ("code", "goes_on"), [("auth", True), ("quota", True), ("upstream", False)]
)
def test_a_model_nobody_named_is_replaced_by_measuring_when_asking_again_would_not_help(
    film, make_services, monkeypatch, tmp_path, code, goes_on
):
    answer = ProviderError(code, "It was refused.")
    services = make_services(models_file=script(monkeypatch, tmp_path, answer))
    slot = services.models.slot("scripted")
    monkeypatch.setattr("server.commentary.choosing.detector", lambda options, models: slot)
    job = Job(film, services)
    if not goes_on:
        with pytest.raises(StageError):
            Detect(job).work(stretch(end=8))
        return
    done = Detect(job).work(stretch(end=8))
    assert any("cut" in moment.facts for moment in done.moments)
    assert "measured instead" in done.warnings[0]


def test_a_cancelled_job_is_abandoned(film, make_services):
    job = Job(film, make_services())
    job.token.cancel()
    with pytest.raises(Abandoned):
        Detect(job).work(stretch(end=8))


def test_without_context_no_name_is_allowed():
    assert "below" not in detect.prompt(stretch().window, Options())
    assert "names below fit" in detect.prompt(stretch().window, Options(context="Ana"))
