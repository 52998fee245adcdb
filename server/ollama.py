"""What a local Ollama has installed, so that it can be offered by name.

Asked seldom and with little patience: a list of models must not wait for a machine that
is switched off, nor for one that answers a letter at a time.
"""

import json
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from . import credentials
from .cancel import CancelToken
from .vendors.addresses import is_web_address, ollama_url

PATIENCE_S = 1.0  # for the whole of its answer
REMEMBERED_S = 15.0
MAX_BYTES = 1024 * 1024


class Ollama:
    def __init__(self):
        self._lock = threading.Lock()
        self._inquiry = None

    def models(self):
        """The names of the models installed; none when there is no Ollama."""
        host = credentials.optional("OLLAMA_HOST")
        if host is None:
            return []
        with self._lock:  # not while it is asked: whoever comes meanwhile waits beside us
            if self._inquiry is None or not self._inquiry.answers_for(host):
                self._inquiry = Inquiry(host)
            inquiry = self._inquiry
        return inquiry.names()


class Inquiry:
    """One question to one host. Asked in a thread of its own, because a look-up of its name
    cannot be given a deadline."""

    def __init__(self, host):
        self._host, self._asked_at = host, time.monotonic()
        self._names = []
        self._over = threading.Event()
        self._token = CancelToken()
        threading.Thread(target=self._ask, name="ollama", daemon=True).start()

    def answers_for(self, host):
        return host == self._host and time.monotonic() - self._asked_at < REMEMBERED_S

    def names(self):
        """What it answered by its deadline. Later it is hung up on."""
        left = self._asked_at + PATIENCE_S - time.monotonic()
        if not self._over.wait(max(0.0, left)):
            self._token.cancel()
        return self._names

    def _ask(self):
        try:
            self._names = installed(self._host, self._token)
        finally:
            self._over.set()


def installed(host, token):
    url = ollama_url(host).removesuffix("/v1") + "/api/tags"
    if not is_web_address(url):
        return []
    where = urlsplit(url)
    try:
        kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
        # A local address: no proxy of the environment has any business here.
        connection = kind(where.hostname, where.port, timeout=PATIENCE_S)
        try:
            connection.connect()
            token.watch(connection.sock)
            connection.request("GET", where.path)
            with connection.getresponse() as response:
                told = json.loads(response.read(MAX_BYTES)) if response.status == 200 else {}
            return sorted(str(model["name"]) for model in told["models"])
        finally:
            connection.close()
    except (OSError, ValueError, KeyError, TypeError, RecursionError, HTTPException):
        return []
