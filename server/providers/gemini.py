"""Gemini: Google's models, which see and hear the video itself.

The official SDK (google-generativeai) makes the request (`gemini_line.py`), guarded on its
way (`gemini_wire.py`); what the answer says is `gemini_stream.py`, how the video gets
there `gemini_video.py`, `proxies.py` and `gemini_files.py`.
"""

import re
import time
from contextlib import closing
from dataclasses import replace

from .. import credentials
from ..errors import ProviderError
from ..vendors import wire
from ..vendors.addresses import require_web_address
from . import bodies, gemini_stream, gemini_video, proxies
from .base import Provider
from .numbers import between, one_of
from .uploads import Uploads

GOOGLE = "https://generativelanguage.googleapis.com"
MAX_SECONDS = 3600  # what fits a million tokens at one frame a second, with sound
MODEL_NAME = re.compile(r"((models|tunedModels)/)?[A-Za-z0-9][\w.-]*", re.ASCII)
URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/\[\]@%+-]+")  # of one without a query

# Google keeps a file for 48 hours, and says of one that is gone that we may not see it.
UPLOADS = Uploads(lives_s=46 * 3600, clock=time.time, gone=("auth", "not_found"))


class Gemini(Provider):
    env_vars = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    options = {
        "fps": between(float, 0.01, 24),
        "max_tokens": between(int, 1, 1_000_000),
        "temperature": between(float, 0, 2),
        "upload": one_of("inline", "files"),
    }

    @classmethod
    def warm(cls):
        from . import gemini_line  # noqa: F401: the SDK comes with it

    def prompt(self, question):
        if question.video is None or not question.start:
            return question.text
        return proxies.explained(question)

    def preflight(self, question):
        self._key()
        self._endpoint()
        if not MODEL_NAME.fullmatch(self.model.upstream):
            raise ProviderError("not_found", "There is no model of that name.")
        if question.video is None:
            return
        gemini_video.check(question.video)
        self._plan(question)
        start, end = question.window
        limit = self.model.limits.get("max_seconds", MAX_SECONDS)
        looks = max(1.0, self._looks)
        if (end - start) * looks > limit:
            raise ProviderError(
                "bad_request",
                f"This model takes {limit / looks:g} s of video at {looks:g} fps, and is asked "
                f"about {end - start:.0f} s. Ask about a shorter stretch: `start` and `end`.",
            )

    def evidence(self, question):
        given = super().evidence(question)
        if question.video is None:
            return given
        gemini_video.check(question.video)
        plan = self._plan(question)
        return {
            **given,
            "kind": "video",
            "audio": question.video.has_audio,
            "sent": plan.sent,
            "fps": self.chosen.get("fps"),
        }

    def answer(self, question, call):
        from .gemini_line import Line  # only now: the SDK comes with it

        with closing(Line(self._endpoint(), self._key())) as line:
            if question.video is None:
                call.phase("thinking")
                arriving = self._ask(line, question)
            else:
                arriving = self._ask_with_video(line, question, call)
            with closing(arriving):
                yield from gemini_stream.pieces(arriving)

    # -- what is sent

    def _ask_with_video(self, line, question, call):
        plan = self._plan(question)
        if plan.upload:
            return self._ask_with_upload(line, question, plan, call)
        with proxies.made(question, plan, call) as path:
            if bodies.size(path) <= gemini_video.INLINE_BYTES:
                call.phase("uploading")
                inline = {"inlineData": {"mimeType": plan.mime}}
                return self._ask(line, question, inline, path, call)
            # The encoder missed its rate by far.
            return self._ask_with_upload(line, question, replace(plan, upload=True), call)

    def _ask_with_upload(self, line, question, plan, call):
        def upload(call):
            with proxies.made(question, plan, call) as path:
                return line.files.upload(path, plan.mime, call)

        def ask(file):
            call.phase("thinking")
            uploaded = {"fileData": {"mimeType": file.mime, "fileUri": file.uri}}
            return self._ask(line, question, uploaded)

        key = (line.owner, question.video.digest, question.window, plan)
        return UPLOADS.ask_about(key, upload, line.files.look, ask, call)

    def _plan(self, question):
        return gemini_video.plan(question, self.chosen.get("upload"), self._looks)

    @property
    def _looks(self):
        """Frames of a second."""
        return self.chosen.get("fps", 1.0)

    def _ask(self, line, question, video=None, path=None, call=None):
        from .gemini_line import protos
        from .gemini_wire import Part

        part = None
        if video is not None:
            if "fps" in self.chosen:
                video = {"videoMetadata": {"fps": self.chosen["fps"]}, **video}
            part = Part(video, path, call)
        return line.ask(self._request(protos, question, part), part)

    def _request(self, protos, question, part):
        """The question as the SDK's protobuf; the video before the words, as Google asks."""
        parts = [protos.Part(text=self.prompt(question))]
        if part is not None:
            parts.insert(0, protos.Part(text=part.marker))
        system = [said["content"] for said in question.history if said["role"] == "system"]
        said = [
            protos.Content(
                role="model" if said["role"] == "assistant" else "user",
                parts=[protos.Part(text=said["content"])],
            )
            for said in question.history
            if said["role"] != "system"
        ]
        upstream = self.model.upstream
        return protos.GenerateContentRequest(
            model=upstream if "/" in upstream else f"models/{upstream}",
            contents=[*said, protos.Content(role="user", parts=parts)],
            system_instruction=(
                protos.Content(parts=[protos.Part(text=text) for text in system])
                if system
                else None
            ),
            generation_config=protos.GenerationConfig(
                max_output_tokens=self.chosen.get("max_tokens"),
                temperature=self.chosen.get("temperature"),
            ),
        )

    # -- where it is sent

    def _key(self):
        return credentials.key(*self.model.keys)

    def _endpoint(self):
        names = self.model.base_url_env or ("GEMINI_BASE_URL",)
        url = credentials.optional(*names, default=self.model.base_url or GOOGLE)
        if "://" not in url:  # the SDK would take TLS for granted, also on this machine
            url = f"http{'' if wire.is_loopback(f'//{url}') else 's'}://{url}"
        require_web_address(url, names[0], URL_CHARACTERS)
        return url.rstrip("/").removesuffix("/v1beta")
