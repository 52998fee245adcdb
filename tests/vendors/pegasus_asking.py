"""Questions put to the Pegasus provider, as a worker would put them."""

import subprocess
import time
from dataclasses import replace

import pytest

from server import media
from server.asking import attempts
from server.cancel import CancelToken
from server.errors import ProviderError
from server.models import Model, Slot
from server.providers import pegasus, pegasus_wire, uploads
from server.vendors import wire
from server.providers.base import Call, Question, Video
from server.providers.pegasus import Pegasus
from server.providers.uploads import Uploads
from tests.vendors import pegasus_server as speak
from tests.vendors.pegasus_server import PegasusServer
from tests.watched import Watched

KEY = "tlk_canary_0123456789abcdef"
MODEL = Model("pegasus", "pegasus", "Pegasus", upstream="pegasus1.5")
BY_ASSET = replace(MODEL, limits={"inline_mb": 0})


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    pegasus_wire.libraries()  # the half second of the first import is no vendor's silence
    monkeypatch.setattr(wire, "_clients", {})
    monkeypatch.setattr(pegasus, "UPLOADS", Uploads(3600, time.time))
    monkeypatch.setattr(uploads, "POLL_S", 0.02)
    monkeypatch.setenv("TWELVELABS_API_KEY", KEY)


@pytest.fixture(name="vendor")
def pegasus_vendor(monkeypatch):
    with PegasusServer(speak.says("Hel", "lo")) as vendor:
        monkeypatch.setenv("TWELVELABS_BASE_URL", vendor.base_url)
        yield vendor


@pytest.fixture(name="video", scope="module")
def short_film(tmp_path_factory):
    """Four seconds with a tone."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    subprocess.run(
        [media.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc=s=640x480:r=20:d=4"]
        + ["-f", "lavfi", "-i", "sine=d=4", "-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    size = path.stat().st_size
    return Video(path, "clip.mp4", size, 4.0, 640, 480, 20.0, "h264", True, lambda: "digest")


@pytest.fixture(name="watch")
def in_a_run(make_services, video, monkeypatch):
    """A run over these models and the demo, to its end."""
    monkeypatch.setattr(attempts, "FIRST_DELAY_S", 0.02)

    def start(*models, on_event=lambda run, event: None, **settings):
        slots = [Slot(model.name, model, {}) for model in models or [MODEL]]
        question = Question("What happens?", video)
        return Watched(make_services(**settings), *slots, question=question, on_event=on_event)

    return start


def ask(question, model=MODEL, token=None, phases=None, **options):
    """Everything the provider yields."""
    token = token or CancelToken()
    on_phase = (lambda name: None) if phases is None else phases.append
    with token.serving():
        return list(Pegasus(model, options).answer(question, Call(token, on_phase)))


def text_of(items):
    return "".join(item for item in items if isinstance(item, str))


def failure(*args, **kwargs):
    with pytest.raises(ProviderError) as caught:
        ask(*args, **kwargs)
    assert KEY not in caught.value.message
    return caught.value
