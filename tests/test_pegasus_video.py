"""What Pegasus takes, and that it gets there whole."""

import base64
import os
from dataclasses import replace

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import ProviderError
from server.providers import pegasus_video
from server.providers.base import Call, Question
from server.providers.pegasus import Pegasus
from tests.vendors.pegasus_asking import BY_ASSET, MODEL, ask, failure
from tests.vendors.pegasus_asking import fresh, pegasus_vendor, short_film  # noqa: F401


def refused(video, model=MODEL, **window):
    with pytest.raises(ProviderError) as caught:
        Pegasus(model, {}).preflight(Question("What?", video, **window))
    assert caught.value.code == "bad_request" and not caught.value.retryable
    return caught.value.message


@pytest.mark.parametrize("size", [0, 1, 2, 3, 393_215, 393_216, 393_217, 1_000_000])
def test_a_file_of_any_size_arrives_as_it_was(vendor, video, tmp_path, size):
    path = tmp_path / "any.mp4"
    path.write_bytes(bytes(n % 251 for n in range(size)))
    ask(Question("What?", replace(video, path=path)))
    sent = vendor.exchanges[0].json["video"]["base64_string"]
    assert base64.b64decode(sent, validate=True) == path.read_bytes()


@pytest.mark.parametrize("model", [MODEL, BY_ASSET])
@pytest.mark.parametrize("size", [0, 400_000, 9_000_000])
def test_a_file_that_changes_while_it_is_sent_is_not_mixed_up(vendor, video, tmp_path, model, size):
    path = tmp_path / "changing.mp4"
    path.write_bytes(bytes(3_000_000))
    question, token, phases = Question("What?", replace(video, path=path)), CancelToken(), []

    def on_phase(name):
        phases.append(name)
        if phases.count("uploading") == 2:
            os.truncate(path, size)

    try:
        with token.serving():
            list(Pegasus(model, {}).answer(question, Call(token, on_phase)))
        assert size > 3_000_000
    except ProviderError as error:
        assert size < 3_000_000 and error.code == "not_found" and "changed" in error.message


@pytest.mark.parametrize("limits", [{}, {"inline_mb": 0}])
def test_nothing_is_begun_with_the_vendor_before_it_may_be_asked(vendor, video, limits):
    token, lines = CancelToken(), []

    def on_phase(name):
        if name != "preparing":
            lines.append(len(token._sockets))

    model = replace(MODEL, limits=limits)
    with token.serving():
        list(Pegasus(model, {}).answer(Question("What?", video), Call(token, on_phase)))
    assert lines[0] == 0 and any(lines[1:]), "it may have to wait for its turn there"


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ({}, {}),
        ({"start": 0.0, "end": 4.0}, {}),
        ({"start": 1.0}, {"start_time": 1.0}),
        ({"end": 2.5}, {"end_time": 2.5}),
        ({"start": 0.5, "end": 3.25}, {"start_time": 0.5, "end_time": 3.25}),
    ],
)
def test_a_stretch_is_told_by_its_times(vendor, video, window, told):
    ask(Question("What?", video, **window))
    sent = vendor.exchanges[0].json
    assert {key: value for key, value in sent.items() if key.endswith("_time")} == told
    assert sent["prompt"] == "What?"


def test_a_stretch_of_a_film_that_is_too_long_is_cut_out_and_its_times_explained(
    vendor, video, tmp_path
):
    model = replace(MODEL, limits={"max_seconds": 3})
    question = Question("What?", video, start=1.5, end=3.5)
    ask(question, model)
    sent = vendor.exchanges[0].json
    assert "start_time" not in sent and "end_time" not in sent
    assert "from 1.5 s to 3.5 s" in sent["prompt"] and sent["prompt"].endswith("What?")
    assert sent["prompt"] == Pegasus(model, {}).prompt(question)
    path = tmp_path / "sent.mp4"
    path.write_bytes(base64.b64decode(sent["video"]["base64_string"]))
    assert media.probe(path).duration == pytest.approx(2.0, abs=0.15)
    assert Pegasus(model, {}).evidence(question)["native"] is False


def test_a_copy_is_uploaded_once_too(vendor, video):
    model = replace(MODEL, limits={"upload_mb": 0.001, "inline_mb": 0})
    for _ in range(2):
        ask(Question("What?", video), model)
    [form] = vendor.uploaded.values()
    assert form["file"][0] == "clip.mp4" and form["file"][1] != video.path.read_bytes()


def test_the_evidence_tells_what_is_really_sent(video):
    question = Question("What?", video, start=1.0, end=3.0)
    given = Pegasus(MODEL, {}).evidence(question)
    assert given.pop("prompt_sha256")
    assert given == {
        "kind": "video",
        "native": True,
        "audio": True,
        "window": [1.0, 3.0],
        "sent": "base64",
        "upstream_model": "pegasus1.5",
    }
    assert Pegasus(BY_ASSET, {}).evidence(question)["sent"] == "asset"
    indexed = replace(question, index_id="a", video_id="b")
    assert Pegasus(MODEL, {}).evidence(indexed)["sent"].startswith("indexed asset")
    assert Pegasus(MODEL, {}).evidence(indexed)["native"] is True


def test_what_cannot_be_known_before_the_index_is_asked_is_not_claimed(video):
    model = replace(MODEL, limits={"max_seconds": 3})
    question = Question("What?", video, start=1.0, end=3.0, index_id="a", video_id="b")
    given = Pegasus(model, {}).evidence(question)
    assert (given["native"], given["prompt_sha256"]) == (None, None)


def test_what_is_refused_is_no_evidence(video):
    with pytest.raises(ProviderError, match="no picture"):
        Pegasus(MODEL, {}).evidence(Question("What?", replace(video, width=0, height=0)))


def test_what_it_does_not_take_is_refused_with_the_reason(vendor, video):
    assert "640x300" in refused(replace(video, height=300))
    assert "300x640" in refused(replace(video, width=300, height=640))
    assert "2.4:1" in refused(replace(video, width=1000, height=400))
    assert "2.4:1" in refused(replace(video, width=400, height=1000))
    assert "no picture" in refused(replace(video, width=0, height=0))
    assert "0.50 s" in refused(replace(video, duration=0.5))
    assert "0.70 s" in refused(video, start=2.0, end=2.7)
    assert "`start` and `end`" in refused(replace(video, duration=3700.0))
    assert "5 s" in refused(replace(video, duration=6.0), replace(MODEL, limits={"max_seconds": 5}))
    assert "no" in refused(None)
    assert vendor.exchanges == []


def test_what_it_takes_is_not_refused(vendor, video):
    for width, height in ((360, 360), (1080, 1920), (5184, 2160), (2160, 5184), (7680, 4320)):
        Pegasus(MODEL, {}).preflight(Question("What?", replace(video, width=width, height=height)))
    long_film = replace(video, duration=7200.0)
    Pegasus(MODEL, {}).preflight(Question("What?", long_film, start=3000.0, end=3030.0))
    Pegasus(MODEL, {}).preflight(Question("What?", replace(video, duration=3600.04)))


@pytest.mark.parametrize(
    ("changes", "window", "height", "inline"),
    [
        ({}, {}, None, True),
        ({"size": 50_000_000}, {}, None, False),
        ({"size": 50_000_000}, {"start": 1.0}, None, False),
        ({"size": 300_000_000, "duration": 3000.0}, {}, 480, False),
        ({"size": 300_000_000, "duration": 3000.0}, {"start": 9.0, "end": 30.0}, 480, True),
        ({"width": 7680, "height": 4320}, {}, 480, True),
        ({"size": 300_000_000, "width": 1080, "height": 1920}, {}, 854, True),
        ({"codec": "prores"}, {}, 480, True),
        ({"codec": "hevc"}, {}, None, True),
        ({"size": 50_000_000}, {"start": 1.0, "cut": True}, 480, True),
        ({"size": 50_000_000}, {"cut": True}, None, False),
        ({"name": "a.ts"}, {}, None, True),
        ({"name": "a.ts"}, {"start": 1.0}, 480, True),
        ({"width": 0, "height": 0, "size": 300_000_000}, {}, 480, True),
    ],
)
def test_how_each_video_gets_there(video, changes, window, height, inline):
    question = Question("What?", replace(video, **changes), **window)
    plan = pegasus_video.plan(question, Pegasus(MODEL, {}).limits)
    assert (plan.height, plan.inline) == (height, inline)
    if height and not inline:
        start, end = question.window
        assert (plan.kbps + 64) * 125 * (end - start) < 200_000_000


def test_a_video_that_is_gone_or_broken_is_this_models_failure(vendor, video, tmp_path):
    gone = replace(video, path=tmp_path / "gone.mp4")
    assert failure(Question("What?", gone)).code == "not_found"
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0" * 5000)
    to_cut = replace(MODEL, limits={"upload_mb": 0.001})
    error = failure(Question("What?", replace(video, path=broken, size=5000)), to_cut)
    assert error.code == "bad_request" and str(tmp_path) not in error.message
    assert vendor.exchanges == []
