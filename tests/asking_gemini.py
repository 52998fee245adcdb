"""Asking Gemini through our provider and the real SDK, for the tests that do."""

import subprocess
import threading

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import ProviderError
from server.models import Model
from server.providers.base import Call, Question, Video
from server.providers.gemini import Gemini
from tests.vendors import gemini_server as speak

KEY = "canary-0123456789abcdef"
MODEL = Model("gemini", "gemini", "Gemini", upstream="gemini-x")


@pytest.fixture(name="vendor")
def gemini_vendor(monkeypatch):
    with speak.Gemini(speak.text("Hel", "lo")) as vendor:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_BASE_URL", vendor.origin)
        yield vendor


@pytest.fixture(name="film", scope="module")
def short_film(tmp_path_factory):
    """Four seconds with a tone."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    subprocess.run(
        [media.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc=s=640x360:r=20:d=4"]
        + ["-f", "lavfi", "-i", "sine=d=4", "-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    return Video(
        path, "clip.mp4", path.stat().st_size, 4.0, 640, 360, 20.0, "h264", True, lambda: "d"
    )


def ask(question="What happens?", model=MODEL, token=None, phases=None, on_phase=None, **options):
    """Everything the provider yields."""
    question = Question(question) if isinstance(question, str) else question
    token = token or CancelToken()
    on_phase = on_phase or (phases if phases is not None else []).append
    with token.serving():
        return list(Gemini(model, options).answer(question, Call(token, on_phase)))


def failure(*args, **kwargs):
    with pytest.raises(ProviderError) as caught:
        ask(*args, **kwargs)
    assert KEY not in caught.value.message
    return caught.value


class Asking(threading.Thread):
    """A call in a thread of its own, as a worker makes it, and what came of it."""

    def __init__(self, token, question="What happens?", **options):
        super().__init__(daemon=True)
        self._call = lambda: ask(question, token=token, **options)
        self._error = None
        self.start()

    def run(self):
        try:
            self._call()
        except Exception as error:
            self._error = error

    def outcome(self):
        self.join(20)
        assert not self.is_alive(), "the thread is still in the call"
        return self._error
