"""What the OpenAI provider sends, to whom, and what it refuses to send."""

import base64
import subprocess
from dataclasses import replace

import pytest

from server import media
from server.asking import attempts
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.vendors import wire
from server.vendors.addresses import is_openai, is_web_address, ollama_url
from server.providers.base import Question, Usage, Video
from server.providers.openai import OpenAI
from tests.vendors import openai_server as speak
from tests.vendors.openai_asking import CLIENT, KEY, ask, failure, slot, text_of
from tests.vendors.openai_server import OpenAIServer
from tests.watched import Watched


@pytest.fixture
def vendor(monkeypatch):
    monkeypatch.setattr(wire, "_clients", {})
    with OpenAIServer(speak.says("Hel", "lo")) as vendor:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        yield vendor


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Four seconds, 20 pictures a second, with a tone nobody here can hear."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    subprocess.run(
        [media.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc=s=640x360:r=20:d=4"]
        + ["-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    return Video(path, "clip.mp4", 1, 4.0, 640, 360, 20.0, "h264", False, lambda: "digest")


def test_a_video_is_sent_as_stills_with_their_times_and_the_question_last(vendor, video):
    phases = []
    ask(Question("What moves?", video), frames=4, phases=phases)
    system, user = vendor.exchanges[0].json["messages"]
    assert system["role"] == "system"
    assert "4 still pictures" in system["content"] and "no sound" in system["content"]
    parts = user["content"]
    assert [part.get("text") for part in parts[::2]] == [
        "0:00",
        "0:01",
        "0:02",
        "0:03",
        "What moves?",
    ]
    for part in parts[1::2]:
        image = part["image_url"]
        assert image["detail"] == "low"
        header, _, data = image["url"].partition(",")
        assert header == "data:image/jpeg;base64"
        assert base64.b64decode(data).startswith(b"\xff\xd8\xff")
    assert phases == ["preparing", "thinking"]


def test_the_stills_are_made_once_however_often_the_vendor_is_asked(
    vendor, video, make_services, monkeypatch, tmp_path
):
    monkeypatch.setattr(attempts, "FIRST_DELAY_S", 0.02)
    film = tmp_path / "film.mp4"
    film.write_bytes(video.path.read_bytes())

    def loses_the_film(exchange):
        film.unlink(missing_ok=True)
        speak.status(503)(exchange)

    vendor.plays(loses_the_film, loses_the_film, speak.says("Third."))
    question = Question("What moves?", replace(video, path=film))
    watched = Watched(make_services(), slot(), question=question)
    assert watched.text("gpt") == "Third."
    first, second, third = [exchange.body for exchange in vendor.exchanges]
    assert first == second == third and b"image/jpeg" in first


def test_the_evidence_tells_what_is_really_sent(vendor, video):
    question = Question("What moves?", video, start=1.0, end=3.0)
    provider = OpenAI(CLIENT, {"frames": 2, "long_side": 128})
    evidence = provider.evidence(question)
    assert evidence["kind"] == "frames"
    assert evidence["times"] == [1.5, 2.5] and evidence["count"] == 2
    assert evidence["size"] == [128, 72]
    assert evidence["audio"] is False
    assert evidence["window"] == [1.0, 3.0]
    assert evidence["upstream_model"] == "gpt-x"
    ask(question, frames=2, long_side=128)
    system, user = vendor.exchanges[0].json["messages"]
    assert provider.prompt(question) == f"{system['content']}\n\n{user['content'][-1]['text']}"
    assert "0:01 to 0:03" in system["content"]


def test_what_was_said_before_comes_before(vendor):
    said = ({"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yes?"})
    ask(Question("Well?", history=said))
    assert vendor.exchanges[0].json["messages"] == [*said, {"role": "user", "content": "Well?"}]


@pytest.mark.parametrize(
    ("upstream", "name"),
    [
        ("gpt-4o", "max_tokens"),
        ("gpt-5.4-mini", "max_completion_tokens"),
        ("o3", "max_completion_tokens"),
        ("openai/gpt-5", "max_completion_tokens"),
        ("olmo", "max_tokens"),
    ],
)
def test_the_limit_has_the_name_the_model_knows(vendor, upstream, name):
    ask(model=replace(CLIENT, upstream=upstream), max_tokens=50, temperature=0.5)
    sent = vendor.exchanges[0].json
    assert sent[name] == 50 and sent["temperature"] == 0.5
    assert len([key for key in sent if key.startswith("max")]) == 1


def test_openrouter_is_asked_what_it_cost(vendor, monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    vendor.plays(speak.says("Hi.", cost=0.0125))
    router = replace(CLIENT, key_env=("OPENROUTER_API_KEY",))
    assert Usage(4, 2, 0.0125) in ask(model=router)
    assert vendor.exchanges[0].json["usage"] == {"include": True}


def test_strangers_learn_nothing_of_the_openai_account(vendor, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gate: mine\nAuthorization: Bearer mine")
    ask()
    assert "mine" not in str(vendor.exchanges[0].headers)


def test_a_local_server_without_keys_is_sent_none_of_ours(vendor, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{vendor.port}")
    ollama = replace(CLIENT, key_env=(), base_url_env=("OLLAMA_HOST",))
    assert text_of(ask(model=ollama)) == "Hello"
    request = vendor.exchanges[0]
    assert request.path == "/v1/chat/completions"
    assert KEY not in str(request.headers)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:80", "http://127.0.0.1:80/v1"),
        (":9000", "http://127.0.0.1:9000/v1"),
        ("box", "http://box:11434/v1"),
        ("[::1]:11434", "http://[::1]:11434/v1"),
        ("http://box:11434/", "http://box:11434/v1"),
        ("http://box:11434/v1", "http://box:11434/v1"),
        ("http://box:11434/v1/", "http://box:11434/v1"),
        ("https://box/ollama", "https://box/ollama/v1"),
    ],
)
def test_ollamas_address_is_read_as_ollama_reads_it(written, meant):
    assert ollama_url(written) == meant


def test_only_openais_own_hosts_are_openai():
    assert is_openai("https://api.openai.com/v1") and is_openai("https://eu.api.openai.com/v1")
    for stranger in ("https://api.openai.com.example/v1", "http://127.0.0.1/api.openai.com"):
        assert not is_openai(stranger)


def test_an_address_is_one_that_can_be_called():
    assert is_web_address("http://[::1]:8000/v1") and is_web_address("https://box")
    for nonsense in ("", "box:8000", "ftp://box", "http://", "http://box:99999", "http://[::1"):
        assert not is_web_address(nonsense)


def test_an_empty_base_url_counts_as_unset(vendor, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert text_of(ask(model=replace(CLIENT, base_url=vendor.base_url))) == "Hello"


# -- refused before anything is sent


def test_a_missing_key_a_broken_key_and_a_bad_address_are_said_at_once(vendor, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "api.example.com/v1")
    assert "OPENAI_BASE_URL" in failure().message
    monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
    for key in ("sk-canary-\u2026", "sk-canary\n0123"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        error = failure()
        assert error.code == "auth" and "canary" not in error.message
    monkeypatch.delenv("OPENAI_API_KEY")
    assert failure().code == "auth"
    assert vendor.exchanges == []
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert failure().message == "No address: set OPENAI_BASE_URL and ask again."


def test_a_video_without_a_picture_is_refused_before_anything_is_paid(vendor, video):
    sound = replace(video, width=0, height=0)
    with pytest.raises(ProviderError) as caught:
        OpenAI(CLIENT, {}).preflight(Question("What?", sound))
    assert caught.value.code == "bad_request" and not caught.value.retryable
    with pytest.raises(ProviderError):
        OpenAI(CLIENT, {}).evidence(Question("What?", sound))


def test_a_video_that_cannot_be_decoded_is_this_models_failure(vendor, video, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0" * 5000)
    error = failure(Question("What?", replace(video, path=broken)))
    assert error.code == "bad_request" and str(tmp_path) not in error.message
    assert vendor.exchanges == []


def test_a_cancel_while_the_stills_are_made_asks_nobody(vendor, video):
    token = CancelToken()
    token.cancel("enough")
    with pytest.raises(Abandoned):
        ask(Question("What?", video), token=token)
    assert vendor.exchanges == []


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("frames", "0"),
        ("frames", "201"),
        ("frames", "many"),
        ("long_side", "8"),
        ("long_side", "100000"),
        ("detail", "extreme"),
        ("max_tokens", "-1"),
        ("temperature", "nan"),
        ("temperature", "2.1"),
    ],
)
def test_nonsense_is_no_option(option, text):
    with pytest.raises(ValueError):
        OpenAI.options[option](text)


def test_sensible_options_are_read():
    read = {"frames": "32", "long_side": "768", "detail": "high", "temperature": "0"}
    assert [OpenAI.options[name](text) for name, text in read.items()] == [32, 768, "high", 0.0]
