"""Assets: uploaded once, waited for, reused, replaced; and the ones an index has."""

import threading
from dataclasses import replace

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import Abandoned
from server.providers.base import Question
from tests.live import DEADLINE_S, until
from tests.vendors import pegasus_server as speak
from tests.vendors.pegasus_asking import BY_ASSET, KEY, MODEL, ask, failure, text_of
from tests.vendors.pegasus_asking import fresh, pegasus_vendor, short_film  # noqa: F401


def test_a_larger_video_is_uploaded_once_and_asked_about_again(vendor, video):
    vendor.first_states = ["processing", "processing", "ready"]
    phases = []
    for _ in range(2):
        assert text_of(ask(Question("What?", video, start=1.0), BY_ASSET, phases=phases)) == "Hello"
    [(name, form)] = vendor.uploaded.items()
    assert form["method"][1] == b"direct"
    assert form["file"] == ("clip.mp4", video.path.read_bytes())
    assert len(vendor.of("asset")) == 3
    for request in vendor.questions:
        assert request.json["video"] == {"type": "asset_id", "asset_id": name}
        assert request.json["start_time"] == 1.0
    assert phases[:4] == ["preparing", "uploading", "uploading", "processing"]
    assert phases[4:] == ["thinking", "preparing", "thinking"]


def test_another_key_has_uploads_of_its_own(vendor, video, monkeypatch):
    ask(Question("What?", video), BY_ASSET)
    monkeypatch.setenv("TWELVELABS_API_KEY", KEY + "2")
    ask(Question("What?", video), BY_ASSET)
    assert len(vendor.uploaded) == 2


def test_an_upload_that_is_gone_is_replaced_once(vendor, video):
    ask(Question("What?", video), BY_ASSET)
    vendor.assets.clear()
    assert text_of(ask(Question("What?", video), BY_ASSET)) == "Hello"
    assert len(vendor.uploaded) == 2

    def takes_and_loses(exchange):
        vendor.take(exchange)
        vendor.assets.clear()

    vendor.assets.clear()
    vendor.plays(takes_and_loses, about="upload")
    assert failure(Question("What?", video), BY_ASSET).code == "not_found"
    assert len(vendor.uploaded) == 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, speak.flat("token_limit_exceeded")),
        (403, speak.flat("unauthorized")),
        (404, speak.flat("resource_not_exist")),
    ],
)
def test_a_question_refused_for_another_reason_costs_no_upload(vendor, video, status, body):
    """A dead model, a model this key may not use, a question that is too long."""
    vendor.plays(speak.says("Fine."), speak.status(status, body))
    ask(Question("What?", video), BY_ASSET)
    for _ in range(4):
        error = failure(Question("What?", video), BY_ASSET)
        assert error.code == {400: "bad_request", 403: "auth", 404: "not_found"}[status]
    assert len(vendor.uploaded) == 1
    vendor.plays(speak.says("Fine again."))
    assert text_of(ask(Question("What?", video), BY_ASSET)) == "Fine again."
    assert len(vendor.uploaded) == 1


def test_a_dead_model_is_no_reason_to_send_what_an_index_has(vendor, video):
    vendor.indexed["idx1", "vid1"] = "asset-of-index"
    vendor.assets["asset-of-index"] = ["ready"]
    vendor.plays(speak.missing)
    question = Question("What?", video, index_id="idx1", video_id="vid1")
    assert failure(question).code == "not_found"
    assert len(vendor.questions) == 1


def test_a_video_that_cannot_be_processed_is_said_and_sent_anew_next_time(vendor, video):
    vendor.first_states = ["processing", "failed"]
    error = failure(Question("What?", video), BY_ASSET)
    assert error.code == "bad_request" and "corrupt" in error.message
    vendor.first_states = ["ready"]
    assert text_of(ask(Question("What?", video), BY_ASSET)) == "Hello"
    assert len(vendor.uploaded) == 2


def test_slots_that_ask_about_one_stretch_share_one_copy(vendor, video, monkeypatch):
    made, clip = [], media.clip
    monkeypatch.setattr(media, "clip", lambda *a, **k: made.append(a[3]) or clip(*a, **k))
    everybody, sent = threading.Barrier(4), []

    def together(exchange):
        everybody.wait(DEADLINE_S)  # nobody's copy is gone before all have sent it
        sent.append(exchange.json["video"]["base64_string"])
        speak.says("Seen.")(exchange)

    vendor.plays(together)
    model = replace(MODEL, limits={"max_seconds": 3})
    question = Question("What?", video, start=1.0, end=3.0)
    threads = [threading.Thread(target=ask, args=(question, model)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert len(sent) == 4 and len(set(sent)) == 1
    assert len(made) == 1 and not made[0].parent.exists()


def test_when_the_one_who_uploads_is_called_off_the_next_takes_over(vendor, video):
    vendor.plays(speak.never_answers, vendor.take, about="upload")
    token, answers = CancelToken(), []

    def first():
        with pytest.raises(Abandoned):
            ask(Question("What?", video), BY_ASSET, token)

    def second():
        answers.append(text_of(ask(Question("What?", video), BY_ASSET)))

    uploading = threading.Thread(target=first)
    uploading.start()
    until(lambda: vendor.of("upload"))
    waiting = threading.Thread(target=second)
    waiting.start()
    token.cancel("enough")
    uploading.join(DEADLINE_S)
    waiting.join(DEADLINE_S)
    assert answers == ["Hello"]
    assert len(vendor.of("upload")) == 2


def test_an_index_is_asked_first_and_nothing_is_sent(vendor, video):
    vendor.indexed["idx1", "vid1"] = "asset-of-index"
    vendor.assets["asset-of-index"] = ["ready"]
    ask(Question("What?", video, index_id="idx1", video_id="vid1", end=2.0))
    [request] = vendor.questions
    assert request.json["video"] == {"type": "asset_id", "asset_id": "asset-of-index"}
    assert request.json["end_time"] == 2.0
    assert len(vendor.exchanges) == 2


@pytest.mark.parametrize(
    ("index_id", "video_id", "looked_up"),
    [
        ("idx1", "unknown", 1),
        ("idx1", "no-asset", 1),
        ("idx1", "gone", 1),
        ("idx1", None, 0),
        ("../../tasks", "vid1", 0),
        ("idx1", "../x?y=1", 0),
        ("idx1", "a b", 0),
    ],
)
def test_what_an_index_does_not_have_is_sent(vendor, video, index_id, video_id, looked_up):
    vendor.indexed["idx1", "no-asset"] = None
    vendor.indexed["idx1", "gone"] = "deleted"
    question = Question("What?", video, index_id=index_id, video_id=video_id)
    assert text_of(ask(question)) == "Hello"
    assert len(vendor.of("index")) == looked_up
    assert vendor.questions[-1].json["video"]["type"] == "base64_string"
