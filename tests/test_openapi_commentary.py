"""The commentary's part of the OpenAPI document, held against the code and its answers."""

import json
import re
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import pytest

from server.app import create_app
from server.commentary import STAGES, options
from server.commentary.base import Clip, Cue, Line, Loss, Moment, Window
from server.commentary.desk import key_of
from server.commentary.urls import Urls
from server.errors import OutOfSpace, ProviderError
from server.events import Commentary
from server.settings import Settings
from server.views.commentary import wanted
from tests.clips import moving
from tests.openapi import DOCUMENT, SCHEMAS, answer, matches, resolved, valid

ID = "abcdefghijkl_NOPQRSTU-xz"
STREAM = "/api/analyze-stream/clip.mp4"
URLS = Urls(ID)
KINDS = SCHEMAS["CommentaryEvent"]["discriminator"]["mapping"]
CHOICES = [field.name for field in fields(options.Options)]


def told(final="clip-x.mp4"):
    """One of each kind of event and its variants, made by those who make the real ones."""
    window = Window(0, 0.0, 8.0004)
    clip = Clip(Line(1.0, 7.0, "A ball rolls.", "espeak"), Path("x.wav"), 2.0)
    events = Commentary
    return [
        events.queued(0, 0),
        events.queued(3, 0),
        events.status("prepare", "Looking at clip.", 0, run_id=ID, session=ID),
        events.status("detect", "Detected what happens in 1 of 1 stretches.", 40),
        events.detected(window, 1, (Moment(1.0, 2.0, "A ball", 0.9, ("colour=red",)),)),
        events.detected(Window(1, 8.0, 9.0), 2, ()),
        events.line(Cue(0, 1.0, 3.0, 1.1, clip)),
        events.line_failed(Loss(5.0, "place", "too_long", "No room.", 1)),
        events.line_failed(Loss(5.0, "cut", "media", "Not mixed.", 2)),
        events.chunk(window, URLS.chunk(0), 96),
        events.failed(ProviderError("timeout_total", "Late."), "speak"),
        events.failed(OutOfSpace("Full."), "prepare"),
        events.cancelled("Stopped on request."),
        events.complete(1, final, URLS.of(final), ["0:05: a line is missing: No room."]),
    ]


def test_each_event_is_told_by_its_type_and_nothing_may_be_added_to_it():
    assert [{"$ref": name} for name in KINDS.values()] == SCHEMAS["CommentaryEvent"]["oneOf"]
    for kind, reference in KINDS.items():
        event = resolved({"$ref": reference})
        assert event["properties"]["type"] == {"const": kind}
        assert event["additionalProperties"] is False
        optional = {"run_id", "session"} if kind == "status" else set()
        assert set(event["required"]) == set(event["properties"]) - optional


def test_every_kind_of_event_there_is_can_be_made_and_is_described():
    makers = [name for name, value in vars(Commentary).items() if isinstance(value, staticmethod)]
    events = told()
    assert {event["type"] for event in events} == set(KINDS)
    assert len(makers) == len(KINDS)
    assert set(Commentary.ends) == {"complete", "error", "cancelled"} <= set(KINDS)
    for event in events:
        valid("CommentaryEvent", event)


@pytest.mark.parametrize("event", told(), ids=lambda event: event["type"])
def test_a_spoiled_event_is_noticed(event):
    assert not matches("CommentaryEvent", {**event, "surprise": 1})
    assert not matches("CommentaryEvent", {**event, "type": "surprise"})
    for key in event:
        assert not matches("CommentaryEvent", {**event, key: {"surprise": 1}})
        if key not in ("run_id", "session"):
            assert not matches("CommentaryEvent", {k: v for k, v in event.items() if k != key})


def test_progress_reaches_100_only_at_the_end():
    for event in told():
        if "progress" in event and event["type"] != "complete":
            assert not matches("CommentaryEvent", {**event, "progress": 100})


def test_options_and_their_limits_are_those_of_the_code():
    asked = SCHEMAS["CommentaryRequest"]["properties"]
    assert list(asked) == ["filename", *CHOICES, "new"]
    assert list(SCHEMAS["CommentaryOptions"]["properties"]) == CHOICES
    operation = DOCUMENT["paths"]["/api/analyze-stream/{filename}"]["get"]
    query = {found["name"]: found for found in map(resolved, operation["parameters"])}
    query = {name: found for name, found in query.items() if found["in"] == "query"}
    assert list(query) == [*CHOICES, "new", "last_event_id"]
    for name, default in options.Options().as_dict().items():
        assert query[name]["schema"]["default"] == asked[name]["default"] == default
        assert query[name]["description"] == asked[name]["description"]
    longest = {"voice": options.MAX_VOICE, "style": options.MAX_STYLE}
    longest |= {"context": options.MAX_CONTEXT, "writer": options.MAX_SLOT_CHARS}
    for name, limit in longest.items():
        assert query[name]["schema"]["maxLength"] == asked[name]["maxLength"] == limit
    interval = SCHEMAS["CommentaryOptions"]["properties"]["interval"]
    assert (interval["minimum"], interval["maximum"]) == options.INTERVAL_S
    for style in options.STYLES:
        assert f"`{style}`" in query["style"]["description"]
    assert set(STAGES) < set(SCHEMAS["StageName"]["examples"])


# -- answers


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return moving(tmp_path_factory.mktemp("clip") / "clip.mp4", 2.0, sound="sine=440")


@pytest.fixture
def app(clip, tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "clip.mp4").write_bytes(clip.read_bytes())
    return create_app(Settings(data_dir=tmp_path, rate_limit="9999/second"))


def shelved(app, *events):
    """A commentary on the clip that was told so far, as an earlier server left it."""
    desk = app.extensions["parallax"].commentaries
    session = desk.sessions.open(ID)
    session.make()
    with app.test_request_context():
        film, chosen = wanted("clip.mp4", {})
    session.keep("job.json", {"video": "clip.mp4", "options": chosen.as_dict(), "salt": ""})
    session.tell(events)
    session.chunk(0).write_bytes(b"chunk" * 100)
    session.final(film.stem).write_bytes(b"film" * 100)
    for name in ("index.m3u8", "captions.vtt", "captions.srt"):
        session.write(name, "text")
    desk.sessions.answers(key_of(film, chosen), session)
    return session


@contextmanager
def making_nothing(app):
    """Within, no commentary is begun: whatever is answered was there already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.commentary.run.CommentaryRun.start", lambda run: 1 / 0)
        yield
    assert not app.extensions["parallax"].runs.live()


def test_a_finished_one_is_replayed_in_every_form(app):
    history = told()[2:10] + told(f"clip-{ID}.mp4")[-1:]
    shelved(app, *history)
    with making_nothing(app):
        response = answer(app, "GET", STREAM)
        assert response.headers["X-Run-Id"] == ID
        raw = response.get_data(as_text=True)
        frames = re.findall(r"^id: (\d+)\ndata: \{.*\}\n$", raw, re.M)
        assert list(map(int, frames)) == list(range(1, len(history) + 1))
        assert "[DONE]" not in raw
        assert raw == answer(app, "GET", f"/api/runs/{ID}/stream").get_data(as_text=True)
        for path in (STREAM, f"/api/runs/{ID}/stream"):
            assert answer(app, "GET", f"{path}?last_event_id={len(history)}").status_code == 204
        found = answer(app, "POST", "/api/analyze", json={"filename": "clip.mp4"}).get_json()
        assert found["final_video"] == f"clip-{ID}.mp4" and found["commentary"][0]["index"] == 0
        run = answer(app, "GET", f"/api/runs/{ID}").get_json()
        assert run["events"] == history and run["state"] == "complete"
        assert answer(app, "POST", f"/api/runs/{ID}/cancel").get_json()["state"] == "complete"


def test_its_files_have_the_address_at_which_each_reader_sees_them(app):
    words = '"url":"/videos/streaming/'  # as JSON that is something else
    moment = {"start": 1.0, "end": 2.0, "text": words}
    (chunk,) = [event for event in told() if event["type"] == "chunk_ready"]
    shelved(app, {**told()[4], "moments": [moment]}, chunk, told(f"clip-{ID}.mp4")[-1])
    for prefix in ("", "/below"):
        headers = {"X-Forwarded-Prefix": prefix}
        here = [prefix + url for url in (chunk["url"], *URLS.of(f"clip-{ID}.mp4").values())]
        for path in (STREAM, f"/api/runs/{ID}/stream"):
            raw = answer(app, "GET", path, headers=headers).get_data(as_text=True)
            events = [json.loads(data) for data in re.findall("^data: (.*)$", raw, re.M)]
            assert addresses(*events) == here
            assert events[0]["moments"] == [moment]
        kept = answer(app, "GET", f"/api/runs/{ID}", headers=headers).get_json()
        assert addresses(*kept["events"]) == here
        asked = {"filename": "clip.mp4"}
        whole = answer(app, "POST", "/api/analyze", headers=headers, json=asked).get_json()
        assert addresses(whole) == here[1:]


def addresses(*events):
    names = ("url", "final_url", "playlist_url", "captions_url")
    return [event[name] for event in events for name in names if name in event]


@pytest.mark.parametrize("last", [-4, -3, -2])
def test_a_browser_that_comes_back_after_a_bad_end_does_not_begin_it_anew(app, last):
    history = [*told()[2:5], told()[last]]
    shelved(app, *history)
    with making_nothing(app):
        assert answer(app, "GET", STREAM, headers={"Last-Event-ID": "4"}).status_code == 204


def test_one_that_was_left_off_is_described(app):
    shelved(app, *told()[2:5])
    assert answer(app, "GET", f"/api/runs/{ID}").get_json()["state"] == "interrupted"


@pytest.mark.parametrize(
    "error, status",
    [
        (ProviderError("upstream", "Down."), 502),
        (ProviderError("cancelled", "Stopped on request."), 502),
        (ProviderError("internal", "A fault."), 500),
        (OutOfSpace("Full."), 507),
    ],
)
def test_a_batch_that_fails_says_so_with_its_status(app, monkeypatch, error, status):
    def start(run):
        run.cancel(error)
        run._conduct()

    monkeypatch.setattr("server.commentary.run.CommentaryRun.start", start)
    response = answer(app, "POST", "/api/analyze", json={"filename": "clip.mp4"})
    assert response.status_code == status
    assert response.get_json()["code"] == error.code
    assert response.get_json()["message"] == error.message


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_its_files_are_described(app, prefix):
    session = shelved(app, *told())
    chunk = f"{prefix}/videos/streaming/{ID}/chunk_0.mp4"
    film = f"{prefix}/videos/generated/clip-{ID}.mp4"
    for path in (chunk, film):
        whole = answer(app, "GET", path)
        assert whole.status_code == 200 and whole.mimetype == "video/mp4"
        for headers, status in (
            ({"Range": "bytes=0-9"}, 206),
            ({"If-None-Match": whole.headers["ETag"]}, 304),
            ({"If-Match": '"other"'}, 412),
            ({"Range": "bytes=999999999-"}, 416),
        ):
            assert answer(app, "GET", path, headers=headers).status_code == status
    for name in ("index.m3u8", "captions.vtt", "captions.srt"):
        assert answer(app, "GET", f"{prefix}/videos/streaming/{ID}/{name}").status_code == 200
    assert answer(app, "GET", chunk.replace("_0", "_7")).status_code == 404
    assert answer(app, "GET", f"{prefix}/videos/generated/x.mp4").status_code == 404
    app.extensions["parallax"].commentaries.sessions.forget(session.id)
    for path in (chunk, film):
        assert answer(app, "GET", path).get_json()["code"] == "gone"


@pytest.mark.parametrize(
    "asked, status",
    [
        ({"filename": 7}, 400),
        ({"colour": "red"}, 400),
        ({"new": "yes"}, 400),
        ({"interval": 1}, 422),
        ({"original_volume": 2}, 422),
        ({"context": "x" * 4001}, 422),
    ],
)
def test_what_the_server_refuses_is_not_good_to_the_document(app, asked, status):
    asked = {"filename": "clip.mp4", **asked}
    assert matches("CommentaryRequest", {"filename": "clip.mp4"})
    assert not matches("CommentaryRequest", asked)
    assert answer(app, "POST", "/api/analyze", json=asked).status_code == status


def test_every_refusal_is_described(app, monkeypatch):
    assert answer(app, "GET", f"{STREAM}?writer=nobody").get_json()["code"] == "unknown_model"
    assert answer(app, "GET", f"{STREAM}?voice=George").get_json()["code"] == "unknown_voice"
    strange = f"{STREAM}?voice=espeak&language=xx-unknown"
    assert answer(app, "GET", strange).status_code == 422
    assert answer(app, "GET", "/api/analyze-stream/nothing.mp4").status_code == 404
    assert answer(app, "GET", f"{STREAM}?last_event_id=x").status_code == 400
    other_site = {"headers": {"Sec-Fetch-Site": "cross-site"}}
    assert answer(app, "GET", STREAM, **other_site).status_code == 403
    assert answer(app, "POST", "/api/analyze", data=b"{}").status_code == 415
    with monkeypatch.context() as patch:
        patch.setattr("server.commentary.run.CommentaryRun._make", lambda run: 1 / 0)
        keyed = {"json": {"filename": "clip.mp4"}, "headers": {"Idempotency-Key": "once"}}
        assert answer(app, "POST", "/api/analyze", **keyed).status_code == 500
        keyed["json"] = {"filename": "clip.mp4", "interval": 20}
        assert answer(app, "POST", "/api/analyze", **keyed).get_json()["code"] == "conflict"
    monkeypatch.setattr("server.commentary.desk.MAX_WAITING", -2)
    assert answer(app, "GET", STREAM).get_json()["code"] == "busy"
