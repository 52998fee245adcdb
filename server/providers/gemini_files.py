"""Google's Files API: a video too large for the request is uploaded, and named in it.

The SDK's own upload always goes to Google, whatever the base URL, carries the key in its
URLs and knows no time limits. This is the same wire through the session and adapter that
ask the question.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import ProviderError
from ..vendors import faults
from . import bodies
from .gemini_wire import body

MAX_ANSWER = 1024 * 1024
NAME = re.compile(r"files/[\w-]{1,100}", re.ASCII)  # it ends up in the path of a URL


@dataclass
class File:
    """One uploaded file. `ready` once Google has digested it."""

    name: str
    uri: str
    mime: str
    ready: bool = False


class Files:
    def __init__(self, session, endpoint):
        self._session, self._endpoint = session, endpoint

    def upload(self, path, mime, call):
        call.phase("uploading")
        with bodies.Upload(path, call) as bytes:
            begun = self._session.post(
                f"{self._endpoint}/upload/v1beta/files",
                json={"file": {"displayName": "video"}},
                headers={
                    "X-Goog-Upload-Protocol": "resumable",
                    "X-Goog-Upload-Command": "start",
                    "X-Goog-Upload-Header-Content-Length": str(len(bytes)),
                    "X-Goog-Upload-Header-Content-Type": mime,
                },
                stream=True,
            )
            begun.close()
            done = self._session.post(
                self._checked(begun.headers.get("X-Goog-Upload-URL", "")),
                data=bytes,
                headers={
                    "X-Goog-Upload-Command": "upload, finalize",
                    "X-Goog-Upload-Offset": "0",
                },
                stream=True,
            )
        found = self._read(done)
        found = found.get("file") if isinstance(found.get("file"), dict) else {}
        name, uri = found.get("name"), found.get("uri")
        if not isinstance(name, str) or not NAME.fullmatch(name) or not isinstance(uri, str):
            raise ProviderError("upstream", "It took the upload and did not say where it is.")
        return File(name, uri, mime, ready=state(found) == "ACTIVE")

    def look(self, file):
        """Whether Google has digested it. Raises when it cannot, or has it no more."""
        answer = self._session.get(f"{self._endpoint}/v1beta/{file.name}", stream=True)
        now = state(self._read(answer))
        if now == "FAILED":
            raise ProviderError(
                "bad_request", "It could not process this video. Convert it and ask again."
            )
        return now == "ACTIVE"

    def _checked(self, url):
        """Where it wants the bytes: only where it lives itself, for the key goes along."""
        try:
            where = urlsplit(url)[:2]
        except ValueError:
            raise faults.unintelligible() from None
        if not url:
            raise faults.unintelligible()
        if where != urlsplit(self._endpoint)[:2]:
            raise faults.refused("It wanted the upload sent to another server.")
        return url

    def _read(self, response):
        try:
            found = json.loads(b"".join(body(response, MAX_ANSWER)))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise faults.unintelligible()
        return found


def state(file):
    """By name or by number, as the service likes."""
    return {1: "PROCESSING", 2: "ACTIVE", 10: "FAILED"}.get(file.get("state"), file.get("state"))
