"""Connecting: it can be called off while it lasts, and is tried at each address of a name."""

import gc
import socket
import threading
import weakref

import httpx
import httpx2
import pytest

from server.alarms import Alarms
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.vendors import dialing, wire
from server.voices import elevenlabs_wire, trying
from server.voices.base import Utterance
from server.voices.elevenlabs import ElevenLabs
from tests import asking_gemini
from tests.vendors import openai_asking
from tests.vendors.base import Vendor
from tests.vendors.deaf import CrowdedVendor
from tests.vendors.elevenlabs_server import GEORGE


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(wire, "_clients", {})
    monkeypatch.setattr(wire, "CONNECT_S", 30.0)  # what is called off ends long before
    monkeypatch.setattr(trying, "FIRST_DELAY_S", 0.01)
    monkeypatch.setenv("GEMINI_API_KEY", "canary-0123456789")
    monkeypatch.setenv("ELEVENLABS_API_KEY", "canary-0123456789")


@pytest.fixture
def vendor(monkeypatch):
    with CrowdedVendor() as vendor:
        monkeypatch.setenv("GEMINI_BASE_URL", vendor.origin)
        monkeypatch.setenv("ELEVENLABS_BASE_URL", vendor.origin)
        yield vendor


class Calling(threading.Thread):
    """A call in a thread of its own, and how it ended."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self._call, self.error = call, None
        self.start()

    def run(self):
        try:
            self._call()
        except Exception as error:
            self.error = error


def by(library, url):
    def call(token):
        with token.serving():
            wire.client(library, url).get(url)

    return call


@pytest.mark.parametrize("way", ["httpx", "httpx2", "gemini"])
def test_a_cancel_ends_a_connecting(vendor, way):
    calls = {
        "httpx": by(httpx, vendor.origin),
        "httpx2": by(httpx2, vendor.origin),
        "gemini": lambda token: asking_gemini.ask(token=token),
    }
    token = CancelToken()
    calling = Calling(lambda: calls[way](token))
    vendor.wait_until_somebody_connects()
    token.cancel()
    calling.join(wire.CONNECT_S / 2)
    assert not calling.is_alive() and calling.error is not None


def speaking(make_settings, folder, token=None, **changes):
    voice = ElevenLabs(make_settings(**changes), Alarms())
    return voice.speak(Utterance("Goal!", voice=GEORGE), folder, token or CancelToken())


def test_a_line_is_given_up_also_while_it_connects(vendor, make_settings, tmp_path):
    elevenlabs_wire.libraries()  # the first import takes its time
    calling = Calling(lambda: speaking(make_settings, tmp_path, voice_timeout_s=0.3))
    calling.join(wire.CONNECT_S / 2)
    assert isinstance(calling.error, ProviderError) and calling.error.code == "timeout_total"


def test_a_voice_that_cannot_be_reached_is_not_tried_for_as_long_as_one_may_be_read(
    vendor, make_settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(wire, "CONNECT_S", 0.1)
    with pytest.raises(ProviderError, match="connecting took too long"):
        speaking(make_settings, tmp_path, voice_timeout_s=20.0)


def test_a_line_whose_connecting_is_called_off_is_abandoned(vendor, make_settings, tmp_path):
    token = CancelToken()
    calling = Calling(lambda: speaking(make_settings, tmp_path, token))
    vendor.wait_until_somebody_connects()
    token.cancel("enough")
    calling.join(wire.CONNECT_S / 2)
    assert isinstance(calling.error, Abandoned)


def test_each_address_of_a_name_is_tried(vendor, monkeypatch):
    with Vendor() as second:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
            for port in (vendor.port, second.port)
        ]
        found.insert(0, (socket.AF_INET, socket.SOCK_STREAM, 99, "", ("nowhere", 1)))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
        with dialing.connected("vendor.test", 80, 0.1) as sock:
            assert sock.getpeername()[1] == second.port
        with pytest.raises(TimeoutError):
            found.pop()
            dialing.connected("vendor.test", 80, 0.1)


def test_no_other_address_is_tried_once_it_was_called_off(vendor, monkeypatch):
    address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", vendor.port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [address] * 3)
    tried, reach = [], dialing.reach
    monkeypatch.setattr(dialing, "reach", lambda *args: tried.append(args) or reach(*args))
    token = CancelToken()
    token.cancel()
    with token.serving(), pytest.raises(OSError):
        dialing.connected("vendor.test", 80, 5)
    assert len(tried) == 1


def test_what_could_not_be_sent_is_not_kept(monkeypatch):
    """Nor is a key, until the collector comes by: nothing goes round in a circle."""

    class Request:
        pass

    def send(request):
        try:
            dialing.connected("vendor.test", 80, 5)
        except ConnectionRefusedError:
            return weakref.ref(request)

    refusing = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [refusing])
    gc.disable()
    try:
        left = send(Request())
        assert left() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("name", ["api..vendor.test", "a" * 64 + ".test"])
def test_what_cannot_be_a_name_is_one_that_nobody_has(name, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", openai_asking.KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{name}/v1")
    error = openai_asking.failure()
    assert error.code == "network" and "looked up" in error.message
    monkeypatch.setenv("GEMINI_BASE_URL", f"http://{name}")
    assert asking_gemini.failure().code == "network"


@pytest.mark.parametrize("scheme", ["socks", "socks5"])
def test_a_proxy_that_speaks_no_http_is_said_to_be_one(scheme, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:1080")
    monkeypatch.setenv("OPENAI_API_KEY", openai_asking.KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://vendor.test/v1")
    monkeypatch.setenv("GEMINI_BASE_URL", "http://vendor.test")
    for error in (openai_asking.failure(), asking_gemini.failure()):
        assert (error.code, error.retryable) == ("network", False)
        assert "ALL_PROXY" in error.message
