"""OpenAI, and every server that speaks its Chat Completions protocol: OpenRouter, Ollama, vLLM.

The official SDK makes the request; the answer is read from its raw bytes (`completions.py`),
which costs a fraction of the SDK's objects and sees what those swallow.
"""

import base64
import contextlib
import functools
import re

from .. import cancel, credentials, media
from ..alarms import Alarms
from ..errors import MediaError, ProviderError
from ..vendors import faults, wire
from ..vendors.addresses import is_openai, ollama_url, require_web_address
from . import collector, completions, frames
from .base import Provider
from .numbers import between, one_of

MAX_PICTURES_BYTES = 20 * 1024 * 1024  # what they really came to; `frames` plans for less
# For the counts that follow a finish_reason. Some vendors then keep the line open, and
# some drip comments into it.
FAREWELL_S = 3.0

SYSTEM = (
    "You are shown {count} still pictures from {stretch} of a video that lasts {duration}. "
    "Each is preceded by its time in the video. There is no sound. Answer from what the "
    "pictures show, say so when they do not show it, and cite times as m:ss."
)

# Of all answers: a thread for each would be begun with its last words.
_farewells = Alarms("farewells")

# Models that refuse `max_tokens`.
NEW_LIMIT_NAME = re.compile(r"^(openai/)?(gpt-([5-9]|\d\d)|o\d)")


class OpenAI(Provider):
    env_vars = ()  # which key, if any, is each model's own: `key_env` in the list of models
    options = {
        "frames": between(int, 1, 200),
        "long_side": between(int, frames.SMALLEST_LONG_SIDE, 2048),
        "detail": one_of("low", "high", "auto"),
        "max_tokens": between(int, 1, 1_000_000),
        "temperature": between(float, 0, 2),
    }

    @classmethod
    def warm(cls):
        libraries()

    def prompt(self, question):
        if question.video is None:
            return question.text
        return f"{self._system(question)}\n\n{question.text}"

    def preflight(self, question):
        if question.video is not None:
            self._check_picture(question.video)
            try:
                media.ffmpeg()
            except MediaError as error:
                raise ProviderError("bad_request", error.message) from None
        self._base_url()
        self._key()

    def evidence(self, question):
        given = super().evidence(question)
        if question.video is None:
            return given
        self._check_picture(question.video)
        plan = self._plan(question)
        return {
            **given,
            "kind": "frames",
            "count": len(plan.times),
            "times": list(plan.times),
            "size": [plan.width, plan.height],
            "audio": False,
        }

    def answer(self, question, call):
        try:
            messages = list(self._messages(question, call))
        except MediaError as error:
            raise ProviderError("bad_request", error.message) from None
        call.phase("thinking")
        sdk, httpx = libraries()
        base_url = self._base_url()
        client = vendor_client(wire.client(httpx, base_url), base_url, self._key())
        try:
            # Not `chat.completions.create`: that compares what it is given with all types that
            # it could be, part by part, a third of what a call costs and with forty pictures
            # three quarters.
            answer = client.post(
                "/chat/completions",
                cast_to=httpx.Response,
                body=self._body(messages, base_url),
                stream=True,
            )
            with contextlib.closing(answer), farewell(answer) as begin_farewell:
                yield from completions.read(wire.arriving(answer), begin_farewell)
        except sdk.APIStatusError as error:
            raise completions.refusal(
                error.status_code, error.body, error.response.headers
            ) from None
        except Exception as error:
            broken = faults.broken_line(httpx, error)
            if broken is None:
                raise
            raise broken from None

    # -- what is sent

    def _check_picture(self, video):
        if not (video.width and video.height):
            raise ProviderError("bad_request", "This file has no picture to show this model.")

    def _body(self, messages, base_url):
        body = {
            "model": self.model.upstream,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if "max_tokens" in self.chosen:
            new = is_openai(base_url) or NEW_LIMIT_NAME.match(self.model.upstream)
            name = "max_completion_tokens" if new else "max_tokens"
            body[name] = self.chosen["max_tokens"]
        if "temperature" in self.chosen:
            body["temperature"] = self.chosen["temperature"]
        if "OPENROUTER_API_KEY" in self.model.key_env:
            body["usage"] = {"include": True}  # what it cost
        return body

    def _messages(self, question, call):
        if question.video is not None:
            yield {"role": "system", "content": self._system(question)}
        for said in question.history:
            yield {"role": said["role"], "content": said["content"]}
        if question.video is None:
            yield {"role": "user", "content": question.text}
            return
        parts = call.once("stills", lambda: list(self._pictures(question, call)))
        yield {"role": "user", "content": [*parts, {"type": "text", "text": question.text}]}

    def _pictures(self, question, call):
        call.phase("preparing")
        plan = self._plan(question)
        total = 0
        stills = media.frames(question.video.path, plan.times, plan.long_side, call.token)
        with contextlib.closing(stills):
            for time, jpeg in stills:
                total += len(jpeg)
                if total > MAX_PICTURES_BYTES:
                    raise ProviderError(
                        "bad_request",
                        "The stills of this video are too large together; "
                        "ask with fewer `frames` or a smaller `long_side`.",
                    )
                yield {"type": "text", "text": plan.label(time)}
                yield {
                    "type": "image_url",
                    "image_url": {
                        "url": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii"),
                        "detail": self.chosen.get("detail", "low"),
                    },
                }
        if not total:
            raise ProviderError("bad_request", "No picture of this stretch could be read.")

    def _plan(self, question):
        count = self.chosen.get("frames", frames.COUNT)
        return frames.plan(
            question.video,
            question.window,
            min(count, self.model.limits.get("frames", count)),
            self.chosen.get("long_side", frames.LONG_SIDE),
        )

    def _system(self, question):
        start, end = question.window
        duration = question.video.duration
        everything = start <= 0 and end >= duration
        stretch = "the whole" if everything else f"{frames.clock(start)} to {frames.clock(end)}"
        return SYSTEM.format(
            count=len(self._plan(question).times),
            stretch=stretch,
            duration=frames.clock(duration, tenths=duration < 10),
        )

    # -- where it is sent

    def _key(self):
        if not self.model.key_env:
            return "none"  # the SDK insists on one; a local server ignores it
        return credentials.key(*self.model.key_env)

    def _base_url(self):
        names = self.model.base_url_env
        url = credentials.optional(*names, default=self.model.base_url)
        if not url and names:
            unset = f"No address: set {' or '.join(names)} and ask again."
            raise ProviderError("bad_request", unset)
        if url and "OLLAMA_HOST" in names:
            url = ollama_url(url)
        require_web_address(url, " or ".join(names) or "base_url")
        return url


@contextlib.contextmanager
def farewell(response):
    """What to call once the vendor has given its reason to end: it is listened to only for
    a while longer.

    Hung up from another thread, as everywhere: a read that blocks cannot be given a
    deadline any more.
    """
    line = response.extensions["network_stream"].get_extra_info("socket")
    begun = []
    try:
        yield lambda: begun.append(_farewells.after(FAREWELL_S, lambda: cancel.shut(line)))
    finally:
        for alarm in begun:
            alarm.cancel()


@functools.cache
def libraries():
    """The SDK and the HTTP library it stands on, imported by the first who asks."""
    import httpx2
    import openai

    collector.leave_alone_what_is_there()
    return openai, httpx2


@functools.cache
def stranger_class(sdk):
    """The SDK's client for anybody but OpenAI: the organisation, project and custom
    headers in this process's environment are none of their business."""

    class Stranger(sdk.OpenAI):  # type: ignore[name-defined]
        @property
        def default_headers(self):
            return {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": "Parallax",
            }

    return Stranger


@functools.lru_cache(16)  # nine models may be at as many addresses
def vendor_client(http_client, base_url, key):
    """Kept for the next call with that key, of which it would be a tenth of the cost."""
    sdk, _ = libraries()
    kind = sdk.OpenAI if is_openai(base_url) else stranger_class(sdk)
    return kind(api_key=key, base_url=base_url, max_retries=0, http_client=http_client)
