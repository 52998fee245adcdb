"""Who asks for a commentary the instant an earlier one has ended."""

import threading

import pytest

from server.app import create_app
from server.commentary.desk import Desk
from server.commentary.run import CommentaryRun
from server.errors import ProviderError, UnknownModel, VideoNotFound
from server.events import Commentary
from tests import threads
from tests.live import until

STREAM = "/api/analyze-stream/clip.mp4"


@pytest.fixture
def tidying(monkeypatch):
    """Runs that have told their end stay at the desk until this is set."""
    over, ended = threading.Event(), Desk.ended
    monkeypatch.setattr(Desk, "ended", lambda desk, run: over.wait(20) and ended(desk, run))
    yield over
    over.set()


def fails(run):
    raise ProviderError("network", "Gone.")


def completes(run):
    run.session.final(run.film.stem).write_bytes(b"film")
    run._end("complete", Commentary.complete(1, "clip.mp4", run.urls.of("clip.mp4"), []))


@pytest.mark.parametrize("query", ["", "?new=1"])
def test_one_that_failed_is_made_anew_by_whoever_heard_of_it(client, tidying, monkeypatch, query):
    monkeypatch.setattr(CommentaryRun, "_make", fails)
    first = client.get(STREAM + query)
    assert "Gone." in first.text
    monkeypatch.setattr(CommentaryRun, "_make", completes)
    second = client.get(STREAM + query)
    assert "final_url" in second.text and "Gone." not in second.text
    assert second.headers["X-Run-Id"] != first.headers["X-Run-Id"]


def is_left_off(run):
    run._interrupted = True
    raise ProviderError("cancelled", "The server is restarting.")


def test_for_want_of_a_thread_it_is_refused_and_what_was_made_stays(client, app, monkeypatch):
    services = app.extensions["parallax"]
    monkeypatch.setattr(CommentaryRun, "_make", is_left_off)
    first = client.get(STREAM)
    assert "restarting" in first.text
    until(lambda: not services.commentaries.working)
    left_off = first.headers["X-Run-Id"]
    told = services.commentaries.sessions.open(left_off).told()
    with threads.none_left("commentary"):
        answer = client.get(STREAM)
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "10"
    assert services.commentaries.sessions.open(left_off).told() == told
    assert not services.commentaries.working and services.runs.live() == []
    monkeypatch.setattr(CommentaryRun, "_make", completes)
    again = client.get(STREAM)
    assert "final_url" in again.text and again.headers["X-Run-Id"] == left_off


def test_one_that_was_left_off_goes_on_for_the_same_key(client, app, monkeypatch):
    monkeypatch.setattr(CommentaryRun, "_make", is_left_off)
    asked = {"json": {"filename": "clip.mp4"}, "headers": {"Idempotency-Key": "k"}}
    assert client.post("/api/analyze", **asked).status_code == 503
    monkeypatch.setattr(CommentaryRun, "_make", completes)
    restarted = create_app(app.extensions["parallax"].settings).test_client()
    assert restarted.post("/api/analyze", **asked).status_code == 200


def stops(run):
    run.cancel(ProviderError("cancelled", "Stopped."))
    run.token.check()


@pytest.mark.parametrize("end, word", [(fails, "Gone."), (stops, "Stopped.")])
def test_who_comes_back_to_one_that_ended_badly_hears_its_end_and_begins_none(
    client, monkeypatch, end, word
):
    monkeypatch.setattr(CommentaryRun, "_make", end)
    told = client.get(STREAM)
    assert word in told.text
    last = told.text.count("data: ")
    for heard in range(1, last + 1):
        again = client.get(STREAM, headers={"Last-Event-ID": str(heard)})
        assert again.headers["X-Run-Id"] == told.headers["X-Run-Id"]
        assert again.text.count("data: ") == last - heard
        assert again.status_code == (200 if heard < last else 204)
    assert client.get(STREAM).headers["X-Run-Id"] != told.headers["X-Run-Id"]


def test_a_get_with_a_key_is_made_once(client, monkeypatch):
    monkeypatch.setattr(CommentaryRun, "_make", completes)
    asked = {"headers": {"Idempotency-Key": "k"}}
    first = client.get(STREAM + "?new=1", **asked)
    assert client.get(STREAM + "?new=1", **asked).text == first.text
    assert client.get(STREAM + "?style=sports&new=1", **asked).status_code == 409
    other = client.get(STREAM + "?new=1", headers={"Idempotency-Key": "other"})
    assert other.headers["X-Run-Id"] != first.headers["X-Run-Id"]


def test_a_document_that_a_restart_interrupts_asks_to_come_again(client, app, monkeypatch):
    runs = app.extensions["parallax"].runs

    def restarts(run):
        runs.drain()
        run.token.check()

    monkeypatch.setattr(CommentaryRun, "_make", restarts)
    answer = client.post("/api/analyze", json={"filename": "clip.mp4"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.get_json()["code"] == "busy"


@pytest.mark.parametrize("lost", [UnknownModel("No such model."), VideoNotFound("Gone.")])
def test_what_only_answers_to_requests_say_is_told_as_a_bad_request(client, monkeypatch, lost):
    def fails(run):
        raise lost

    monkeypatch.setattr(CommentaryRun, "_make", fails)
    told = client.get(STREAM).text
    assert '"code":"bad_request"' in told.replace(" ", "") and lost.message in told


def test_one_that_is_complete_is_replayed(client, app, tidying, monkeypatch):
    monkeypatch.setattr(CommentaryRun, "_make", completes)
    told = client.get(STREAM).text
    monkeypatch.setattr(CommentaryRun, "_make", fails)
    assert client.get(STREAM).text == told
    tidying.set()
    until(lambda: not app.extensions["parallax"].commentaries.working)
    assert client.get(STREAM).text == told
