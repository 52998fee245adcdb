"""Gemini's wire, to the byte: one JSON array per answer, resumable uploads, files' states.

The array is chunked, one object per flush, and ends exactly at its `]`. Errors of a
stream are arrays too. Uploaded files live in `files`, where a test may change them; what is
not there is refused with `says_missing`, by a question about it too.
"""

import json
from urllib.parse import urlsplit

from .base import Vendor


def chunk(*texts, finish=None, thought=False, usage=None, **more):
    """One object of the stream."""
    candidate = {"index": 0}
    if texts:
        parts = [{"text": text, **({"thought": True} if thought else {})} for text in texts]
        candidate["content"] = {"parts": parts, "role": "model"}
    if finish is not None:
        candidate["finishReason"] = finish
    found = {"candidates": [candidate], "modelVersion": "scripted", **more}
    if usage is not None:
        names = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
        found["usageMetadata"] = dict(zip(names, usage, strict=False))
    return found


def error(status, message, name="UNKNOWN", details=()):
    return {"error": {"code": status, "message": message, "status": name, "details": [*details]}}


class Answer:
    """Writes the array, an object at a time."""

    def __init__(self, exchange):
        self._exchange, self._before = exchange, b"["
        exchange.head(content_type="application/json; charset=UTF-8")

    def say(self, found):
        self._exchange.chunk(self._before + json.dumps(found, ensure_ascii=False).encode())
        self._before = b",\r\n"

    def end(self):
        self._exchange.chunk(b"]" if self._before != b"[" else b"[]")
        self._exchange.end()


def says(*objects):
    """A script: these objects, and the end."""

    def script(exchange):
        answer = Answer(exchange)
        for found in objects:
            answer.say(found)
        answer.end()

    return script


def text(*pieces, usage=(7, 3)):
    """A script: an answer as it should be, with an empty last word as they often have."""
    return says(*map(chunk, pieces), chunk(finish=1, usage=usage))


def refuses(status, body, **headers):
    """A script: an error. `body` as an array, the way streams get theirs, or as it is."""
    data = body if isinstance(body, bytes) else json.dumps([body]).encode()
    return lambda exchange: exchange.whole(status, data, **headers)


def parts(exchange):
    """The parts of the last turn asked."""
    return exchange.json["contents"][-1]["parts"]


def asked(exchange):
    """The words of the question."""
    return parts(exchange)[-1]["text"]


class Gemini(Vendor):
    def __init__(self, script=None, certificate=None):
        self.files = {}  # name -> what GET tells of it
        self.uploaded = {}  # name -> its bytes
        self.first_states = ["PROCESSING", "ACTIVE"]
        self.says_missing = 403
        super().__init__(script or text("Hello"), certificate)
        self.plays(self._begin, about="begin")
        self.plays(self._take, about="take")
        self.plays(self._tell, about="tell")

    def subject(self, exchange):
        path = urlsplit(exchange.path).path
        if path == "/upload/v1beta/files":
            return (
                exchange.headers["x-goog-upload-command"]
                .partition(",")[0]
                .replace("start", "begin")
                .replace("upload", "take")
            )
        if path.startswith("/v1beta/files/"):
            return "tell"
        return None

    def of(self, subject):
        """The exchanges about `begin`, `take`, `tell`, or (None) the questions."""
        return [e for e in list(self.exchanges) if self.subject(e) == subject]

    def _begin(self, exchange):
        assert exchange.headers["x-goog-upload-protocol"] == "resumable"
        assert exchange.headers["x-goog-api-key"]
        url = f"{self.origin}/upload/v1beta/files?upload_id=abc&upload_protocol=resumable"
        exchange.whole(200, b"", X_Goog_Upload_Status="active", X_Goog_Upload_URL=url)

    def _take(self, exchange):
        name = f"files/f{len(self.uploaded)}"
        self.uploaded[name] = exchange.body
        self.files[name] = list(self.first_states)
        exchange.whole(200, json.dumps({"file": self._described(name)}).encode())

    def _tell(self, exchange):
        name = urlsplit(exchange.path).path.removeprefix("/v1beta/")
        states = self.files.get(name)
        if states is None:
            self._miss(exchange)
            return
        if len(states) > 1:
            states.pop(0)
        exchange.whole(200, json.dumps(self._described(name)).encode())

    def _next_script(self, exchange):
        if self.subject(exchange) is None and self._asks_about_missing(exchange):
            return self._miss
        return super()._next_script(exchange)

    def _asks_about_missing(self, exchange):
        uris = [part["fileData"]["fileUri"] for part in parts(exchange) if "fileData" in part]
        return any(uri.partition("/v1beta/")[2] not in self.files for uri in uris)

    def _miss(self, exchange):
        refusal = error(self.says_missing, "You do not have permission to access the File.")
        exchange.whole(self.says_missing, json.dumps(refusal).encode())

    def _described(self, name):
        uri = f"{self.origin}/v1beta/{name}"
        return {"name": name, "uri": uri, "state": self.files[name][0], "mimeType": "video/mp4"}
