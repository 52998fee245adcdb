"""What a local Ollama has installed, so that it can be offered by name.

Asked seldom and with little patience: a list of models must not wait for a machine that
is switched off.
"""

import http.client
import json
import threading
import time
import urllib.request

from . import credentials
from .providers.addresses import ollama_url

PATIENCE_S = 1.0
REMEMBERED_S = 15.0
MAX_BYTES = 1024 * 1024


class Ollama:
    def __init__(self):
        self._lock = threading.Lock()
        self._names, self._host, self._asked_at = [], None, 0.0

    def models(self):
        """The names of the models installed; none when there is no Ollama."""
        host = credentials.optional("OLLAMA_HOST")
        if host is None:
            return []
        with self._lock:
            now = time.monotonic()
            if host != self._host or now - self._asked_at > REMEMBERED_S:
                self._names, self._host, self._asked_at = installed(host), host, now
            return self._names


def installed(host):
    url = ollama_url(host).removesuffix("/v1") + "/api/tags"
    # A local address: no proxy of the environment has any business here.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=PATIENCE_S) as response:
            told = json.loads(response.read(MAX_BYTES))
        return sorted(str(model["name"]) for model in told["models"])
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return []
