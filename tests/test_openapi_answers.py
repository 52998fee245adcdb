"""Whatever the server sends is what the OpenAPI document says: answers, refusals, streams."""

import io
import json
import re
from contextlib import closing

import pytest

from tests.openapi import ANALYZE, GOOD, SCHEMAS, answer, ask, matches, valid

EVENTS = [reference["$ref"].rpartition("/")[2] for reference in SCHEMAS["AnalysisEvent"]["oneOf"]]
LEAVES = [name for name in EVENTS if name != "ErrorEvent"] + ["ModelErrorEvent", "RunErrorEvent"]
ENDLESS = "demo@first=0,rate=50,tokens=100000"


@pytest.fixture(scope="module")
def app(lasting_app_with):
    return lasting_app_with()


def events_of(response):
    """The events of a stream, as they come."""
    with closing(response):
        for block in response.response:
            for line in block.decode("ascii").split("\n"):
                if line.startswith("data: ") and line != "data: [DONE]":
                    yield json.loads(line.removeprefix("data: "))


# -- streams


@pytest.fixture(scope="module")
def told(app):
    """Every event of five conversations: well, kept, failed, stopped, and with a bug."""

    def events(*models, until=lambda event: None):
        for event in events_of(ask(app, models=list(models), stream=True)):
            found.append(event)
            until(event)
        assert found[-1]["event_type"] == "complete"

    def stop(event):
        if event["event_type"] == "start":
            runs.append(event["run_id"])
        if event["event_type"] == "text_generation":
            answer(app, "POST", f"/api/runs/{runs[-1]}/cancel")

    found, runs = [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.analysis.ticks.WAITING_EVERY_S", 0.05)
        events("cuts", "light", "sound", "stills", "demo@first=1.5,tokens=3")
        events("cuts")
        events("demo@fail_after=0,first=0", "demo@fail_after=2,first=0,fail=truncated")
        events(ENDLESS, ENDLESS + ",start=3", until=stop)
        patch.setattr("server.analysis.run.RoundRobin.take_all", lambda self: 1 / 0)
        events(ENDLESS)
    return found


def test_every_event_sent_is_one_of_the_union(told):
    for event in told:
        valid("AnalysisEvent", event)
    starts = [event for event in told if event["event_type"] == "model_start"]
    assert {event["cached"] for event in starts} == {True, False}
    assert {event.get("code") for event in told} >= {"upstream", "truncated", "cancelled"}


@pytest.mark.parametrize("name", LEAVES)
def test_each_kind_of_event_is_really_sent_and_a_spoiled_one_is_noticed(told, name):
    event = next(event for event in told if matches(name, event))
    assert not matches("AnalysisEvent", {**event, "surprise": 1})
    for key in event:
        assert not matches("AnalysisEvent", {k: v for k, v in event.items() if k != key})
        assert not matches("AnalysisEvent", {**event, key: {"surprise": 1}})


def test_a_stream_is_framed_as_described(app):
    response = ask(app, stream=True, models=["demo@first=0,tokens=5", "cuts"])
    raw = response.get_data(as_text=True)
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache, no-transform"
    ids = re.findall(r"^id: (\d+)\ndata: \{.*\}\n$", raw, re.M)
    assert list(map(int, ids)) == list(range(1, len(ids) + 1))
    frame = r"(:hb\n)*id: \d+\ndata: \{[ -~]*\}\n\n"
    assert re.fullmatch(rf"retry: 2000\n\n({frame})+data: \[DONE\]\n\n", raw)
    again = answer(app, "GET", f"/api/runs/{response.headers['X-Run-Id']}/stream")
    assert again.get_data(as_text=True) == raw


# -- answers of every kind


def test_a_run_is_described_from_its_first_moment_to_its_last(app):
    response = ask(app, models=[ENDLESS, "demo@fail_after=0", "vendor/model"], stream=True)
    run = f"/api/runs/{response.headers['X-Run-Id']}"
    events = events_of(response)
    assert any(event["event_type"] == "text_generation" for event in events)
    assert answer(app, "GET", run).get_json()["models"][ENDLESS]["metrics"] is None
    answer(app, "POST", f"{run}/models/{ENDLESS}/cancel")
    assert [*events][-1]["event_type"] == "complete"
    assert answer(app, "GET", run).get_json()["state"] == "complete"
    assert answer(app, "DELETE", run).status_code == 200
    last = answer(app, "GET", run).get_json()["last_event_id"]
    assert answer(app, "GET", f"{run}/stream?last_event_id={last}").status_code == 204
    assert answer(app, "GET", f"{run}/stream?last_event_id=x").status_code == 400
    assert answer(app, "POST", f"{run}/models/nobody/cancel").status_code == 404


def test_the_library_is_described(app, clip):
    (app.extensions["parallax"].library.folder / "broken.mp4").write_bytes(b"no video")
    film = {"file": (io.BytesIO(clip.read_bytes()), "A film.mp4")}
    sent = answer(app, "POST", "/api/videos", data=film)
    assert (sent.status_code, sent.get_json()["title"]) == (201, "A film.mp4")
    videos = {
        video["name"]: video for video in answer(app, "GET", "/api/videos").get_json()["videos"]
    }
    assert videos["broken.mp4"]["error"] and videos["clip.mp4"]["duration"]
    assert set(answer(app, "GET", "/api/videos/list").get_json()["videos"]) == set(videos)
    for path in ("/api/videos/clip", "/api/videos/clip/thumbnail"):
        whole = answer(app, "GET", path)
        assert whole.status_code == 200
        for headers, status in (
            ({"Range": "bytes=0-9"}, 206),
            ({"If-None-Match": whole.headers["ETag"]}, 304),
            ({"If-Match": '"other"'}, 412),
            ({"Range": "bytes=999999999-"}, 416),
        ):
            assert answer(app, "GET", path, headers=headers).status_code == status
    assert answer(app, "GET", "/api/videos/clip/thumbnail?width=9").status_code == 400
    assert answer(app, "GET", "/api/videos/broken/thumbnail").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/models?query=Describe the scene",
        "/healthz",
        "/readyz",
        "/metrics",
        "/",
        "/openapi.json",
        "/static/js/app.js",
    ],
)
def test_what_stands_around_it_is_described(app, path):
    assert answer(app, "GET", path).status_code == 200


@pytest.mark.parametrize(
    "changes, status",
    [
        ({}, 200),
        ({"query": ...}, 400),
        ({"models": ["nobody"]}, 404),
        ({"video_id": "missing"}, 404),
        ({"models": [f"demo@tokens={n}" for n in range(10)]}, 422),
        ({"query": "x" * 20_001}, 422),
    ],
)
def test_a_request_is_good_to_the_server_when_it_is_good_to_the_document(app, changes, status):
    response = ask(app, **changes)
    assert response.status_code == status
    asked = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    assert matches("AnalysisRequest", asked) == (status in (200, 404))


def test_every_refusal_is_described(app, lasting_app_with):
    json_type = {"content_type": "application/json"}
    assert answer(app, "GET", "/nowhere").status_code == 404
    assert answer(app, "GET", "/api/runs/unknown").status_code == 404
    assert answer(app, "GET", ANALYZE).status_code == 405
    assert answer(app, "POST", ANALYZE, data=b"x" * 2**21, **json_type).status_code == 413
    assert answer(app, "POST", ANALYZE, data=b"{}").status_code == 415
    assert answer(app, "POST", "/api/videos", data=b"x", **json_type).status_code == 415
    nothing = {"file": (io.BytesIO(b"no video"), "x.mp4")}
    assert answer(app, "POST", "/api/videos", data=nothing).status_code == 422
    other_site = {"headers": {"Origin": "https://other.example"}}
    assert answer(app, "POST", ANALYZE, json=GOOD, **other_site).status_code == 403
    key = {"headers": {"Idempotency-Key": "k"}}
    assert answer(app, "POST", ANALYZE, json=GOOD, **key).status_code == 200
    changed = {**GOOD, "query": "Something else?"}
    assert answer(app, "POST", ANALYZE, json=changed, **key).status_code == 409

    strict = lasting_app_with(rate_limit="1/hour", auth_token="correct horse", max_upload_mb=1)
    assert answer(strict, "GET", "/api/models").status_code == 401
    bearer = {"headers": {"Authorization": "Bearer correct horse"}}
    big = {"file": (io.BytesIO(b"x" * 2**22), "x.mp4")}
    assert answer(strict, "POST", "/api/videos", data=big, **bearer).status_code == 413
    assert answer(strict, "POST", ANALYZE, json=GOOD, **bearer).status_code == 429

    small = lasting_app_with(max_runs=1)
    with closing(ask(small, models=[ENDLESS], stream=True)) as response:
        assert next(iter(response.response)).startswith(b"retry:")
        assert ask(small).status_code == 503
    small.extensions["parallax"].library.spare_bytes = 10**18
    film = {"file": (io.BytesIO(b"x"), "x.mp4")}
    assert answer(small, "POST", "/api/videos", data=film).status_code == 507
    assert answer(small, "GET", "/readyz").status_code == 503
