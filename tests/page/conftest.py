"""A browser, a server with the sample video, and a vendor that says what a test tells it."""

import os

import pytest

from server import sample
from tests.browser import Browser, chromium
from tests.live import serving
from tests.page.studio import make_chunks
from tests.vendors.openai_server import OpenAIServer, says


@pytest.fixture(scope="package")
def browser():
    if chromium() is None and os.environ.get("PARALLAX_NO_BROWSER") == "1":
        pytest.skip("PARALLAX_NO_BROWSER=1")
    assert chromium(), "Install Chromium, or set PARALLAX_NO_BROWSER=1 to do without."
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def vendor():
    with OpenAIServer(says("Hello.")) as vendor:
        yield vendor


@pytest.fixture(scope="package")
def server(tmp_path_factory, vendor):
    data = tmp_path_factory.mktemp("page") / "data"
    (data / "videos").mkdir(parents=True)
    sample.make(data / "videos" / "sample.mp4")
    keys = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": vendor.base_url}
    with serving(data, HEARTBEAT_S="1", **keys) as running:
        yield running


@pytest.fixture
def page(browser, server):
    page = browser.page()
    page.look(1440)
    yield page
    page.close()


@pytest.fixture(scope="package")
def chunks_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chunks")


@pytest.fixture(scope="package")
def chunks(chunks_folder):
    return make_chunks(chunks_folder)


@pytest.fixture(scope="package")
def whole_film(chunks, chunks_folder):
    """What those are chunks of."""
    return (chunks_folder / "film.mp4").read_bytes()
