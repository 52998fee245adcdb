"""What every test stands on: a clean environment, and settings that write to a folder of
the test's own."""

import os
import shutil

import hypothesis
import pytest

from server import media
from server.settings import Settings
from tests import clips

# What is drawn must hold. How long that takes is the machine's matter, which may be busy.
hypothesis.settings.register_profile(
    "patient",
    parent=hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")

PREFIXES = ("OPENAI_", "OPENROUTER_", "OLLAMA_", "GEMINI_", "GOOGLE_", "TWELVE", "ELEVENLABS_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(PREFIXES) or name.lower() in PROXIES or name == "AUTH_TOKEN":
            monkeypatch.delenv(name)


@pytest.fixture
def make_settings(tmp_path):
    def make(**changes):
        return Settings(**{"data_dir": tmp_path / "data", "rate_limit": "10000/second", **changes})

    return make


@pytest.fixture
def make_services(make_settings):
    from server.services import Services

    def make(**changes):
        services = Services(make_settings(**changes))
        services.library.prepare()
        return services

    return make


@pytest.fixture(params=list(clips.BINARIES))
def each_binary(request, monkeypatch, tmp_path):
    """The ffmpeg of the system and the one of the wheel."""
    clips.use_binary(request.param, monkeypatch, tmp_path / "bin")
    yield request.param
    monkeypatch.undo()
    media.binary.found.cache_clear()


# -- an application with one clip in its library


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return clips.clip(path, [("testsrc=n=0", 2.0)], sound="sine")


def app_showing(clip, settings):
    from server.app import create_app

    app = create_app(settings)
    shutil.copy(clip, settings.videos_dir / "clip.mp4")
    return app


@pytest.fixture
def app_with(make_settings, clip):
    return lambda **changes: app_showing(clip, make_settings(**changes))


@pytest.fixture
def app(app_with):
    return app_with()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def folder(app):
    return app.extensions["parallax"].library.folder


@pytest.fixture(scope="module")
def lasting_app_with(tmp_path_factory, clip):
    """The same, for all tests of a module together."""

    def make(**changes):
        data_dir = tmp_path_factory.mktemp("data")
        changes = {"data_dir": data_dir, "rate_limit": "10000/second", **changes}
        return app_showing(clip, Settings(**changes))

    return make


# -- a real gunicorn, whose OpenAI is a scripted server. The official client is imported
# only for those who want it: that takes a second.


@pytest.fixture(scope="module")
def vendor():
    from tests.vendors import openai_server as speak

    with speak.OpenAIServer(speak.says("Hel", "lo")) as vendor:
        yield vendor


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    from tests.openai_client import data_dir_in

    return data_dir_in(tmp_path_factory.mktemp("openai"))


@pytest.fixture(scope="module")
def server(data_dir, vendor):
    from tests.openai_client import serving_with

    with serving_with(vendor, data_dir) as running:
        yield running


@pytest.fixture
def ask(server):
    from tests.openai_client import asking

    with asking(server) as ask:
        yield ask
