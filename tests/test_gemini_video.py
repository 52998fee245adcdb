"""How a video gets to Gemini: inside the request or as an upload, and what is told of it."""

import base64
import json
import os
import threading
from dataclasses import replace

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.providers import gemini_video
from server.providers.base import Question
from server.providers.gemini import Gemini
from tests.asking_gemini import KEY, MODEL, Asking, ask, failure
from tests.asking_gemini import gemini_vendor, short_film  # noqa: F401
from tests.live import until
from tests.vendors import gemini_server as speak

PLAIN_MP4 = {"mimeType": "video/mp4"}


# -- what is sent


def test_a_small_film_goes_inside_the_request_as_it_is_and_before_the_words(vendor, film):
    phases = []
    ask(Question("What moves?", film), phases=phases)
    inline, words = speak.parts(vendor.exchanges[0])
    assert base64.b64decode(inline["inlineData"].pop("data")) == film.path.read_bytes()
    assert inline == {"inlineData": PLAIN_MP4}
    assert words == {"text": "What moves?"}
    assert phases[0] == "uploading" and phases[-1] == "thinking"


def test_of_a_window_only_that_stretch_is_sent_and_the_model_told_where_it_lies(
    vendor, film, tmp_path
):
    question = Question("What moves?", film, start=1.0, end=3.0)
    ask(question)
    inline, words = speak.parts(vendor.exchanges[0])
    sent = tmp_path / "sent.mp4"
    sent.write_bytes(base64.b64decode(inline["inlineData"]["data"]))
    assert media.probe(sent).duration == pytest.approx(2.0, abs=0.2)
    assert words["text"] == Gemini(MODEL, {}).prompt(question)
    assert "1 s to 3 s" in words["text"] and words["text"].endswith("What moves?")


def test_slots_that_ask_about_one_stretch_share_one_copy_that_is_gone_afterwards(
    vendor, film, monkeypatch
):
    made, clip = [], media.clip
    monkeypatch.setattr(media, "clip", lambda *a, **k: made.append(a[3]) or clip(*a, **k))
    everybody, arrived = threading.Barrier(4), []

    def together(exchange):
        everybody.wait(10)  # nobody's copy is gone before all have sent it
        arrived.append(speak.parts(exchange)[0]["inlineData"]["data"])
        speak.text("Seen")(exchange)

    vendor.plays(together)
    question = Question("What moves?", film, start=1.0, end=3.0)
    threads = [threading.Thread(target=ask, args=(question,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(arrived) == 4 and len(set(arrived)) == 1
    assert len(made) == 1 and not made[0].parent.exists()


def test_when_the_one_who_makes_the_copy_leaves_the_next_makes_it(vendor, film, monkeypatch):
    begun, clip = threading.Event(), media.clip

    def slow_at_first(*args, token, **options):
        if not begun.is_set():
            begun.set()
            token.wait(10)
        clip(*args, token=token, **options)

    monkeypatch.setattr(media, "clip", slow_at_first)
    question = Question("What moves?", film, start=1.0, end=3.0)
    token, phases = CancelToken(), []
    leaving = Asking(token, question)
    assert begun.wait(10)
    staying = Asking(CancelToken(), question, phases=phases)
    until(lambda: phases)
    token.cancel()
    assert isinstance(leaving.outcome(), Abandoned)
    assert staying.outcome() is None
    assert len(vendor.of(None)) == 1


def test_the_options_reach_the_vendor(vendor, film):
    ask(Question("What moves?", film), fps=4.0, max_tokens=50, temperature=0.5)
    request = vendor.exchanges[0]
    assert speak.parts(request)[0]["videoMetadata"] == {"fps": 4.0}
    assert request.json["generationConfig"] == {"maxOutputTokens": 50, "temperature": 0.5}


def test_the_evidence_tells_what_is_sent_without_making_it(film):
    whole = Gemini(MODEL, {}).evidence(Question("What?", film))
    assert (whole["kind"], whole["audio"], whole["sent"]) == ("video", True, "original")
    assert whole["upstream_model"] == "gemini-x" and len(whole["prompt_sha256"]) == 64
    part = Gemini(MODEL, {"fps": 4.0}).evidence(Question("What?", film, 1.0, 3.0))
    assert (part["window"], part["sent"], part["fps"]) == ([1.0, 3.0], "proxy 360p", 4.0)
    assert Gemini(MODEL, {}).evidence(Question("What?"))["kind"] == "text"


def test_how_a_film_is_sent_follows_from_its_size_and_length(film):
    def plan(megabytes, seconds, way=None, name="a.mp4", codec="h264", looks=1.0, **window):
        video = replace(film, size=megabytes << 20, duration=seconds, height=1080)
        video = replace(video, name=name, codec=codec)
        return gemini_video.plan(Question("?", video, **window), way, looks)

    assert plan(10, 60).sent == "original" and not plan(10, 60).upload
    assert plan(10, 60, "files").upload
    assert plan(500, 60).sent == "proxy 480p" and not plan(500, 60).upload
    assert plan(500, 1800).sent == "original" and plan(500, 1800).upload
    assert plan(500, 3600, start=0, end=1800).sent == "proxy 480p"
    assert plan(5000, 1800).sent == "proxy 480p" and plan(5000, 1800).upload
    assert plan(10, 60, name="a.mkv").sent == "proxy 480p"  # a container Google does not take
    assert plan(10, 60, name="a.mov", codec="prores").sent == "proxy 480p"
    assert plan(10, 60, name="a.mov", codec="hevc").sent == "original"
    assert plan(10, 60).fps is None
    assert plan(500, 60).fps == 10 and plan(500, 60, looks=24.0).fps == 24
    longest = plan(500, 400)
    assert not longest.upload and longest.kbps < plan(500, 60).kbps
    assert longest.kbps * 1000 / 8 * 400 < gemini_video.INLINE_BYTES
    with pytest.raises(ProviderError):
        plan(500, 1800, "inline")


def test_a_file_without_a_picture_is_refused_and_no_evidence_is_claimed(vendor, film):
    question = Question("What?", replace(film, width=0, height=0, codec=""))
    for ask_for in (Gemini(MODEL, {}).preflight, Gemini(MODEL, {}).evidence):
        with pytest.raises(ProviderError, match="no picture"):
            ask_for(question)


def test_a_film_that_is_gone_or_broken_is_this_models_failure(vendor, film, tmp_path):
    gone = replace(film, path=tmp_path / "gone.mp4")
    assert failure(Question("What?", gone)).code == "not_found"
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0" * 5000)
    error = failure(Question("What?", replace(film, path=broken), start=1.0))
    assert error.code == "bad_request" and str(tmp_path) not in error.message
    assert vendor.exchanges == []


# -- uploads


def test_an_uploaded_film_is_waited_for_and_named_in_the_request(vendor, film):
    phases = []
    ask(Question("What moves?", film), upload="files", phases=phases)
    assert vendor.uploaded == {"files/f0": film.path.read_bytes()}
    fields = speak.parts(vendor.of(None)[0])[0]
    assert fields == {"fileData": {**PLAIN_MP4, "fileUri": f"{vendor.origin}/v1beta/files/f0"}}
    assert phases.index("uploading") < phases.index("processing") < phases.index("thinking")
    assert not any(KEY in exchange.path for exchange in vendor.exchanges)


def test_a_film_asked_about_twice_is_uploaded_once_also_at_once(vendor, film):
    threads = [
        threading.Thread(
            target=ask, args=(Question(f"What {n}?", film),), kwargs={"upload": "files"}
        )
        for n in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    ask(Question("And then?", film), upload="files")
    assert len(vendor.of("take")) == 1
    assert len(vendor.of(None)) == 6


def test_another_key_never_sees_the_uploads_of_the_first(vendor, film, monkeypatch):
    ask(Question("What?", film), upload="files")
    monkeypatch.setenv("GEMINI_API_KEY", "another-key-entirely")
    ask(Question("What?", film), upload="files")
    assert len(vendor.of("take")) == 2


@pytest.mark.parametrize("status", [403, 404])
def test_an_expired_upload_is_replaced_once(vendor, film, status):
    vendor.says_missing = status
    ask(Question("What?", film), upload="files")
    vendor.files.clear()
    assert ask(Question("What?", film), upload="files")[0] == "Hel"
    assert len(vendor.of("take")) == 2

    def takes_and_loses(exchange):
        vendor._take(exchange)
        vendor.files.clear()

    vendor.files.clear()
    vendor.plays(takes_and_loses, about="take")
    failure(Question("What?", film), upload="files")
    assert len(vendor.of("take")) == 3


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_question_refused_for_another_reason_costs_no_upload(vendor, film, status):
    """A dead model, a model this key may not use, a question that is too long."""
    vendor.plays(speak.text("Fine"), speak.refuses(status, speak.error(status, "no")))
    ask(Question("What?", film), upload="files")
    for _ in range(4):
        error = failure(Question("What?", film), upload="files")
        assert error.code == {400: "bad_request", 403: "auth", 404: "not_found"}[status]
    assert len(vendor.of("take")) == 1
    vendor.plays(speak.text("Fine again"))
    assert ask(Question("What?", film), upload="files")[0] == "Fine again"
    assert len(vendor.of("take")) == 1


def test_a_film_google_cannot_process_is_the_films_fault_and_not_kept(vendor, film):
    vendor.first_states = ["PROCESSING", "FAILED"]
    assert failure(Question("What?", film), upload="files").code == "bad_request"
    vendor.first_states = ["ACTIVE"]
    assert ask(Question("What?", film), upload="files")[0] == "Hel"


@pytest.mark.parametrize(
    "told",
    ["http://169.254.169.254/upload", "https://127.0.0.1/upload", "/upload", "http://[x", ""],
)
def test_bytes_are_not_sent_where_an_answer_points(vendor, film, told):
    vendor.plays(lambda e: e.whole(200, b"", X_Goog_Upload_URL=told), about="begin")
    error = failure(Question("What?", film), upload="files")
    assert error.code == "upstream"
    assert error.retryable == (told in ("http://[x", ""))  # the one who stutters, not the thief
    assert vendor.of("take") == []


@pytest.mark.parametrize("name", ["files/../models", "files/a?key=b", "files/", "elsewhere/a", 7])
def test_a_name_that_is_none_is_not_put_into_a_url(vendor, film, name):
    told = {"file": {"name": name, "uri": "x", "state": "PROCESSING"}}
    vendor.plays(lambda e: e.whole(200, json.dumps(told).encode()), about="take")
    assert failure(Question("What?", film), upload="files").code == "upstream"
    assert vendor.of("tell") == []


@pytest.mark.parametrize("way", ["inline", "files"])
@pytest.mark.parametrize("size", [0, 400_000, 9_000_000])
def test_a_file_that_changes_while_it_is_sent_is_not_mixed_up(vendor, film, tmp_path, way, size):
    path = tmp_path / "changing.mp4"
    path.write_bytes(bytes(3_000_000))
    phases = []

    def on_phase(name):
        phases.append(name)
        if phases.count("uploading") == 3:
            os.truncate(path, size)

    question = Question("What?", replace(film, path=path))
    if size > 3_000_000:
        ask(question, on_phase=on_phase, upload=way)
    else:
        error = failure(question, on_phase=on_phase, upload=way)
        assert (error.code, error.retryable) == ("not_found", False)
        assert "changed" in error.message and str(tmp_path) not in error.message


@pytest.mark.parametrize("way", ["inline", "files"])
def test_a_file_that_vanishes_before_it_is_sent_is_not_the_networks_fault(
    vendor, film, tmp_path, way
):
    path = tmp_path / "vanishing.mp4"
    path.write_bytes(bytes(3_000_000))
    error = failure(
        Question("What?", replace(film, path=path)),
        on_phase=lambda name: path.unlink(missing_ok=True),
        upload=way,
    )
    assert (error.code, error.retryable) == ("not_found", False)
    assert vendor.exchanges == []


def test_a_cancel_ends_the_waiting_for_a_film_to_be_processed(vendor, film):
    vendor.first_states = ["PROCESSING"]
    token = CancelToken()
    asking = Asking(token, Question("What?", film), upload="files")
    until(lambda: vendor.of("tell"))
    token.cancel()
    assert isinstance(asking.outcome(), (Abandoned, ProviderError))
    assert vendor.of(None) == []
