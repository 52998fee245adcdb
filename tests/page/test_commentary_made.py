"""Commentary in a real browser, made by the real server without any key."""

import shutil

import pytest

from tests.live import Server, serving
from tests.page.acting import RUN, VIDEO, WATCH, address, content_is_calm, passes

DONE = "!document.querySelector('#making [data-part=result]').hidden"


def begin(page, server):
    page.go(address(server, "?room=commentary&video=sample"))
    page.until("document.querySelector('#films input:checked')")
    page.run("document.querySelector('#interval').value = 8")
    page.click("#commentate [type=submit]")
    return page.until(RUN)


@pytest.fixture
def mortal(server, tmp_path):
    videos = tmp_path / "data" / "videos"
    videos.mkdir(parents=True)
    shutil.copy(server.data_dir / "videos" / "sample.mp4", videos)
    running = Server(tmp_path / "data").start()
    yield running
    running.stop()


def test_a_restart_of_the_server_does_not_end_a_commentary(page, mortal):
    run_id = begin(page, mortal)
    assert mortal.stop() == 0
    mortal.start()
    page.until(DONE, deadline_s=90)
    assert page.run(RUN) == run_id
    told = mortal.get(f"/api/runs/{run_id}")[1]["events"]
    lines = [event["text"] for event in told if event["type"] == "commentary_ready"]
    items = "[...document.querySelectorAll('#lines [data-part=words]')]"
    assert page.run(f"{items}.map((line) => line.textContent)") == lines
    works = [url for _, url in page.requests if "analyze-stream" in url]
    assert len(works) > 1 and len(set(works)) == 1


@pytest.fixture
def keyless(server, tmp_path):
    videos = tmp_path / "data" / "videos"
    videos.mkdir(parents=True)
    shutil.copy(server.data_dir / "videos" / "sample.mp4", videos)
    with serving(tmp_path / "data") as running:
        yield running


def test_a_commentary_is_watched_while_it_is_made_and_kept(page, keyless):
    run_id = begin(page, keyless)
    page.until(f"{VIDEO}.currentTime > 0.5", deadline_s=90)
    page.reload()  # in the middle, or shortly after it
    page.until(DONE, deadline_s=90)
    assert sum("analyze-stream" in url for _, url in page.requests) == 1

    told = keyless.get(f"/api/runs/{run_id}")[1]["events"]
    chunks = [event for event in told if event["type"] == "chunk_ready"]
    lines = [event["text"] for event in told if event["type"] == "commentary_ready"]
    assert len(chunks) > 1 and lines
    assert "Done." in page.text("#making")
    said = page.text("#lines")
    assert [text for text in lines if text not in said] == []

    page.run(WATCH)
    borders = [chunk["end_s"] for chunk in chunks[:-1]]
    assert [border for border in borders if not passes(page, border)] == []

    for part in ("film", "captions"):
        href = page.run(
            f"document.querySelector('#making [data-part={part}]').getAttribute('href')"
        )
        assert keyless.request("HEAD", href)[0] == 200
    page.click("#show-past")
    page.until(f"document.querySelector('#past a[href*=\"{run_id}\"]')")
    content_is_calm(page, keyless)
