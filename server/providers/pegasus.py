"""Pegasus: TwelveLabs' models, which see and hear the video itself.

The video travels in one of three ways:

- *indexed asset*: the question names an index and a video in it, and nothing is sent;
- *base64*: inside the request, up to 20 MB. The default for what is that small, because
  the first text comes soonest: an upload must be polled until TwelveLabs has processed
  it, which takes seconds to minutes, and a second or two of sending again costs less;
- *asset*: uploaded once and reused, by everybody who asks about the same bytes.

A stretch is told by its times, and the video stays whole; only what is too large for the
model is cut and made smaller first (`pegasus_video.py`).
"""

import hashlib
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

from .. import credentials
from ..errors import ProviderError
from . import pegasus_assets, pegasus_stream, pegasus_video, pegasus_wire, proxies
from .base import Provider
from .uploads import Uploads

TWELVELABS = "https://api.twelvelabs.io/v1.3"
VERSION = "/v1.3"

# TwelveLabs keeps an asset until somebody deletes it; one that is gone is replaced.
UPLOADS = Uploads(lives_s=24 * 3600, clock=time.time)


def max_tokens(text):
    number = int(text)
    if not 1 <= number <= 98_304:
        raise ValueError(text)
    return number


def temperature(text):
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


class Pegasus(Provider):
    env_vars = ("TWELVELABS_API_KEY", "TWELVE_LABS_API_KEY")
    options = {"max_tokens": max_tokens, "temperature": temperature}

    @property
    def limits(self):
        return {**pegasus_video.LIMITS, **self.model.limits}

    def prompt(self, question):
        if question.video is None or not question.start or self._plan(question).original:
            return question.text
        start, end = question.window
        return (
            f"The video is the stretch from {start:g} s to {end:g} s of a longer one. When you "
            f"name a time, count it in the longer one: the first frame is at {start:g} s.\n\n"
            f"{question.text}"
        )

    def preflight(self, question):
        self._key()
        self._base_url()
        pegasus_video.check(question, self.limits)

    def evidence(self, question):
        given = super().evidence(question)
        if question.video is None:
            return given
        plan = self._plan(question)
        sent = "base64" if plan.inline else "asset"
        if pegasus_assets.may_be_indexed(question):
            sent = f"indexed asset, or {sent} if the index does not have it"
        return {
            **given,
            "kind": "video",
            "native": plan.original,
            "audio": question.video.has_audio,
            "sent": sent,
        }

    def answer(self, question, call):
        line = pegasus_wire.Line(self._base_url(), self._key())
        with ExitStack() as stack:
            yield from pegasus_stream.pieces(self._arriving(line, question, call, stack))

    # -- what is sent

    def _arriving(self, line, question, call, stack):
        """The bytes of the answer, from the first way to ask that leads to one."""
        call.phase("preparing")
        plan = self._plan(question)
        if asset_id := pegasus_assets.of_index(line, question):
            try:
                return self._ask_about(asset_id, True, line, question, call, stack)
            except ProviderError as error:
                if error.code != "not_found":
                    raise
        if plan.inline:
            return self._ask_with_video(plan, line, question, call, stack)
        try:
            return self._ask_about_upload(plan, line, question, call, stack)
        except Expired:
            return self._ask_about_upload(plan, line, question, call, stack)

    def _ask_about_upload(self, plan, line, question, call, stack):
        asset, reused, forget = self._uploaded(plan, line, question, call)
        try:
            pegasus_assets.wait_until_ready(line, asset, call)
            return self._ask_about(asset.id, plan.original, line, question, call, stack)
        except ProviderError as error:
            gone = error.code == "not_found"
            if gone or (error.code == "bad_request" and not asset.ready):
                forget()
            if gone and reused:
                raise Expired from error
            raise

    def _ask_about(self, asset_id, whole, line, question, call, stack):
        call.phase("thinking")
        video = pegasus_wire.asset_video(asset_id)
        return stack.enter_context(line.analysis(video, **self._request(question, whole)))

    def _ask_with_video(self, plan, line, question, call, stack):
        with proxies.made(question, plan, call) as path:
            inline = pegasus_wire.Inline(path, call)
            video = pegasus_wire.inline_video(inline)
            asked = self._request(question, plan.original)
            return stack.enter_context(line.analysis(video, inline, **asked))

    def _uploaded(self, plan, line, question, call):
        """(asset, whether it is an old one, how to forget it)"""

        def upload():
            try:
                with proxies.made(question, plan, call) as path:
                    return pegasus_assets.upload(line, path, question, plan, call)
            except ProviderError:
                call.token.check()  # hung up by our own reader, it has not failed for others
                raise

        stretch = None if plan.original else question.window
        owner = hashlib.sha256(f"{self._base_url()} {self._key()}".encode()).hexdigest()
        key = (owner, question.video.digest, stretch, plan)
        asset, reused = UPLOADS.get(key, upload, lambda: call.phase("uploading"))
        return asset, reused, lambda: UPLOADS.forget(key, asset)

    def _request(self, question, whole):
        """The question, put to the whole video or to a copy of the stretch."""
        asked = {"model_name": self.model.upstream, **self.chosen}
        if whole:
            return {**asked, "prompt": question.text, **pegasus_video.window(question)}
        return {**asked, "prompt": self.prompt(question)}

    def _plan(self, question):
        return pegasus_video.plan(question, self.limits)

    # -- where it is sent

    def _key(self):
        key = credentials.key(*self.model.keys)
        if not (key.isascii() and key.isprintable()):
            raise ProviderError("auth", f"{' or '.join(self.model.keys)} holds what no key does.")
        return key

    def _base_url(self):
        names = self.model.base_url_env or ("TWELVELABS_BASE_URL",)
        url = credentials.optional(*names, default=self.model.base_url or TWELVELABS).rstrip("/")
        try:
            parts = urlsplit(url)
            valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            raise ProviderError("bad_request", f"{names[0]} must be a URL of http:// or https://.")
        return url if parts.path else url + VERSION


class Expired(Exception):
    """An upload kept from earlier is no longer there."""
