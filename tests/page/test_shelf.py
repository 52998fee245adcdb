"""Videos on their way into the library, and what is said until there is one."""

import pytest

from tests.live import serving, until
from tests.page.acting import OVER, address, downloading

NAMES = "[...document.querySelectorAll('#library .name')].map((name) => name.textContent)"
DRAG = """(() => {
    const dataTransfer = new DataTransfer();
    for (const name of %s) dataTransfer.items.add(new File(["no video"], name));
    const drag = new DragEvent('%s', {dataTransfer, bubbles: true, cancelable: true});
    document.querySelector('%s').dispatchEvent(drag);
    return drag.defaultPrevented;
})()"""


@pytest.fixture
def empty(page, tmp_path):
    """The page of a server that has no video yet."""
    with serving(tmp_path / "data") as server:
        page.go(address(server))
        page.until("document.querySelector('#models :checked')")
        yield page


@pytest.fixture
def videos(server, tmp_path):
    film = (server.data_dir / "videos" / "sample.mp4").read_bytes()
    return [write(tmp_path / name, film) for name in ("first.mp4", "second.mp4")]


def write(path, content):
    path.write_bytes(content)
    return path


def choose(page, *paths):
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    file = page.call("DOM.querySelector", nodeId=root, selector="#library [type=file]")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=file, files=[str(path) for path in paths])


def test_a_complaint_goes_with_its_cause(empty, videos):
    empty.type("#query", "What happens?")
    empty.click("#ask [type=submit]")
    empty.until("document.querySelector('#ask .problem').textContent === 'Choose a video first.'")
    choose(empty, videos[0])
    empty.until("document.querySelector('#library :checked')")
    empty.until("document.querySelector('#ask .problem').hidden")
    empty.run("document.querySelectorAll('#models :checked').forEach((box) => box.click())")
    empty.click("#ask [type=submit]")
    empty.until("document.querySelector('#ask .problem').textContent.includes('one model')")
    empty.click("#models input")
    empty.until("document.querySelector('#ask .problem').hidden")


def test_a_run_names_the_video_as_its_reader_does(empty, browser, videos, tmp_path):
    choose(empty, videos[0])
    empty.until("document.querySelector('#library :checked')")
    empty.type("#query", "What happens?")
    empty.click("#ask [type=submit]")
    empty.until(OVER)
    downloading(browser, empty, tmp_path / "taken")
    empty.click("#board .menu summary")
    empty.click("#board [data-export=md]")
    (file,) = until(lambda: list((tmp_path / "taken").glob("*.md")))
    assert until(lambda: "- Video: first" in file.read_text("utf-8"))
    empty.click("#show-past")
    empty.until("document.querySelector('#past li')")
    assert "first.mp4" in empty.text("#past")


def test_all_files_that_were_chosen_at_once_are_sent(empty, videos, tmp_path):
    letter = write(tmp_path / "letter.txt", b"Dear model, this is not a video.")
    choose(empty, letter, *videos)
    empty.until(f"{NAMES}.length === 2 && document.querySelector('#library .upload').hidden")
    assert sorted(empty.run(NAMES)) == ["first.mp4", "second.mp4"]
    assert "letter.txt: This is not a video" in empty.text("#library .problem")


def test_all_files_that_were_dropped_at_once_are_looked_at(empty):
    assert empty.run(DRAG % (["one.txt", "two.txt"], "drop", "#query"))
    empty.until("document.querySelector('#library .problem').textContent.includes('two.txt')")
    assert "one.txt" in empty.text("#library .problem")


def test_a_file_that_misses_its_place_does_not_take_the_place_of_the_page(empty):
    for kind in ("dragover", "drop"):
        assert empty.run(DRAG % (["film.mp4"], kind, ".masthead"))
    assert not empty.run(DRAG % ([], "drop", ".masthead"))
    assert empty.run("document.querySelector('#library .upload').hidden")
