"""Who watches the clients of open streams, where there are no descriptors left."""

import errno
import socket
import threading
from contextlib import ExitStack

import pytest

from server import doorman as module
from server.doorman import Doorman
from tests import threads

PATHS = ["/api/analyze/stream/parallel", "/api/runs/{}/stream"]


def without_descriptors(*known):
    raise OSError(errno.EMFILE, "Too many open files")


def with_closed_socket(*known):
    raise ValueError("Invalid file descriptor: -1")


def test_one_that_found_no_thread_begins_with_the_next():
    doorman, gone = Doorman(), threading.Event()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with threads.none_left("doorman"), pytest.raises(RuntimeError):
            doorman.admit({"gunicorn.socket": ours}, gone.set)
        doorman.admit({"gunicorn.socket": ours}, gone.set)
        theirs.close()
        assert gone.wait(20)


def test_one_leaving_that_cannot_be_told_of_does_not_hide_the_next():
    doorman, gone = Doorman(), threading.Event()
    with ExitStack() as stack:
        pairs = [[stack.enter_context(end) for end in socket.socketpair()] for _ in range(2)]
        for (ours, _), told in zip(pairs, (without_descriptors, gone.set)):
            doorman.admit({"gunicorn.socket": ours}, told)
        for _, theirs in pairs:
            theirs.close()
        assert gone.wait(20)


def test_one_that_could_not_begin_begins_with_the_next(monkeypatch):
    doorman, gone = Doorman(), threading.Event()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(module.socket, "socketpair", without_descriptors)
            with pytest.raises(OSError):
                doorman.admit({"gunicorn.socket": ours}, gone.set)
        visitor = doorman.admit({"gunicorn.socket": ours}, gone.set)
        theirs.close()
        assert gone.wait(20) and visitor.gone


@pytest.mark.parametrize("grace_s", [0, 60])
@pytest.mark.parametrize("refusal", [without_descriptors, with_closed_socket])
def test_a_reader_that_cannot_be_watched_takes_no_place(app_with, monkeypatch, grace_s, refusal):
    app = app_with(disconnect_grace_s=grace_s)
    services, client = app.extensions["parallax"], app.test_client()
    asked = {"query": "?", "models": ["demo@first=0,tokens=1"], "video_id": "clip"}
    ended = client.post(PATHS[0], json=asked)
    assert ended.text.endswith("[DONE]\n\n")
    ended.close()
    monkeypatch.setattr(Doorman, "admit", refusal)
    started = client.post(PATHS[0], json={**asked, "refresh": True})
    followed = client.get(PATHS[1].format(ended.headers["X-Run-Id"]))
    for refused in (started, followed):
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "2"
    assert services.streams.inside == 0 and services.runs.live() == []
