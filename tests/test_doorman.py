"""Who watches the clients of open streams, where there are no descriptors left."""

import errno
import socket
import threading

import pytest

from server import doorman as module
from server.doorman import Doorman

PATHS = ["/api/analyze/stream/parallel", "/api/runs/{}/stream"]


def without_descriptors(*known):
    raise OSError(errno.EMFILE, "Too many open files")


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
def test_a_reader_that_cannot_be_watched_takes_no_place(app_with, monkeypatch, grace_s):
    app = app_with(disconnect_grace_s=grace_s)
    services, client = app.extensions["parallax"], app.test_client()
    asked = {"query": "?", "models": ["demo@first=0,tokens=1"], "video_id": "clip"}
    ended = client.post(PATHS[0], json=asked)
    assert ended.text.endswith("[DONE]\n\n")
    ended.close()
    monkeypatch.setattr(Doorman, "admit", without_descriptors)
    started = client.post(PATHS[0], json={**asked, "refresh": True})
    followed = client.get(PATHS[1].format(ended.headers["X-Run-Id"]))
    for refused in (started, followed):
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "2"
    assert services.streams.inside == 0 and services.runs.live() == []
