"""A cancel hangs up on TwelveLabs, whatever we were waiting for."""

import threading
import time
from dataclasses import replace

import pytest

from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.vendors import wire
from server.providers.base import Call, Question
from server.providers.pegasus import Pegasus
from tests.live import until
from tests.vendors import pegasus_server as speak
from tests.vendors.certificates import make_certificate
from tests.vendors.deaf import DeafVendor
from tests.vendors.pegasus_asking import BY_ASSET, MODEL, ask
from tests.vendors.pegasus_asking import fresh, pegasus_vendor, short_film  # noqa: F401
from tests.vendors.pegasus_server import PegasusServer

AT_ONCE_S = 5  # half of what the vendor would wait for us to leave


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    "about, script",
    [
        ("pegasus1.5", speak.never_answers),
        ("pegasus1.5", speak.speaks_then("So", then=speak.stalls)),
        ("upload", speak.never_answers),
        ("asset", speak.never_answers),
        ("index", speak.never_answers),
    ],
    ids=["waiting for headers", "mid-body", "uploading", "polling", "looking up"],
)
def test_a_cancel_hangs_up_in_every_phase(video, monkeypatch, tmp_path, tls, about, script):
    certificate = make_certificate(tmp_path) if tls else None
    if tls:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    wire.tls_context.cache_clear()
    try:
        with PegasusServer(speak.says("Hi."), certificate) as vendor:
            monkeypatch.setenv("TWELVELABS_BASE_URL", vendor.base_url)
            vendor.plays(script, about=about)
            token, said, ended = CancelToken(), [], []
            question = Question("What?", video, index_id="a", video_id="b")

            def worker():
                try:
                    with token.serving():
                        for item in Pegasus(BY_ASSET, {}).answer(question, Call(token)):
                            said.append(item)
                except (ProviderError, Abandoned):
                    ended.append(time.monotonic())

            thread = threading.Thread(target=worker)
            thread.start()
            [exchange] = until(lambda: vendor.of(about))
            if script is not speak.never_answers:
                until(lambda: said)
            began = time.monotonic()
            token.cancel("enough")
            assert exchange.hung_up.wait(AT_ONCE_S)
            thread.join(AT_ONCE_S)
            assert ended and ended[0] - began < AT_ONCE_S
    finally:
        wire.tls_context.cache_clear()


@pytest.mark.parametrize("model", [MODEL, BY_ASSET], ids=["inline", "upload"])
def test_a_vendor_that_does_not_read_is_hung_up_on(model, video, tmp_path, monkeypatch):
    """The film is larger than what a system's buffers take off our hands."""
    path = tmp_path / "large.mp4"
    path.write_bytes(bytes(13_000_000))
    question = Question("What?", replace(video, path=path))
    with DeafVendor() as vendor:
        monkeypatch.setenv("TWELVELABS_BASE_URL", vendor.origin)
        token, ended = CancelToken(), []

        def worker():
            with pytest.raises((ProviderError, Abandoned)):
                ask(question, model, token)
            ended.append(time.monotonic())

        thread = threading.Thread(target=worker)
        thread.start()
        vendor.wait_until_the_line_is_full()
        began = time.monotonic()
        token.cancel("enough")
        thread.join(AT_ONCE_S)
        assert ended and ended[0] - began < AT_ONCE_S
