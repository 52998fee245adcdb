"""One guarded HTTP client per vendor and process, for SDKs that let us bring our own.

The vendors' SDKs stand on two libraries of one shape, httpx and httpx2, so the library
is an argument: `wire.client(httpx2, "https://api.openai.com/v1")`. Whatever the SDK,
its client then

- hands each socket to the token of the call it serves, so that a cancel hangs up in
  every phase: connecting, TLS handshake, waiting for headers, mid-body;
- follows no redirect: a key must not travel to where a vendor, or somebody who took its
  name, points;
- asks for plain bytes and takes no others, and only so many: no compression bombs. Of a
  refusal that is not plain or does not end well its status is left, which says enough;
- keeps no connection and no cookie, so nothing of one call is left for the next;
- never goes through a proxy to reach this very machine.

Deadlines are kept from outside, by whoever holds the token: a read timeout is no
deadline, a vendor that drips comments resets it for ever.
"""

import functools
import ipaddress
import ssl
import threading
import urllib.request
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

from .. import cancel
from ..errors import ProviderError
from . import direct, faults

CONNECT_S = 5.0
READ_S = 900.0  # only for a worker that nobody watches
MAX_BODY = 64 * 1024 * 1024
MAX_ERROR_BODY = 1024 * 1024
# Names of no compression: the last two are none by the standard, and are sent.
PLAIN = ("", "identity", "none", "utf-8")

_lock = threading.Lock()
_clients: dict[tuple[str, str], object] = {}


def client(httpx, base_url):
    """The process's client for that address: made on first use, so always after a fork."""
    with _lock:
        name = (httpx.__name__, base_url)
        if name not in _clients:
            _clients[name] = guarded(httpx, base_url)
        return _clients[name]


def guarded(httpx, base_url):
    class Capped(httpx.SyncByteStream):  # type: ignore[name-defined]
        def __init__(self, stream, limit):
            self._stream, self._limit = stream, limit

        def __iter__(self):
            left = self._limit
            for chunk in self._stream:
                left -= len(chunk)
                if left < 0:
                    raise faults.too_much(self._limit)
                yield chunk

        def close(self):
            self._stream.close()

    class Refusal(Capped):
        """Its words, as far as they come."""

        def __iter__(self):
            try:
                yield from super().__iter__()
            except (ProviderError, httpx.TransportError):
                pass

    def check(response):
        if 300 <= response.status_code < 400:
            raise faults.refused("It redirected, and a key is not sent on. Check its base URL.")
        if response.status_code < 300:
            if not is_plain(response.headers):
                raise faults.refused("It compressed its answer, though it was asked not to.")
            response.stream = Capped(response.stream, MAX_BODY)
        else:
            plain = is_plain(response.headers)
            response.headers.pop("content-encoding", None)  # or the library would decompress it
            response.stream = Refusal(response.stream, MAX_ERROR_BODY if plain else 0)

    trusted = not is_loopback(base_url)
    # Less specific than what the environment says about http:// and https:// addresses; an
    # ALL_PROXY is as specific, and goes before.
    proxied = trusted and "all" in urllib.request.getproxies()
    try:
        return httpx.Client(
            mounts=None if proxied else {"all://": direct.transport(httpx, tls_context)},
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
            # A pool with a limit makes the call above it wait in silence.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=trusted,
            verify=tls_context(),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            event_hooks={"request": [prepare], "response": [check]},
        )
    except (ImportError, ValueError):  # `socks5://` without its library, `socks://` with any
        raise faults.no_such_proxy() from None


def arriving(response):
    """The bytes of an answer as they come, by the shortest way there is: every generator
    between the socket and us is one more to wake up in."""
    line = response.extensions.get("network_stream")
    direct_line = isinstance(line, direct.Line)  # and not by way of a proxy
    return line.parts(MAX_BODY) if direct_line else response.iter_raw()


def is_plain(headers):
    return headers.get("content-encoding", "").strip().lower() in PLAIN


def prepare(request):
    """Before a request leaves: ask for plain bytes, and have its socket watched."""
    request.headers["Accept-Encoding"] = "identity"
    token = cancel.current()
    if token is not None:
        request.extensions["trace"] = functools.partial(hand_over, token)


def hand_over(token, event, info):
    """httpcore says what it does as it does it; a new connection is what we wait for."""
    if event.endswith("connect_tcp.complete"):
        token.watch(info["return_value"].get_extra_info("socket"))
    elif event.endswith("start_tls.started"):
        # A proxy's context is not ours, and it detaches the socket that is being watched.
        info["ssl_context"].sslsocket_class = WatchedTLS


class WatchedTLS(ssl.SSLSocket):
    """Wrapping a socket in TLS makes another, which is handed over before its handshake:
    a vendor can be silent there too."""

    def do_handshake(self, block=False):
        token = cancel.current()
        if token is not None:
            token.watch(self)
        super().do_handshake(block)


@functools.cache
def tls_context():
    """Made once: 20 ms of work. This machine's certificates, and certifi's for an image
    that has none."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.sslsocket_class = WatchedTLS
    return context


def is_loopback(base_url):
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
