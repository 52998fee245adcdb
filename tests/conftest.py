"""What every test stands on: a clean environment, and settings that write to a folder of
the test's own."""

import os

import pytest

from server.settings import Settings

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
