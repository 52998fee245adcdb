"""Hanging up on Gemini: at once, in every phase, plain and in TLS."""

import socket
import time
from dataclasses import replace

import pytest

from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.vendors import wire
from server.providers.base import Call, Question
from server.providers.gemini import Gemini
from tests.asking_gemini import KEY, MODEL, Asking, ask
from tests.asking_gemini import gemini_vendor, short_film  # noqa: F401
from tests.live import SOON_S
from tests.vendors import gemini_server as speak
from tests.vendors.base import SILENCES, Vendor, silent_proxy
from tests.vendors.certificates import make_certificate
from tests.vendors.deaf import DeafVendor


@pytest.mark.parametrize("moment", ["before the headers", "mid-answer"])
@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_a_cancel_hangs_up_at_once(kind, moment, tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path) if kind == "tls" else None
    if certificate:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    wire.tls_context.cache_clear()

    def script(exchange):
        if moment == "mid-answer":
            speak.Answer(exchange).say(speak.chunk("So far"))
        exchange.wait_for_hang_up()

    with speak.Gemini(script, certificate) as vendor:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_BASE_URL", vendor.origin)
        token = CancelToken()
        asking = Asking(token)
        (exchange,) = vendor.wait_for(1)
        began = time.monotonic()
        token.cancel()
        assert isinstance(asking.outcome(), ProviderError)
        assert exchange.hung_up.wait(SOON_S)
        print(f"hung up after {1000 * (exchange.hung_up_at - began):.1f} ms")
        assert exchange.hung_up_at - began < SOON_S
        assert len(vendor.exchanges) == 1
    wire.tls_context.cache_clear()


def test_a_vendor_silent_in_the_tls_handshake_is_hung_up_on(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_BASE_URL", f"https://127.0.0.1:{listener.getsockname()[1]}")
        token = CancelToken()
        asking = Asking(token)
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(5)
            assert sock.recv(1)  # it has begun to greet
            token.cancel()
            began = time.monotonic()
            assert isinstance(asking.outcome(), ProviderError)
            assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("moment", SILENCES)
def test_a_cancel_hangs_up_on_a_proxy_reached_by_tls(moment, tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    wire.tls_context.cache_clear()
    with Vendor(silent_proxy(moment), certificate) as proxy:
        scheme = "http" if moment == "mid-answer" else "https"
        monkeypatch.setenv(f"{scheme}_proxy", proxy.origin)
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_BASE_URL", f"{scheme}://gemini.invalid")
        token = CancelToken()
        asking = Asking(token)
        [exchange] = proxy.wait_for(1)
        began = time.monotonic()
        token.cancel()
        assert isinstance(asking.outcome(), (Abandoned, ProviderError))
        assert time.monotonic() - began < SOON_S
        assert exchange.hung_up.wait(SOON_S)
    wire.tls_context.cache_clear()


@pytest.mark.parametrize("way", ["inline", "files"])
def test_a_vendor_that_does_not_read_is_hung_up_on(way, film, tmp_path, monkeypatch):
    """The film is larger than what a system's buffers take off our hands."""
    path = tmp_path / "large.mp4"
    path.write_bytes(bytes(13_000_000))
    question = Question("What?", replace(film, path=path))
    monkeypatch.setenv("GEMINI_API_KEY", KEY)

    with DeafVendor() as vendor:
        monkeypatch.setenv("GEMINI_BASE_URL", vendor.origin)
        token, phases = CancelToken(), []
        asking = Asking(token, question, phases=phases, upload=way)
        vendor.wait_until_the_line_is_full()
        began = time.monotonic()
        token.cancel()
        assert isinstance(asking.outcome(), (Abandoned, ProviderError))
        assert time.monotonic() - began < SOON_S
        assert phases[-1] == "uploading"


def test_a_call_that_was_called_off_before_it_began_sends_nothing(vendor):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Abandoned):
        ask(token=token)
    assert vendor.exchanges == []


def test_a_reader_that_stops_early_hangs_up(vendor):
    def script(exchange):
        speak.Answer(exchange).say(speak.chunk("So far"))
        exchange.wait_for_hang_up()

    vendor.plays(script)
    token = CancelToken()
    with token.serving():
        answer = Gemini(MODEL, {}).answer(Question("What?"), Call(token))
        assert next(answer) == "So far"
        answer.close()
    assert vendor.exchanges[0].hung_up.wait(SOON_S)
