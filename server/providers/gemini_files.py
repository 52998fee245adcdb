"""Google's Files API: a video too large for the request is uploaded, and named in it.

The SDK's own upload always goes to Google, whatever the base URL, carries the key in its
URLs and knows no time limits. This is the same wire through the session and adapter that
ask the question.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import ProviderError
from . import wire
from .gemini_wire import body

BLOCK = 256 * 1024
PROGRESS_BYTES = 4 * 1024 * 1024
POLL_S, LONGEST_POLL_S = 0.5, 5.0
MAX_ANSWER = 1024 * 1024


@dataclass
class File:
    """One uploaded file. `ready` once Google has digested it."""

    name: str
    uri: str
    mime: str
    ready: bool = False


class Upload:
    """A file's bytes as a request body that tells of its progress."""

    def __init__(self, path, call):
        self._path, self._call = path, call
        self._size = path.stat().st_size

    def __len__(self):
        return self._size

    def __iter__(self):
        sent = 0
        with open(self._path, "rb") as file:
            while block := file.read(BLOCK):
                if sent % PROGRESS_BYTES == 0:
                    self._call.phase("uploading")
                yield block
                sent += len(block)


class Files:
    def __init__(self, session, endpoint):
        self._session, self._endpoint = session, endpoint

    def upload(self, path, mime, call):
        call.phase("uploading")
        begun = self._session.post(
            f"{self._endpoint}/upload/v1beta/files",
            json={"file": {"displayName": "video"}},
            headers={
                "X-Goog-Upload-Protocol": "resumable",
                "X-Goog-Upload-Command": "start",
                "X-Goog-Upload-Header-Content-Length": str(path.stat().st_size),
                "X-Goog-Upload-Header-Content-Type": mime,
            },
            stream=True,
        )
        begun.close()
        done = self._session.post(
            self._checked(begun.headers.get("X-Goog-Upload-URL", "")),
            data=Upload(path, call),
            headers={"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"},
            stream=True,
        )
        found = self._read(done)
        found = found.get("file") if isinstance(found.get("file"), dict) else {}
        name, uri = found.get("name"), found.get("uri")
        if not isinstance(name, str) or not isinstance(uri, str) or not name.startswith("files/"):
            raise ProviderError("upstream", "It took the upload and did not say where it is.")
        return File(name, uri, mime, ready=state(found) == "ACTIVE")

    def wait_until_ready(self, file, call):
        """Poll until Google has digested it. How long that may take, the deadline for a
        first text says: it begins anew here, and the same answer again is no progress."""
        if file.ready:
            return
        call.phase("processing")
        delay = POLL_S
        while True:
            answer = self._session.get(f"{self._endpoint}/v1beta/{file.name}", stream=True)
            now = state(self._read(answer))
            if now == "ACTIVE":
                file.ready = True
                return
            if now == "FAILED":
                raise ProviderError(
                    "bad_request", "It could not process this video. Convert it and ask again."
                )
            call.token.wait(delay)
            delay = min(delay * 1.5, LONGEST_POLL_S)

    def _checked(self, url):
        """Where it wants the bytes: only where it lives itself, for the key goes along."""
        if urlsplit(url)[:2] != urlsplit(self._endpoint)[:2]:
            raise wire.refused("It wanted the upload sent to another server.")
        return url

    def _read(self, response):
        try:
            found = json.loads(b"".join(body(response, MAX_ANSWER)))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ProviderError("upstream", "It answered with something that is not its protocol.")
        return found


def state(file):
    """By name or by number, as the service likes."""
    return {1: "PROCESSING", 2: "ACTIVE", 10: "FAILED"}.get(file.get("state"), file.get("state"))
