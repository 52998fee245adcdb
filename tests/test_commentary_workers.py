"""Commentaries that are made by workers: a real gunicorn, a real Redis, real worker processes
and vendors on this machine who count how often they are asked."""

import pytest

from tests import clips
from tests.commentaries import check, get, of, told
from tests.live import Server
from tests.redis_server import serving_redis
from tests.vendors.commentators import Commentators
from tests.workers import working

SECONDS = 36.0


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return clips.moving(tmp_path_factory.mktemp("film") / "film.mp4", SECONDS, sound="sine=440")


@pytest.fixture
def vendors():
    with Commentators(0.3, 0.3, 0.3) as vendors:
        yield vendors


@pytest.fixture
def server(tmp_path, film, vendors):
    (tmp_path / "data" / "videos").mkdir(parents=True)
    (tmp_path / "data" / "videos" / "film.mp4").write_bytes(film.read_bytes())
    with serving_redis(tmp_path) as redis:
        variables = {"REDIS_URL": redis.url, "COMMENTARY_WORKERS": "rq", **vendors.environment()}
        server = Server(tmp_path / "data", **variables)
        try:
            yield server.start()
        finally:
            server.stop()


def test_a_worker_makes_it_and_the_reader_notices_nothing(server, vendors):
    with working(server, 1):
        events = check(told(server, "film.mp4"))
    assert of(events, "complete") and not of(events, "line_failed")
    final = get(server, of(events, "complete")[0]["final_url"])
    assert final[0] == 200
