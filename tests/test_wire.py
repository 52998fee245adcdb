"""What every HTTP vendor's client is held to, whichever library it stands on."""

import gzip
import socket
import ssl
import threading
import time

import httpx
import httpx2
import pytest

from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.vendors import dialing, direct, faults, wire
from tests.live import SOON_S, free_port, until
from tests.vendors import openai_server as speak
from tests.vendors.base import SILENCES, Vendor, silent_proxy
from tests.vendors.certificates import make_certificate

KEY = {"Authorization": "Bearer sk-canary-0123456789"}

both_libraries = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


@pytest.fixture(autouse=True)
def fresh_clients(monkeypatch):
    monkeypatch.setattr(wire, "_clients", {})
    wire.tls_context.cache_clear()
    yield
    wire.tls_context.cache_clear()


@pytest.fixture(params=["plain", "tls"])
def vendor(request, tmp_path, monkeypatch):
    certificate = None
    if request.param == "tls":
        certificate = make_certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with Vendor(speak.says("Hi."), certificate) as vendor:
        yield vendor


@pytest.fixture
def plain_vendor():
    with Vendor(speak.says("Hi.")) as vendor:
        yield vendor


def fetch(library, url):
    client = wire.client(library, url)
    with client.stream("POST", url, headers=KEY, content=b"{}") as response:
        return b"".join(response.iter_raw())


def arriving(library, url):
    """The same by the short way."""
    with wire.client(library, url).stream("POST", url, headers=KEY, content=b"{}") as response:
        return b"".join(wire.arriving(response))


@both_libraries
def test_the_short_way_brings_the_same(library, plain_vendor):
    assert arriving(library, plain_vendor.origin) == fetch(library, plain_vendor.origin) != b""


@both_libraries
@pytest.mark.parametrize("then", [speak.fin, speak.rst])
def test_an_answer_that_breaks_off_is_told(library, plain_vendor, then):
    plain_vendor.plays(speak.speaks_then("Hel", then=then))
    with pytest.raises(ProviderError) as caught:
        arriving(library, plain_vendor.origin)
    assert (caught.value.code, caught.value.message) == ("network", faults.BROKE)


@both_libraries
def test_who_has_nobody_to_keep_time_waits_no_longer_than_the_wire(
    library, plain_vendor, monkeypatch
):
    monkeypatch.setattr(wire, "READ_S", 1.5)
    plain_vendor.plays(speak.speaks_then("Hel", then=speak.stalls))
    with pytest.raises(ProviderError) as caught:
        arriving(library, plain_vendor.origin)
    assert caught.value.message == faults.SILENT


@both_libraries
def test_an_answer_without_end_is_refused_on_the_short_way_too(library, plain_vendor, monkeypatch):
    monkeypatch.setattr(wire, "MAX_BODY", 100)
    plain_vendor.plays(speak.says("Hel" * 100))
    with pytest.raises(ProviderError, match="limit"):
        arriving(library, plain_vendor.origin)


class Fetching(threading.Thread):
    """A call in a thread of its own, as a worker makes it, and what came of it."""

    def __init__(self, library, url):
        super().__init__(daemon=True)
        self.library, self.url = library, url
        self.token, self.raised, self.ended_at = CancelToken(), None, None
        self.received = b""
        self.start()

    def run(self):
        try:
            with self.token.serving():
                client = wire.client(self.library, self.url)
                with client.stream("POST", self.url, headers=KEY, content=b"{}") as response:
                    for chunk in response.iter_raw():
                        self.received += chunk
        except Exception as error:
            self.raised = error
        self.ended_at = time.monotonic()


@both_libraries
def test_a_cancel_hangs_up_while_the_vendor_has_not_sent_its_headers(library, vendor):
    vendor.plays(speak.never_answers)
    call = Fetching(library, vendor.origin)
    [exchange] = vendor.wait_for(1)
    cancelled_at = time.monotonic()
    call.token.cancel("enough")
    assert exchange.hung_up.wait(SOON_S)
    call.join(SOON_S)
    assert call.ended_at and call.ended_at - cancelled_at < SOON_S
    assert faults.broken_line(library, call.raised).code == "network"


@both_libraries
def test_a_cancel_hangs_up_in_the_middle_of_an_answer(library, vendor):
    vendor.plays(speak.speaks_then("Hel", then=speak.stalls))
    call = Fetching(library, vendor.origin)
    [exchange] = vendor.wait_for(1)
    until(lambda: b"Hel" in call.received)
    cancelled_at = time.monotonic()
    call.token.cancel("enough")
    assert exchange.hung_up.wait(SOON_S)
    call.join(SOON_S)
    assert call.ended_at and call.ended_at - cancelled_at < SOON_S
    assert faults.broken_line(library, call.raised).code == "network"


@both_libraries
def test_a_cancel_hangs_up_in_the_middle_of_a_tls_handshake(library):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        call = Fetching(library, f"https://127.0.0.1:{listener.getsockname()[1]}")
        sock, _ = listener.accept()
        with sock:
            assert sock.recv(1) == b"\x16"  # the client's hello, which nobody answers
            cancelled_at = time.monotonic()
            call.token.cancel("enough")
            call.join(SOON_S)
            assert call.ended_at and call.ended_at - cancelled_at < SOON_S


@both_libraries
@pytest.mark.parametrize("moment", SILENCES)
def test_a_cancel_hangs_up_on_a_proxy_reached_by_tls(library, moment, tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with Vendor(silent_proxy(moment), certificate) as proxy:
        scheme = "http" if moment == "mid-answer" else "https"
        monkeypatch.setenv(f"{scheme}_proxy", proxy.origin)
        call = Fetching(library, f"{scheme}://vendor.invalid")
        [exchange] = proxy.wait_for(1)
        if moment == "mid-answer":
            until(lambda: b"[" in call.received)
        cancelled_at = time.monotonic()
        call.token.cancel("enough")
        call.join(SOON_S)
        assert call.ended_at and call.ended_at - cancelled_at < SOON_S
        assert exchange.hung_up.wait(SOON_S)


@both_libraries
def test_a_cancel_hangs_up_in_the_handshake_with_a_proxy(library, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("https_proxy", f"https://127.0.0.1:{listener.getsockname()[1]}")
        call = Fetching(library, "https://vendor.invalid")
        sock, _ = listener.accept()
        with sock:
            assert sock.recv(1) == b"\x16"
            cancelled_at = time.monotonic()
            call.token.cancel("enough")
            call.join(SOON_S)
            assert call.ended_at and call.ended_at - cancelled_at < SOON_S


@both_libraries
def test_a_call_cancelled_before_it_began_sends_nothing(library, vendor):
    token = CancelToken()
    token.cancel("enough")
    with token.serving(), pytest.raises((library.TransportError, ssl.SSLError, Abandoned)):
        fetch(library, vendor.origin)
    assert vendor.exchanges == []


@both_libraries
def test_a_question_leaves_by_one_call(library, plain_vendor, monkeypatch):
    class Counted:
        def __init__(self, sock):
            self._sock, self.sent = sock, []

        def __getattr__(self, name):
            return getattr(self._sock, name)

        def sendall(self, data):
            self.sent.append(data)
            self._sock.sendall(data)

    lines, connected = [], dialing.connected

    def counted(*where):
        lines.append(Counted(connected(*where)))
        return lines[-1]

    monkeypatch.setattr(dialing, "connected", counted)
    plain_vendor.plays(speak.says("Yes."))
    url = plain_vendor.origin
    wire.client(library, url).post(url, json={"question": "?" * 10_000})
    [line] = lines
    [question] = line.sent
    assert question.startswith(b"POST / HTTP/1.1\r\n") and question.endswith(b'???"}')


def test_what_is_large_is_sent_as_it_comes_and_not_gathered():
    large = b"x" * direct.TOGETHER
    film = iter([b"head", b"small", large, large, b"", b"end"])
    assert list(direct.together(film)) == [b"headsmall", large, large, b"end"]
    assert list(direct.together(iter([b"", b""]))) == []


@both_libraries
def test_a_redirect_is_refused_and_the_key_goes_nowhere(library, plain_vendor):
    with Vendor(speak.says("Thank you.")) as thief:
        plain_vendor.plays(speak.redirects(thief.origin))
        with pytest.raises(ProviderError) as caught:
            fetch(library, plain_vendor.origin)
        assert thief.exchanges == []
    assert caught.value.code == "upstream"
    assert not caught.value.retryable
    assert "redirected" in caught.value.message


@both_libraries
def test_a_compressed_answer_is_refused_unread(library, plain_vendor):
    bomb = gzip.compress(b"\0" * 10_000_000)
    plain_vendor.plays(speak.status(200, body=bomb, Content_Encoding="gzip"))
    with pytest.raises(ProviderError, match="compressed"):
        fetch(library, plain_vendor.origin)
    assert plain_vendor.exchanges[0].headers["accept-encoding"] == "identity"


@both_libraries
def test_an_answer_without_end_is_cut_off(library, plain_vendor, monkeypatch):
    monkeypatch.setattr(wire, "MAX_BODY", 300_000)
    plain_vendor.plays(speak.sends(b": " + b"x" * 10_000))
    assert len(fetch(library, plain_vendor.origin)) == 10_002
    plain_vendor.plays(lambda exchange: (exchange.head(), speak.floods(exchange)))
    with pytest.raises(ProviderError, match="300000 bytes") as caught:
        fetch(library, plain_vendor.origin)
    assert not caught.value.retryable


@both_libraries
def test_what_comes_behind_a_chunk_that_is_none_is_not_taken_for_the_answer(library, plain_vendor):
    def loses_count(exchange):
        exchange.head()
        exchange.raw(b"3\r\nyes\r\nno chunk\r\n")
        exchange.pause(0.3)
        exchange.chunk(b"and no")
        exchange.end()

    plain_vendor.plays(loses_count)
    call = Fetching(library, plain_vendor.origin)
    call.join(SOON_S)
    assert call.received == b"yes"
    assert faults.broken_line(library, call.raised).code == "network"


@both_libraries
def test_an_error_page_has_a_smaller_limit(library, plain_vendor, monkeypatch):
    monkeypatch.setattr(wire, "MAX_ERROR_BODY", 1000)
    plain_vendor.plays(speak.status(500, body=b"x" * 1000))
    assert len(fetch(library, plain_vendor.origin)) == 1000
    plain_vendor.plays(speak.status(500, body=b"x" * 1001))
    assert len(fetch(library, plain_vendor.origin)) <= 1000


@both_libraries
@pytest.mark.parametrize("name", ["", "none", "UTF-8"])
def test_what_only_names_an_encoding_is_plain(library, plain_vendor, name):
    plain_vendor.plays(speak.status(200, body=b"Hi.", Content_Encoding=name))
    assert fetch(library, plain_vendor.origin) == b"Hi."


@both_libraries
def test_no_connection_is_kept_and_no_cookie(library, plain_vendor):
    told = {"Set_Cookie": "who=you; Path=/", "Connection": "keep-alive"}
    plain_vendor.plays(speak.status(200, body=b"ok", **told))
    for _ in range(2):
        assert fetch(library, plain_vendor.origin) == b"ok"
    first, second = plain_vendor.wait_for(2)
    assert first.hung_up.wait(SOON_S) and second.hung_up.wait(SOON_S)
    assert first.sock is not second.sock
    assert "cookie" not in second.headers


@both_libraries
def test_a_proxy_is_for_elsewhere_and_never_for_this_machine(library, plain_vendor, monkeypatch):
    with Vendor(speak.status(200, body=b"from the proxy")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        assert b"Hi." in fetch(library, plain_vendor.origin)
        assert b"Hi." in fetch(library, f"http://localhost:{plain_vendor.port}")
        assert proxy.exchanges == []
        assert fetch(library, "http://vendor.invalid/v1") == b"from the proxy"


def test_threads_that_come_at_once_share_one_client():
    barrier, found = threading.Barrier(20), []

    def ask():
        barrier.wait()
        found.append(wire.client(httpx, "http://127.0.0.1:1/v1"))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert wire.client(httpx2, "http://127.0.0.1:1/v1") is not found[0]


@both_libraries
def test_what_breaks_on_the_way_is_said_in_our_words(library, tmp_path):
    with Vendor(speak.says("Hi."), make_certificate(tmp_path)) as stranger:
        expected = {
            f"http://127.0.0.1:{free_port()}": "could not be reached",
            "http://nowhere.invalid": "looked up",
            stranger.origin: "not to be trusted",
            "ftp://127.0.0.1": "http://",
        }
        for url, words in expected.items():
            with pytest.raises(library.TransportError) as caught:
                fetch(library, url)
            error = faults.broken_line(library, caught.value)
            assert error.code == "network" and error.retryable
            assert words in error.message
