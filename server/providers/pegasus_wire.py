"""The way to TwelveLabs: the SDK on the guarded client, for one question.

The SDK's plain client (`BaseClient`), because its convenient one lets the environment
override the base URL it is given. One is made per question (0.03 ms), so that no key is kept.

A video inside the request flows from the disk. The SDK is given a mark in its place: it
would carry the 27 MB that 20 MB of video come to through several copies of itself, and
tell nobody how far the sending is.
"""

import functools
import json
import secrets
from contextlib import contextmanager

from ..errors import Abandoned, ProviderError
from ..vendors import faults, wire
from . import bodies, collector
from .pegasus_errors import refusal


class Inline:
    """A file as base64 inside the JSON of a request."""

    def __init__(self, path, call):
        self.mark = secrets.token_hex(16)
        self._path, self._call = path, call

    def fill(self, body):
        """That body with the file in place of the mark."""
        before, after = json.dumps(body).encode().split(self.mark.encode())
        return bodies.Inline(self._path, self._call, before, after)


class Client:
    """What the SDK takes for its HTTP client: ours, filling in the video on the way."""

    def __init__(self, http):
        self.inline = None
        self._http = http

    def request(self, **asked):
        return self._http.request(**asked)

    def stream(self, **asked):
        if self.inline is not None:
            asked["content"] = body = self.inline.fill(asked.pop("json"))
            asked["headers"] = {**asked["headers"], "Content-Length": str(len(body))}
        return self._http.stream(**asked)


class Line:
    def __init__(self, base_url, key):
        sdk, httpx = libraries()
        self._client = Client(wire.client(httpx, base_url))
        self._sdk = sdk(
            base_url=base_url,
            api_key=key,
            httpx_client=self._client,
            timeout=httpx.Timeout(wire.READ_S, connect=wire.CONNECT_S),
        )

    @contextmanager
    def analysis(self, video, inline=None, **asked):
        """The bytes of an answer as they arrive. Refusals are raised on entering."""
        self._client.inline = inline
        with translated(), self._sdk.with_raw_response.analyze_stream(
            video=video, **asked
        ) as response:
            # Not public, but the SDK's own reading of it loses what matters.
            yield wire.arriving(response._response)

    def upload(self, path, name, mime, call):
        """What became of it: the SDK's Asset."""
        with bodies.Upload(path, call) as file:
            return self._told(
                self._sdk.assets.create,
                method="direct",
                file=(name, file, mime),
                filename=name,
                enable_hls=False,
                enable_thumbnail=False,
            )

    def asset(self, asset_id):
        return self._told(self._sdk.assets.retrieve, asset_id)

    def indexed_video(self, index_id, video_id):
        return self._told(self._sdk.indexes.videos.retrieve, index_id, video_id)

    def _told(self, ask, *args, **kwargs):
        with translated():
            try:
                return ask(*args, **kwargs)
            except ValueError:  # JSON of another shape than the SDK's classes
                raise faults.unintelligible() from None


@contextmanager
def translated():
    from twelvelabs.core.api_error import ApiError

    try:
        yield
    except (ProviderError, Abandoned):
        raise
    except ApiError as error:
        raise refusal(error.status_code or 0, error.body, error.headers) from None
    except (UnicodeDecodeError, RecursionError):  # from the SDK's reading of a refusal
        raise faults.unintelligible() from None
    except Exception as error:
        broken = faults.broken_line(libraries()[1], error)
        if broken is None:
            raise
        raise broken from None


@functools.cache
def libraries():
    """The SDK's client and the HTTP library it stands on, imported by the first who asks:
    half a second."""
    import httpx
    from twelvelabs.base_client import BaseClient

    collector.leave_alone_what_is_there()
    return BaseClient, httpx


def asset_video(asset_id):
    from twelvelabs.types.video_context import VideoContext_AssetId

    return VideoContext_AssetId(asset_id=asset_id)


def inline_video(inline):
    from twelvelabs.types.video_context import VideoContext_Base64String

    return VideoContext_Base64String(base_64_string=inline.mark)
