"""A request that is repeated, or tries an earlier run's failures again, when what that run
stood on may be gone."""

import os

import pytest

from tests.clips import moving

ANALYZE = "/api/analyze/stream/parallel"
WELL, BROKEN = "demo@first=0,tokens=1", "demo@first=0,tokens=3,fail_after=1"
ABOUT = {"query": "What?", "models": [WELL, BROKEN], "video_id": "clip", "stream": False}
COMPARE = {"input_data": "Hi", "models": [WELL, BROKEN]}
KEY = {"Idempotency-Key": "once"}


@pytest.fixture
def library_file(folder):
    return folder / "clip.mp4"


def run_id(response):
    assert response.status_code == 200, response.text
    return response.headers["X-Run-Id"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_repeated_request_attaches_also_when_its_video_is_gone(client, library_file, stream):
    asked = {**ABOUT, "stream": stream}
    first = client.post(ANALYZE, json=asked, headers=KEY)
    said = first.text
    library_file.unlink()
    again = client.post(ANALYZE, json=asked, headers=KEY)
    assert (run_id(again), again.text) == (run_id(first), said)
    assert client.post(ANALYZE, json=asked).status_code == 404


@pytest.mark.parametrize("path", ["/compare", "/compare-stream"])
def test_so_does_one_that_retried_a_run_which_is_forgotten(client, app, path):
    first = run_id(client.post("/compare", json=COMPARE))
    retry = client.post(path, json={"retry_of": first}, headers=KEY)
    said, runs = retry.text, app.extensions["parallax"].runs
    del runs._ended[first]
    again = client.post(path, json={"retry_of": first}, headers=KEY)
    assert (run_id(again), again.text) == (run_id(retry), said)
    assert client.post(path, json={"retry_of": first}).status_code == 404


def test_another_request_with_that_key_is_a_conflict_whatever_it_asks(client):
    run_id(client.post(ANALYZE, json=ABOUT, headers=KEY))
    for changes in ({"query": "Else?"}, {"video_id": "gone"}, {"models": []}):
        response = client.post(ANALYZE, json={**ABOUT, **changes}, headers=KEY)
        assert response.status_code == 409


def test_a_failure_can_be_tried_again_while_the_video_is_there(client):
    first = run_id(client.post(ANALYZE, json=ABOUT))
    models = client.post(ANALYZE, json={"retry_of": first, "stream": False}).get_json()["models"]
    assert {name: model["cached"] for name, model in models.items()} == {WELL: True, BROKEN: False}


def test_not_when_it_is_gone_or_another(client, library_file, clip):
    first = run_id(client.post(ANALYZE, json=ABOUT))
    moving(library_file, 3.0)
    replaced = client.post(ANALYZE, json={"retry_of": first})
    library_file.unlink()
    gone = client.post(ANALYZE, json={"retry_of": first})
    for response in (replaced, gone):
        assert (response.status_code, response.get_json()["code"]) == (404, "video_not_found")
    library_file.write_bytes(clip.read_bytes())
    os.utime(library_file)
    assert client.post(ANALYZE, json={"retry_of": first}).status_code == 200
