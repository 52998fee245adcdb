"""A run that another process serves, followed from what the store has of it so far."""

import contextlib

import pytest

from server import sse
from server.stores import Begin, End, Frames, open_store

ASKED = {"query": "What?", "models": {"demo": {"state": "waiting", "label": "Demo"}}}


def frames(*numbers):
    return [sse.encode(number, {"type": "chunk", "n": number}) for number in numbers]


@pytest.fixture
def other(app):
    """The store as the process that serves the run has it; this one is open, too."""
    services = app.extensions["parallax"]
    services.open()
    store = open_store(services.settings)
    store.open("other")
    yield store
    store.close()
    services.close()


def test_what_was_read_and_is_not_yet_written_does_not_come_again(client, other):
    other.write("other", [Begin("run", "comparison", 1.0, ASKED), Frames("run", 1, frames(1, 2))])
    # Its reader has heard up to 4, and comes to us while 3 and 4 wait to be written.
    response = client.get("/api/runs/run/stream", headers={"Last-Event-ID": "4"})
    with contextlib.closing(response.iter_encoded()) as parts:
        assert next(parts).startswith(b"retry:")
        other.write("other", [Frames("run", 3, frames(3, 4, 5))])
        told = next(parts)
        other.write("other", [Frames("run", 6, frames(6)), End("run", "complete", ASKED)])
        told += b"".join(parts)
    assert told == b"".join(frames(5, 6)) + sse.DONE


def test_a_number_beyond_an_ended_run_is_that_of_its_last_message(client, other):
    begun = Begin("run", "comparison", 1.0, ASKED)
    other.write("other", [begun, Frames("run", 1, frames(1, 2)), End("run", "complete", ASKED)])
    response = client.get("/api/runs/run/stream", headers={"Last-Event-ID": "9"})
    assert response.status_code == 204
