"""A commentary whose server stops, and one that is come back to, in a real browser."""

import json

import pytest

from tests.live import until
from tests.page.acting import RUN, VIDEO, downloading
from tests.page.studio import RUN as RUN_ID
from tests.page.studio import Studio

DONE = "!document.querySelector('#making [data-part=result]').hidden"
GO_ON = "#making [data-part=goOn]"
FORM = """Object.fromEntries([...document.querySelectorAll('#commentate [data-part]')]
    .map((part) => [part.dataset.part, part.value]))"""


@pytest.fixture
def studio(chunks):
    with Studio(chunks) as studio:
        yield studio


def works(studio):
    return [path for path in studio.asked if "analyze-stream" in path]


def start(page, studio):
    page.go(f"http://127.0.0.1:{studio.port}/?room=commentary")
    page.until("document.querySelector('#films input:checked')")
    page.run("document.querySelector('#style').value = 'funny'")
    studio.begin(len(studio.chunks))
    page.click("#commentate [type=submit]")
    page.until(RUN)


def test_a_commentary_whose_server_stops_goes_on_by_itself(page, studio):
    start(page, studio)
    studio.make(0)
    page.until(f"{VIDEO}.currentTime > 0.5")
    studio.stop()
    until(lambda: len(works(studio)) == 2)
    first, second = works(studio)
    assert first == second and "style=funny" in first
    studio.make(1, 2, 3)
    studio.finish()
    page.until(DONE)
    assert page.run("document.querySelectorAll('#lines li').length") == 4
    assert page.run(f"{VIDEO}.currentTime") > 0.5  # the same player, where it was


def test_one_nobody_works_on_is_shown_as_asked_for_and_gone_on_with_when_told(page, studio):
    studio.begin(4)
    studio.make(0)
    studio.stop()
    page.go(f"http://127.0.0.1:{studio.port}/#room=commentary&run={RUN_ID}")
    page.until(f"!document.querySelector('{GO_ON}').hidden")
    form = page.run(FORM)
    assert form["language"] == "de" and form["style"] == "sports" and form["voice"] == "anna"
    assert form["interval"] == "12.5" and form["volume"] == "35" and form["context"] == "A cup."
    assert works(studio) == []  # it may cost something
    page.run(f"document.querySelector('{GO_ON}').focus()")
    page.click(GO_ON)
    until(lambda: works(studio))
    for part in ("film.mp4", "language=de", "style=sports", "interval=12.5", "writer=rules"):
        assert part in works(studio)[0]
    assert "detector" not in works(studio)[0] and "new=" not in works(studio)[0]
    page.until("document.activeElement.id === 'making'")
    studio.make(1, 2, 3)
    studio.finish()
    page.until(DONE)
    page.until(f"{VIDEO}.currentTime > 0.5")
    assert page.run("document.querySelectorAll('#lines li').length") == 4
    assert len(works(studio)) == 1


@pytest.mark.parametrize("format", ("json", "md", "html"))
def test_a_commentary_is_exported_as_a_file(page, browser, studio, tmp_path, format):
    studio.begin(1)
    studio.make(0)
    studio.finish()
    page.go(f"http://127.0.0.1:{studio.port}/#room=commentary&run={RUN_ID}")
    page.until(DONE)
    downloading(browser, page, tmp_path)
    page.click("#making .menu summary")
    page.click(f"#making [data-export={format}]")
    assert page.run("document.activeElement.matches('#making .menu summary')")
    (file,) = until(lambda: list(tmp_path.glob(f"parallax-commentary-film-*.{format}")))
    text = until(lambda: file.read_text("utf-8"))
    assert "This is line 0." in text and "a line is missing" in text.replace("\\", "")
    if format == "json":
        assert json.loads(text)["lines"][0]["start"] == 1.0
    if format == "html":
        page.go(file.as_uri())
        assert "0:01–0:03 · a" in page.text("body")
        assert page.run("document.images.length + document.scripts.length") == 0
    assert page.complaints == []
