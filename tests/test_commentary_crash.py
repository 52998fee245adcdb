"""A server that dies while it comments: what is finished is not paid for again."""

import math
import os
import signal
from http.client import HTTPException

import pytest

from tests import clips
from tests.commentaries import check, ffmpegs_of, first, get, of, opened, told
from tests.live import Server, until
from tests.vendors.commentators import Commentators

SECONDS = 36.0
LATE_S = 15.0  # windows from there on wait for their voice, so that it does not end too soon
PATIENCE_S = 60  # a busy machine has other things to do


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return clips.moving(path, SECONDS, sound="sine=440")


@pytest.fixture
def vendors():
    with Commentators(0.3, 0.3, 0.3) as vendors:
        yield vendors


@pytest.fixture
def server(tmp_path, film, vendors):
    server = Server(tmp_path / "data", **vendors.environment())
    (tmp_path / "data" / "videos").mkdir(parents=True)
    (tmp_path / "data" / "videos" / "film.mp4").write_bytes(film.read_bytes())
    server.start()
    yield server
    server.stop()


def die(server):
    """The whole server at once, as when a machine loses its power."""
    worker = server.worker_pid
    server.process.send_signal(signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    server.process.wait()


def asked(vendors, what):
    until(lambda: vendors.asked[what] >= 1, PATIENCE_S)


# Dying when this has been asked for so often, or this has been told.
MOMENTS = {
    "while it detects": lambda vendors, stream: asked(vendors, "detect"),
    "while it writes": lambda vendors, stream: asked(vendors, "write"),
    "while it speaks": lambda vendors, stream: asked(vendors, "speak"),
    "while it cuts": lambda vendors, stream: first(stream, "commentary_ready"),
    "between chunks": lambda vendors, stream: first(stream, "chunk_ready"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_kill_it_goes_on_where_it_was(server, vendors, moment):
    vendors.speechless_from = LATE_S
    stream = opened(server, "film.mp4")
    _, status = first(stream, "status")
    MOMENTS[moment](vendors, stream)
    die(server)
    vendors.settle()
    vendors.speechless_from = math.inf
    before = {what: dict(asks) for what, asks in vendors.asks.items()}
    heard = [(number, event) for _, number, event in read_on(stream)]
    assert not of(heard, "complete")
    until(lambda: not ffmpegs_of(server))
    server.start()

    events = check(told(server, "film.mp4"))
    assert of(events, "complete")
    assert events[0][1]["run_id"] == status["run_id"]
    assert not of(events, "line_failed")
    last = len(of(events, "events_detected"))
    for what, asks in vendors.asks.items():
        again = {ask: count for ask, count in asks.items() if count > 1}
        assert max(asks.values()) <= 2, what
        # What was under way when it died is asked once more; what had answered is not.
        assert set(again) <= set(before[what])
    assert sum(vendors.asks["detect"].values()) <= last + len(before["detect"])
    final = get(server, of(events, "complete")[0]["final_url"])
    assert final[0] == 200


def read_on(stream):
    try:
        yield from stream.messages()
    except (OSError, ValueError, HTTPException):
        return  # it broke off, as it must


def test_finished_stages_are_not_asked_again(server, vendors):
    stream = opened(server, "film.mp4")
    while True:
        _, event = first(stream, "events_detected")
        if event["interval_index"] == event["total_intervals"] - 1:
            break
    done = dict(vendors.asks["detect"])
    die(server)
    server.start()
    check(told(server, "film.mp4"))
    # All windows had been detected by then: not one was detected a second time.
    assert vendors.asks["detect"] == done


def test_a_reader_who_comes_back_after_the_kill_misses_nothing_and_hears_nothing_twice(
    server, vendors
):
    stream = opened(server, "film.mp4")
    heard = []
    for _, number, event in stream.messages():
        heard.append((number, event))
        if event["type"] == "chunk_ready":
            break
    die(server)
    server.start()
    heard += told(server, "film.mp4", after=heard[-1][0])
    assert of(check(heard), "complete")


def test_a_stop_is_said_and_the_work_goes_on_after_the_restart(server, vendors):
    vendors.speechless_from = LATE_S
    stream = opened(server, "film.mp4")
    first(stream, "events_detected")
    server.process.send_signal(signal.SIGTERM)
    rest = [(number, event) for _, number, event in stream.messages()]
    assert rest[-1][1]["type"] == "error" and rest[-1][1]["retryable"]
    assert rest[-1][0] is None  # no id: what comes after the restart has that place
    assert server.process.wait(10) == 0
    vendors.speechless_from = math.inf
    server.start()
    last = [number for number, _ in rest if number][-1]
    events = told(server, "film.mp4", after=last)
    assert events[0][0] == last + 1
    assert of(events, "complete")


def test_new_starts_afresh_and_pays_again(server, vendors):
    once = told(server, "film.mp4")
    asked = dict(vendors.asked)
    again = told(server, "film.mp4", "?new=1")
    assert of(again, "complete") and again[0][1]["run_id"] != once[0][1]["run_id"]
    assert vendors.asked["detect"] == 2 * asked["detect"]
    assert told(server, "film.mp4") == again


def test_other_options_pay_only_for_what_they_change(server, vendors):
    told(server, "film.mp4")
    asked = dict(vendors.asked)
    told(server, "film.mp4", "?original_volume=0.5")
    assert dict(vendors.asked) == asked
    told(server, "film.mp4", "?style=sports")
    assert vendors.asked["detect"] == asked["detect"]
    assert vendors.asked["write"] == 2 * asked["write"]
