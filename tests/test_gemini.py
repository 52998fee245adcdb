"""The real SDK through our provider, against a server that speaks Gemini's wire: what
it says, how it refuses, and what is refused before it is asked."""

import json
import os
import statistics
import threading
import time
from dataclasses import replace
from email.utils import formatdate

import pytest

from server.cancel import CancelToken
from server.errors import ProviderError
from server.providers.base import Call, Finish, Question, Usage
from server.providers.gemini import Gemini
from tests.asking_gemini import KEY, MODEL, ask, failure, short_film, gemini_vendor  # noqa: F401
from tests.live import free_port, until
from tests.measured import measured
from tests.vendors import gemini_server as speak
from tests.vendors.certificates import make_certificate

# -- the answer


def test_an_answer_comes_in_the_vendors_own_pieces_with_its_counts(vendor):
    assert ask() == ["Hel", "lo", Usage(7, 3), Finish("stop")]
    request = vendor.exchanges[0]
    assert request.path.startswith("/v1beta/models/gemini-x:streamGenerateContent?")
    assert KEY not in request.path and request.headers["x-goog-api-key"] == KEY
    assert request.headers["accept-encoding"] == "identity"
    assert request.json["contents"] == [{"role": "user", "parts": [{"text": "What happens?"}]}]


def test_the_text_is_the_same_when_its_bytes_come_one_by_one(vendor):
    said = ["Caf", "é ", "😀", ' \n{}[]"\\"']

    def script(exchange):
        body = json.dumps([*map(speak.chunk, said), speak.chunk(finish=1)], ensure_ascii=False)
        exchange.head(content_type="application/json; charset=UTF-8")
        for byte in body.encode():
            exchange.chunk(bytes([byte]))
        exchange.end()

    vendor.plays(script)
    assert ask() == [*said, Finish("stop")]


@measured
def test_a_piece_leaves_as_it_comes(vendor):
    """The vendor says what time it is; how late is it when we hear that?"""

    def script(exchange):
        answer = speak.Answer(exchange)
        for _ in range(100):
            exchange.pause(0.004)
            answer.say(speak.chunk(repr(time.monotonic())))
        answer.say(speak.chunk(finish=1))
        answer.end()

    ask()  # the SDK is imported by the first who asks
    vendor.plays(script)
    token, late = CancelToken(), []
    with token.serving():
        for item in Gemini(MODEL, {}).answer(Question("When?"), Call(token)):
            if isinstance(item, str):
                late.append(1000 * (time.monotonic() - float(item)))
    assert len(late) == 100
    print(f"added per piece: median {statistics.median(late):.2f} ms, worst {max(late):.2f} ms")
    assert statistics.median(late) < 10


def test_thirty_streams_at_once_do_not_mix_and_leave_nothing_open(vendor):
    def echo(exchange):
        answer = speak.Answer(exchange)
        for word in speak.asked(exchange).split():
            answer.say(speak.chunk(word + " "))
        answer.say(speak.chunk(finish=1))
        answer.end()

    vendor.plays(echo)
    ask()  # the SDK is imported by the first who asks
    threads_before, files_before = threading.active_count(), open_files()
    questions = [" ".join(f"{n}:{word}" for word in range(40)) for n in range(30)]
    heard, barrier = {}, threading.Barrier(len(questions))

    def one(question):
        barrier.wait()
        heard[question] = "".join(item for item in ask(question) if isinstance(item, str))

    threads = [threading.Thread(target=one, args=(question,)) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert heard == {question: question + " " for question in questions}
    # The vendor is of this process too: its threads and sockets end when it sees us leave.
    until(lambda: threading.active_count() <= threads_before)
    until(lambda: open_files() <= files_before)


def open_files():
    return len(os.listdir("/proc/self/fd"))


def test_what_was_said_before_comes_before(vendor):
    said = (
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Yes?"},
    )
    ask(Question("Well?", history=said))
    sent = vendor.exchanges[0].json
    assert [turn["role"] for turn in sent["contents"]] == ["user", "model", "user"]
    assert [turn["parts"][0]["text"] for turn in sent["contents"]] == ["Hi.", "Yes?", "Well?"]
    assert sent["systemInstruction"]["parts"] == [{"text": "Be brief."}]


# -- refusals


@pytest.mark.parametrize("shape", ["array", "object"])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (404, "not_found"),
        (429, "rate_limit"),
        (500, "upstream"),
        (503, "upstream"),
        (529, "upstream"),
    ],
)
def test_a_refusal_keeps_its_true_status_and_is_asked_once(vendor, status, code, shape):
    body = speak.error(status, f"key {KEY} said no")
    body = body if shape == "array" else json.dumps(body).encode()
    vendor.plays(speak.refuses(status, body, Retry_After="7"))
    error = failure()
    assert error.code == code and len(vendor.exchanges) == 1
    if status == 429:
        assert error.retry_after == 7


def test_the_time_to_wait_may_come_as_a_date(vendor):
    in_a_minute = formatdate(time.time() + 60, usegmt=True)
    vendor.plays(speak.refuses(429, speak.error(429, "slow"), Retry_After=in_a_minute))
    assert failure().retry_after == pytest.approx(60, abs=3)


def test_no_password_of_this_machine_goes_to_the_vendor(vendor, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary-of-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    ask()
    assert "authorization" not in vendor.exchanges[0].headers


def test_a_redirect_is_refused_and_the_key_stays_here(vendor):
    with speak.Gemini() as other:
        vendor.plays(speak.refuses(307, b"", Location=f"{other.origin}/elsewhere"))
        error = failure()
        assert (error.code, error.retryable) == ("upstream", False)
        assert other.exchanges == []


def test_compressed_and_endless_answers_are_refused(vendor, monkeypatch):
    vendor.plays(lambda e: e.whole(200, b"\x1f\x8b", Content_Encoding="gzip"))
    assert failure().code == "upstream"
    vendor.plays(speak.refuses(401, b"\x1f\x8b", Content_Encoding="gzip"))
    assert failure().code == "auth"

    def endless(exchange):
        exchange.head(content_type="application/json")
        exchange.chunk(b"[")
        while True:
            exchange.chunk(b" " * 65536)

    vendor.plays(endless)
    began = time.monotonic()
    assert "which is the limit" in failure().message
    print(f"64 MiB refused after {time.monotonic() - began:.1f} s")


@pytest.mark.parametrize(
    ("leave", "code"), [("close", "truncated"), ("reset", "network"), ("end", "truncated")]
)
def test_a_line_that_breaks_mid_answer_is_no_ending(vendor, leave, code):
    def script(exchange):
        speak.Answer(exchange).say(speak.chunk("So far"))
        exchange.pause(0.1)
        getattr(exchange, leave)()

    vendor.plays(script)
    assert failure().code == code


def test_a_line_that_breaks_before_the_answer_is_the_networks_fault(vendor):
    vendor.plays(lambda exchange: exchange.close())
    error = failure()
    assert (error.code, error.retryable) == ("network", True)


def test_nobody_listening_is_the_networks_fault(vendor, monkeypatch):
    monkeypatch.setenv("GEMINI_BASE_URL", f"http://127.0.0.1:{free_port()}")
    error = failure()
    assert (error.code, error.retryable) == ("network", True)
    monkeypatch.setenv("GEMINI_BASE_URL", "http://nowhere.invalid")
    assert failure().code == "network"


def test_a_proxy_is_not_asked_for_the_way_to_this_machine(vendor, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask()[0] == "Hel"


def test_a_proxy_is_asked_for_the_way_to_anywhere_else(vendor, monkeypatch):
    monkeypatch.setenv("http_proxy", vendor.origin)
    monkeypatch.setenv("GEMINI_BASE_URL", "http://gemini.invalid")
    assert ask()[0] == "Hel"
    assert vendor.exchanges[0].path.startswith("http://gemini.invalid/v1beta/models/")


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path, monkeypatch):
    with speak.Gemini(certificate=make_certificate(tmp_path)) as vendor:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_BASE_URL", vendor.origin)
        assert failure().code == "network"
        assert vendor.exchanges == []


# -- before anything is sent


def test_a_bare_address_of_this_machine_means_plain_http(vendor, monkeypatch):
    monkeypatch.setenv("GEMINI_BASE_URL", f"127.0.0.1:{vendor.port}/")
    assert ask()[0] == "Hel"
    monkeypatch.setenv("GEMINI_BASE_URL", f"{vendor.origin}/v1beta")
    assert ask()[0] == "Hel"


def test_the_second_name_of_the_key_is_known_too(vendor, monkeypatch):
    monkeypatch.delenv("GEMINI_API_KEY")
    monkeypatch.setenv("GOOGLE_API_KEY", "google-0123456789")
    ask()
    assert vendor.exchanges[0].headers["x-goog-api-key"] == "google-0123456789"


def test_what_cannot_be_asked_is_refused_before_anything_is_sent(vendor, film, monkeypatch):
    def refused(question=None, model=MODEL, **options):
        with pytest.raises(ProviderError) as caught:
            Gemini(model, options).preflight(question or Question("What?"))
        assert not caught.value.retryable
        return caught.value.code

    long = Question("What?", replace(film, duration=4000.0))
    assert refused(long) == "bad_request"
    Gemini(replace(MODEL, limits={"max_seconds": 5000}), {}).preflight(long)
    hour = Question("What?", replace(film, duration=3000.0))
    assert refused(hour, fps=4.0) == "bad_request"
    for name in ("x?key=1", "../x", "publishers/x", ""):
        assert refused(model=replace(MODEL, upstream=name)) == "not_found"
    monkeypatch.setenv("GEMINI_BASE_URL", "ftp://example.com")
    assert refused() == "bad_request"
    monkeypatch.setenv("GEMINI_BASE_URL", vendor.origin)
    monkeypatch.setenv("GEMINI_API_KEY", "canary-\u2026")
    assert refused() == "auth"
    monkeypatch.delenv("GEMINI_API_KEY")
    assert refused() == "auth"
    assert vendor.exchanges == []


@pytest.mark.parametrize(
    ("option", "text"),
    [("fps", "0"), ("fps", "25"), ("fps", "nan"), ("max_tokens", "0"), ("temperature", "2.1")]
    + [("temperature", "nan"), ("upload", "carrier pigeon")],
)
def test_nonsense_is_no_option(option, text):
    with pytest.raises(ValueError):
        Gemini.options[option](text)
