"""What viewers have of a commentary, whenever they look."""

from pathlib import Path

import pytest

from server.commentary.base import Chunk, Stretch, Window
from server.commentary.publishing import Publishing
from server.commentary.sessions import Sessions

PICTURE = None


@pytest.fixture
def session(tmp_path):
    session = Sessions(tmp_path, retention_s=3600, max_bytes=10_000).open("x" * 24)
    session.make()
    return session


def cut(session, index):
    path = session.chunk(index)
    Path(path).write_bytes(b"x" * 100)
    window = Window(index, index * 5.0, index * 5.0 + 5)
    return Stretch(window, PICTURE).but(chunk=Chunk(path, 10))


def published(session, count, already=0):
    publishing = Publishing(session, 5.0, already)
    for index in range(count):
        publishing.take(cut(session, index))
    publishing.publish(count)
    return publishing


def names(session):
    return [line for line in session.read("index.m3u8").split("\n") if line.startswith("chunk_")]


def test_a_playlist_that_ends_early_says_so(session):
    published(session, 2).close()
    assert len(names(session)) == 2 and session.read("index.m3u8").endswith("#EXT-X-ENDLIST\n")


def test_after_a_restart_it_never_grows_shorter(session):
    published(session, 3)
    again = published(session, 1, already=3)
    assert len(names(session)) == 3
    again.close()  # it failed there: no player waits for more
    assert len(names(session)) == 3 and session.read("index.m3u8").endswith("#EXT-X-ENDLIST\n")
    again.close()
    assert session.read("index.m3u8").count("#EXT-X-ENDLIST") == 1
