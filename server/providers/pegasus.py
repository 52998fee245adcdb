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

import functools
import hashlib
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

from .. import credentials
from ..errors import ProviderError
from ..vendors.addresses import require_web_address
from . import pegasus_assets, pegasus_stream, pegasus_video, pegasus_wire, proxies
from .base import Provider
from .numbers import between
from .uploads import Uploads

TWELVELABS = "https://api.twelvelabs.io/v1.3"
VERSION = "/v1.3"

# TwelveLabs keeps an asset until somebody deletes it; one that is gone is replaced.
UPLOADS = Uploads(lives_s=24 * 3600, clock=time.time)


class Pegasus(Provider):
    env_vars = ("TWELVELABS_API_KEY", "TWELVE_LABS_API_KEY")
    options = {"max_tokens": between(int, 1, 98_304), "temperature": between(float, 0, 1)}

    @property
    def limits(self):
        return {**pegasus_video.LIMITS, **self.model.limits}

    @classmethod
    def warm(cls):
        pegasus_wire.libraries()

    def prompt(self, question):
        if question.video is None or not question.start or self._plan(question).original:
            return question.text
        return proxies.explained(question)

    def preflight(self, question):
        self._key()
        self._base_url()
        pegasus_video.check(question, self.limits)

    def evidence(self, question):
        given = super().evidence(question)
        if question.video is None:
            return given
        pegasus_video.check(question, self.limits)
        plan = self._plan(question)
        sent = "base64" if plan.inline else "asset"
        given.update(kind="video", native=plan.original, audio=question.video.has_audio)
        if pegasus_assets.may_be_indexed(question):
            sent = f"indexed asset, or {sent} if the index does not have it"
            if not plan.original:  # whole and in plain words, or cut and explained: not known yet
                given.update(native=None, prompt_sha256=None)
        return {**given, "sent": sent}

    def answer(self, question, call):
        line = pegasus_wire.Line(self._base_url(), self._key())
        with ExitStack() as stack:
            yield from pegasus_stream.pieces(self._arriving(line, question, call, stack))

    # -- what is sent

    def _arriving(self, line, question, call, stack):
        """The bytes of the answer, from the first way to ask that leads to one."""
        call.phase("preparing")
        plan = self._plan(question)
        look = functools.partial(pegasus_assets.look, line)
        if asset := pegasus_assets.of_index(line, question):
            try:
                return self._ask_about(asset, True, line, question, call, stack)
            except ProviderError as error:
                if not UPLOADS.is_lost(asset, look, error):
                    raise
        if plan.inline:
            return self._ask_with_video(plan, line, question, call, stack)

        def upload(call):
            with proxies.made(question, plan, call) as path:
                return pegasus_assets.upload(line, path, question, plan, call)

        def ask(asset):
            return self._ask_about(asset, plan.original, line, question, call, stack)

        return UPLOADS.ask_about(self._upload_key(plan, question), upload, look, ask, call)

    def _ask_about(self, asset, whole, line, question, call, stack):
        call.phase("thinking")
        video = pegasus_wire.asset_video(asset.id)
        return stack.enter_context(line.analysis(video, **self._request(question, whole)))

    def _ask_with_video(self, plan, line, question, call, stack):
        with proxies.made(question, plan, call) as path:
            call.phase("uploading")  # may have to wait, and the vendor shall not wait along
            inline = pegasus_wire.Inline(path, call)
            video = pegasus_wire.inline_video(inline)
            asked = self._request(question, plan.original)
            return stack.enter_context(line.analysis(video, inline, **asked))

    def _upload_key(self, plan, question):
        stretch = None if plan.original else question.window
        owner = hashlib.sha256(f"{self._base_url()} {self._key()}".encode()).hexdigest()
        return (owner, question.video.digest, stretch, plan)

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
        return credentials.key(*self.model.keys)

    def _base_url(self):
        names = self.model.base_url_env or ("TWELVELABS_BASE_URL",)
        url = credentials.optional(*names, default=self.model.base_url or TWELVELABS).rstrip("/")
        require_web_address(url, names[0])
        return url if urlsplit(url).path else url + VERSION
