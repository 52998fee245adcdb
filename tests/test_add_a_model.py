"""Does what docs/add-a-model.md says, word for word."""

import re
from pathlib import Path

import pytest

from server import providers, voices
from server.app import create_app
from server.cancel import CancelToken
from server.providers import PROVIDERS
from server.voices import VOICES, Voices
from server.voices.base import Utterance
from tests.clips import moving
from tests.vendors.openai_server import OpenAIServer, says

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "add-a-model.md").read_text("utf-8")


def snippets(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def entry(line):
    return re.fullmatch(r'"(\w+)": "(\S+)",', line.strip()).groups()


@pytest.fixture
def newcomer(make_settings, tmp_path, monkeypatch):
    """A server set up as the page says."""
    python, _ = snippets("python")
    (tmp_path / "parrot.py").write_text(python)
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    line, _ = snippets("text")
    monkeypatch.setitem(PROVIDERS, *entry(line))
    models = tmp_path / "models.toml"
    models.write_text("\n".join(snippets("toml")))
    settings = make_settings(models_file=models)
    settings.videos_dir.mkdir(parents=True)
    moving(settings.videos_dir / "clip.mp4", 1.0)
    return create_app(settings).test_client()


def ask(client, slot):
    asked = {"query": "Pretty Polly", "models": [slot], "video_id": "clip", "stream": False}
    return client.post("/api/analyze/stream/parallel", json=asked).get_json()["models"][slot]


def test_every_model_of_the_page_is_listed_with_what_it_lacks(newcomer):
    models = {m["name"]: m["missing"] for m in newcomer.get("/api/models").get_json()["models"]}
    assert models == {"gemini-lite": "GEMINI_API_KEY", "house": None, "polly": "PARROT_KEY"}


def test_the_new_provider_answers_those_with_its_key(newcomer, monkeypatch):
    assert ask(newcomer, "polly")["error"]["code"] == "auth"
    monkeypatch.setenv("PARROT_KEY", "polly")
    answer = ask(newcomer, "polly@times=2")
    assert answer["text"] == "Pretty Polly Pretty Polly "
    assert answer["metrics"]["output_tokens"] == 4


def test_the_new_server_of_openais_protocol_is_shown_frames(newcomer, monkeypatch):
    with OpenAIServer(says("A ", "test card.")) as vendor:
        monkeypatch.setenv("VLLM_URL", vendor.base_url)
        answer = ask(newcomer, "house")
        (exchange,) = vendor.exchanges
    assert answer["text"] == "A test card."
    assert answer["evidence"]["count"] == 16
    assert exchange.json["model"] == "qwen-vl"


def test_every_field_a_model_can_have_is_on_the_page():
    from dataclasses import fields

    from server.models import Model

    for field in fields(Model):
        assert field.name in ("name", "simulated") or f"`{field.name}`" in PAGE


def test_the_new_voice_is_chosen_by_its_name_and_speaks(make_settings, tmp_path, monkeypatch):
    _, python = snippets("python")
    (tmp_path / "metronome.py").write_text(python)
    monkeypatch.setattr(voices, "__path__", [*voices.__path__, str(tmp_path)])
    _, line = snippets("text")
    monkeypatch.setitem(VOICES, *entry(line))
    voice, speaker = Voices(make_settings(), None).choose("metronome:high")
    speech = voice.speak(Utterance("One two, three!", voice=speaker), tmp_path, CancelToken())
    assert [word for _, _, word in speech.words] == ["One", "two,", "three!"]
    assert 0.5 < speech.seconds < 0.8 and speech.path.exists()
