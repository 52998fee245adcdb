"""The real SDK through our provider, against a server that speaks TwelveLabs' wire."""

import base64
import statistics
import threading
import time

import pytest

from server.cancel import CancelToken
from server.providers.base import Call, Finish, Question, Usage
from server.providers.pegasus import Pegasus
from tests.live import SOON_S, until
from tests.vendors import pegasus_server as speak
from tests.vendors.pegasus_asking import BY_ASSET, KEY, MODEL, ask, failure, text_of
from tests.vendors.pegasus_asking import fresh, pegasus_vendor, short_film  # noqa: F401

PIECES = ["Caf", "é ", "😀", " \n{}\u2028"]
LINES = b"".join(
    [speak.line(speak.START), *[speak.line(speak.text(p)) for p in PIECES], speak.line(speak.end())]
)
WHOLE = [*PIECES, Usage(4567, 12), Finish("stop")]


@pytest.mark.parametrize(
    "script",
    [
        speak.says(*PIECES),
        speak.byte_by_byte(LINES),
        speak.sends(LINES),
        speak.sends(LINES.replace(b"\n", b"\r\n")),
        speak.sends(LINES.removesuffix(b"\n")),
        speak.sends(b"\n", b"  \n", LINES, b"\nnonsense after the end"),
        speak.sends(LINES.removeprefix(speak.line(speak.START))),
        speak.sends(speak.line({"event_type": "keep_alive"}), LINES),
    ],
    ids=[
        "a line at a time",
        "a byte at a time",
        "all at once",
        "CRLF",
        "no line end at the end",
        "empty lines, and more after the end",
        "no beginning",
        "an event nobody knows",
    ],
)
def test_the_text_is_the_same_however_its_bytes_arrive(vendor, video, script):
    vendor.plays(script)
    assert ask(Question("What?", video)) == WHOLE


def test_an_answer_cut_at_its_limit_says_so_and_its_warning_is_no_error(vendor, video):
    vendor.plays(speak.says("To be con", reason="length", error={"message": "truncated"}))
    assert ask(Question("What?", video))[-1] == Finish("length")


def test_an_answer_without_words_ends_well(vendor, video):
    vendor.plays(speak.says())
    assert ask(Question("What?", video)) == [Usage(4567, 12), Finish("stop")]


def test_counts_are_what_was_told_or_nothing(vendor, video):
    vendor.plays(speak.says("Hi.", counts=(None, "many")))
    assert Usage(None, None) in ask(Question("What?", video))
    vendor.plays(speak.events(speak.text("Hi."), {"event_type": "stream_end"}))
    assert ask(Question("What?", video)) == ["Hi.", Finish("stop")]


def test_a_piece_leaves_as_it_comes(vendor, video):
    """The vendor says what time it is; how late is it when we hear that?"""

    def script(exchange):
        speak.head(exchange)
        for _ in range(150):
            exchange.pause(0.004)
            exchange.chunk(speak.line(speak.text(repr(time.monotonic()))))
        exchange.chunk(speak.line(speak.end()))
        exchange.end()

    ask(Question("What?", video))  # the SDK is imported by the first who asks
    vendor.plays(script)
    token, late = CancelToken(), []
    with token.serving():
        for item in Pegasus(MODEL, {}).answer(Question("When?", video), Call(token)):
            if isinstance(item, str):
                late.append(1000 * (time.monotonic() - float(item)))
    assert len(late) == 150
    late.sort()
    print(f"added per piece: median {statistics.median(late):.2f} ms, p95 {late[142]:.2f} ms")
    assert statistics.median(late) < 20


def test_thirty_streams_at_once_do_not_mix_and_leave_no_thread(vendor, video):
    vendor.plays(speak.echoes)
    ask(Question("first", video), BY_ASSET)
    before = threading.active_count()
    questions = [" ".join(f"{n}:{word}" for word in range(40)) for n in range(30)]
    heard, barrier = {}, threading.Barrier(len(questions))

    def one(question):
        barrier.wait()
        heard[question] = text_of(ask(Question(question, video), BY_ASSET))

    threads = [threading.Thread(target=one, args=(question,)) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert heard == {question: question + " " for question in questions}
    assert len(vendor.uploaded) == 1
    for exchange in vendor.questions:
        assert exchange.hung_up.wait(SOON_S)
    until(lambda: threading.active_count() <= before)


def test_a_small_video_travels_inside_the_request(vendor, video):
    phases = []
    ask(Question("What moves?", video), phases=phases, temperature=0.5, max_tokens=600)
    [request] = vendor.exchanges
    sent = request.json
    assert request.path == "/v1.3/analyze" and request.headers["x-api-key"] == KEY
    assert int(request.headers["content-length"]) == len(request.body)
    assert sent.pop("video") == {
        "type": "base64_string",
        "base64_string": base64.b64encode(video.path.read_bytes()).decode(),
    }
    assert sent == {
        "model_name": "pegasus1.5",
        "prompt": "What moves?",
        "temperature": 0.5,
        "max_tokens": 600,
        "stream": True,
    }
    assert list(dict.fromkeys(phases)) == ["preparing", "uploading", "thinking"]


def test_a_missing_key_a_broken_key_and_a_bad_address_are_said_at_once(vendor, video, monkeypatch):
    question = Question("What?", video)
    monkeypatch.setenv("TWELVELABS_BASE_URL", "api.example.com/v1.3")
    assert "TWELVELABS_BASE_URL" in failure(question).message
    monkeypatch.setenv("TWELVELABS_BASE_URL", vendor.base_url)
    monkeypatch.setenv("TWELVELABS_API_KEY", KEY + "\u2026")
    assert failure(question).code == "auth"
    monkeypatch.delenv("TWELVELABS_API_KEY")
    assert failure(question).code == "auth"
    assert vendor.exchanges == []
    monkeypatch.setenv("TWELVE_LABS_API_KEY", "other-name-0123")
    ask(question)
    assert vendor.exchanges[0].headers["x-api-key"] == "other-name-0123"


@pytest.mark.parametrize(
    ("suffix", "path"),
    [("", "/v1.3"), ("/", "/v1.3"), ("/v1.3/", "/v1.3"), ("/proxy/v2", "/proxy/v2")],
)
def test_the_address_is_read_the_same_way_everywhere(vendor, video, monkeypatch, suffix, path):
    vendor.subject = lambda exchange: None
    monkeypatch.setenv("TWELVELABS_BASE_URL", vendor.origin + suffix)
    ask(Question("What?", video))
    assert vendor.exchanges[0].path == f"{path}/analyze"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("max_tokens", "0"),
        ("max_tokens", "98305"),
        ("max_tokens", "many"),
        ("temperature", "-0.1"),
        ("temperature", "1.1"),
        ("temperature", "nan"),
    ],
)
def test_nonsense_is_no_option(option, text):
    with pytest.raises(ValueError):
        Pegasus.options[option](text)
