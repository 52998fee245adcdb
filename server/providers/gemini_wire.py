"""The one way requests leave for Google: an adapter mounted in the SDK's own session.

What `wire.py` is for vendors on httpx this is for the SDK on requests, with the same
guards. On top of them:

- a refusal is read and raised here. The SDK would ask three times after a 401 and lose
  the status of errors that come as an array;
- the answer is kept as it arrives (`body`), because the SDK's own reading of it is slow
  and loses things (`gemini_stream.py`);
- the video takes its place in the request here. The SDK's protobufs, older than today's
  models, have no field for frames per second, and carry an inline video through five
  copies of itself; here it streams from the disk.
"""

import http.client
import json
import re
import secrets

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from ..errors import ProviderError
from ..vendors import dialing, faults, wire
from . import bodies
from .gemini_errors import error_object, refusal

READ_BYTES = 64 * 1024
SEND_BYTES = 256 * 1024


class Connection(HTTPConnection):
    """Hands its socket to whoever may want to hang up; in TLS, wire.WatchedTLS does."""

    def _new_conn(self):
        try:
            return dialing.connected(self._dns_host, self.port, self.timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error

    def connect(self):
        super().connect()
        # Else the time for connecting is also the time in which a block must be sent.
        self.sock.settimeout(wire.READ_S)
        self.blocksize = SEND_BYTES  # of an upload; its own is 16 KiB


class SecureConnection(Connection, HTTPSConnection):
    pass


class Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = SecureConnection


POOLS = {"http": Pool, "https": SecurePool}


class Part:
    """The video's part of a request: JSON fields, and a file for the last of them."""

    def __init__(self, fields, path=None, call=None):
        self.marker = secrets.token_hex(16)  # holds its place in the SDK's request
        self._fields, self._path, self._call = fields, path, call

    def put_into(self, request):
        before, after = re.split(r'"text":\s*"' + self.marker + '"', request.body)
        fields = json.dumps(self._fields)[1:-1]
        if self._path is None:
            request.body = (before + fields + after).encode()
        else:  # `"inlineData": {…}` becomes `"inlineData": {…, "data": "…"}`
            head = (before + fields.removesuffix("}") + ', "data": "').encode()
            tail = ('"}' + after).encode()
            request.body = bodies.Inline(self._path, self._call, head, tail)
        request.headers["Content-Length"] = str(len(request.body))


class Adapter(HTTPAdapter):
    def __init__(self):
        self.part = None
        self._response = None
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, ssl_context=wire.tls_context(), **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy, **kwargs):
        kwargs.update(ssl_context=wire.tls_context(), proxy_ssl_context=wire.tls_context())
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def cert_verify(self, conn, url, verify, cert):
        if verify is True:  # the context has its certificates; loading them again is 20 ms
            conn.cert_reqs = "CERT_REQUIRED"
        else:
            super().cert_verify(conn, url, verify, cert)

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        request.headers["Accept-Encoding"] = "identity"
        request.headers["Connection"] = "close"
        if self.part is not None and self.part.marker in str(request.body):
            self.part.put_into(request)
        if wire.is_loopback(request.url):
            proxies = {}
        try:
            response = super().send(
                request, True, (wire.CONNECT_S, wire.READ_S), verify, cert, proxies
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            raise broken_line(error) from None
        check(response)
        self._response = response
        return response

    def answer(self):
        """The bytes of the last response, as they arrive."""
        return body(self._response)


def check(response):
    status = response.status_code
    try:
        if 300 <= status < 400:
            raise faults.refused("It redirected, and a key is not sent on. Check GEMINI_BASE_URL.")
        if status != 200:
            try:
                text = b"".join(body(response, wire.MAX_ERROR_BODY))
            except ProviderError:
                text = b""  # the status alone says enough
            raise refusal(status, error_object(text), response.headers)
        if not wire.is_plain(response.headers):
            raise faults.refused("It compressed its answer, though it was asked not to.")
    except ProviderError:
        response.close()
        raise


def body(response, limit=wire.MAX_BODY):
    """The bytes of a response as they arrive."""
    left = limit
    try:
        while data := response.raw.read1(READ_BYTES):
            left -= len(data)
            if left < 0:
                raise faults.too_much(limit)
            yield data
    except (HTTPError, OSError, ValueError) as error:
        raise broken_line(error) from None
    finally:
        response.close()


def broken_line(error):
    chain = list(reasons(error))
    if any(isinstance(each, requests.exceptions.InvalidSchema) for each in chain):
        return faults.no_such_proxy()
    for kind, message in (
        (requests.exceptions.SSLError, "No secure connection to it could be made."),
        (requests.exceptions.ProxyError, "The proxy on the way to it failed."),
        (requests.exceptions.ConnectTimeout, "It could not be reached: connecting took too long."),
        (requests.exceptions.ReadTimeout, faults.SILENT),
        (requests.exceptions.InvalidURL, "GEMINI_BASE_URL is not the address of a server."),
        (NewConnectionError, "It could not be reached. Check GEMINI_BASE_URL."),
    ):
        if any(isinstance(each, kind) for each in chain):
            return ProviderError("network", message)
    if any(isinstance(each, http.client.IncompleteRead) for each in chain):
        return faults.failure("truncated")
    return faults.broke()


def reasons(error):
    """An error and what it came from; requests puts urllib3's into `args`, and that its own."""
    for each in faults.causes(error):
        yield each
        yield from (inner for inner in each.args if isinstance(inner, Exception))
        if reason := getattr(each, "reason", None):
            yield reason
