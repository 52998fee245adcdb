"""The page in a real browser, on a real server."""

import os
import re
import shutil

import pytest

from server import sample
from tests.browser import Browser, chromium
from tests.live import ROOT, serving
from tests.vendors.openai_server import OpenAIServer, says

SLOW = "demo@first=0.1,rate=20,tokens=2000"
STATE = "document.querySelectorAll('.panel')[{}].dataset.state"
OVER = "document.querySelector('#board progress').hidden && document.querySelector('.panel')"
INJECTION = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def browser():
    if chromium() is None and os.environ.get("PARALLAX_NO_BROWSER") == "1":
        pytest.skip("PARALLAX_NO_BROWSER=1")
    assert chromium(), "Install Chromium, or set PARALLAX_NO_BROWSER=1 to do without."
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def vendor():
    with OpenAIServer(says("Hello.")) as vendor:
        yield vendor


@pytest.fixture(scope="module")
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


def address(server, path=""):
    return f"http://127.0.0.1:{server.port}/{path}"


def arrive(page, server, models, question="What happens?"):
    """The page with the form filled, nothing asked yet."""
    page.go(address(server, f"?q={question}&models={models}&video=sample"))
    page.until("document.querySelector('#library input:checked')")


def ask(page, server, models, question="What happens?"):
    arrive(page, server, models, question)
    page.click("#ask [type=submit]")
    page.until("document.querySelector('.panel')")
    return page.until("new URLSearchParams(location.hash.slice(1)).get('run')")


def panel(page, number):
    return page.text(f".panel:nth-of-type({number})")


def words(page, number):
    texts = "document.querySelectorAll('.panel [data-part=text]')"
    return page.run(f"{texts}[{number - 1}].textContent")


def content_is_calm(page, server):
    """Nothing complained and nothing was asked of anybody else."""
    assert page.complaints == []
    elsewhere = [
        url
        for _, url in page.requests
        if not url.startswith((address(server), "data:image/svg+xml"))  # the player's own icons
    ]
    assert elsewhere == []


def test_several_models_answer_side_by_side(page, server):
    run_id = ask(page, server, "cuts,light,demo-fast")
    page.until(OVER)
    told = server.get(f"/api/runs/{run_id}")[1]["models"]
    for number, slot in enumerate(("cuts", "light", "demo-fast"), 1):
        assert words(page, number) == told[slot]["text"]
        assert told[slot]["label"] in panel(page, number)
    assert "3 of 3 done" in page.text("#board")
    assert "not reported" in panel(page, 1)
    content_is_calm(page, server)


def test_a_filled_form_spends_nothing_before_start(page, server):
    arrive(page, server, "demo-fast,cuts")
    chosen = page.run("[...document.querySelectorAll('#models :checked')].map((box) => box.value)")
    assert sorted(chosen) == ["cuts", "demo-fast"]
    assert page.run("document.querySelector('#query').value") == "What happens?"
    assert [url for method, url in page.requests if method != "GET"] == []


def test_a_reload_in_the_middle_comes_back_to_the_same_run(page, server):
    run_id = ask(page, server, SLOW)
    page.until("document.querySelector('.panel [data-part=text]').textContent.length > 50")
    page.reload()
    page.until("document.querySelector('.panel')?.dataset.state === 'working'")
    assert page.run("document.querySelector('#query').value") == "What happens?"
    before = len(words(page, 1))
    page.until(f"document.querySelector('.panel [data-part=text]').textContent.length > {before}")
    page.click("#board [data-part=stopAll]")
    page.until(OVER)
    assert words(page, 1) == server.get(f"/api/runs/{run_id}")[1]["models"][SLOW]["text"]
    assert sum(url.endswith("/stream/parallel") for _, url in page.requests) == 1
    content_is_calm(page, server)


def test_a_finished_run_is_there_after_a_reload(page, server):
    ask(page, server, "demo-fast")
    page.until(OVER)
    before = words(page, 1)
    page.reload()
    page.until(OVER)
    assert words(page, 1) == before
    content_is_calm(page, server)


def test_one_model_is_stopped_and_the_others_go_on(page, server):
    ask(page, server, f"{SLOW},{SLOW},start=3")
    page.until(f"{STATE.format(0)} === 'working' && {STATE.format(1)} === 'working'")
    page.click(".panel [data-part=stop]")
    page.until(f"{STATE.format(0)} === 'stopped'")
    kept, going = words(page, 1), len(words(page, 2))
    page.until(f"{STATE.format(1)} === 'working'")
    page.until(
        "document.querySelectorAll('.panel [data-part=text]')[1]"
        f".textContent.length > {going + 20}"
    )
    assert kept and words(page, 1) == kept
    page.click("#board [data-part=stopAll]")
    page.until(OVER)
    assert page.run(STATE.format(1)) == "stopped"
    content_is_calm(page, server)


def test_a_failing_model_says_so_and_keeps_what_it_said(page, server):
    ask(page, server, "demo-fast,demo@fail_after=5")
    page.until(OVER)
    assert page.run(STATE.format(1)) == "failed"
    assert "Told to fail here." in panel(page, 2)
    assert len(words(page, 2).split()) == 5
    assert page.run(STATE.format(0)) == "done"
    assert "1 of 2 done, 1 failed" in page.text("#board")
    content_is_calm(page, server)


def test_a_silent_model_tells_how_long_it_has_been_waited_for(page, server):
    ask(page, server, "demo@first=60")
    page.until("/waiting · thinking · [0-9]+ s/.test(document.querySelector('.panel').innerText)")
    page.click("#board [data-part=stopAll]")
    page.until(OVER)


def test_times_in_an_answer_seek_the_player(page, server, vendor):
    vendor.plays(says("It turns at 0:0", "7, then (0:12-0", ":15). Not 16:9."))
    ask(page, server, "gpt4o", "Seek?")
    page.until(OVER)
    assert words(page, 1) == "It turns at 0:07, then (0:12-0:15). Not 16:9."
    links = page.run("[...document.querySelectorAll('.time')].map((link) => link.textContent)")
    assert links == ["0:07", "0:12-0:15"]
    hash_before = page.run("location.hash")
    page.until("document.querySelector('video').readyState > 0")
    page.click(".time:nth-of-type(2)")
    page.until("document.querySelector('video').currentTime === 12")
    assert page.run("location.hash") == hash_before
    content_is_calm(page, server)


def test_markup_in_words_questions_and_names_is_text(page, server, vendor, tmp_path):
    vendor.plays(says(INJECTION[:9], INJECTION[9:]))
    name = "<img src=x onerror=alert(3)>.mp4"
    video = tmp_path / name
    video.write_bytes((server.data_dir / "videos" / "sample.mp4").read_bytes())
    arrive(page, server, "gpt4o", "")
    page.choose_file("#library [type=file]", video)
    page.until("document.querySelector('#library :checked').value !== 'sample'")
    assert name.removesuffix(".mp4") in page.text("#library")
    page.type("#query", INJECTION)
    page.click("#ask [type=submit]")
    page.until(OVER)
    assert words(page, 1) == INJECTION
    assert INJECTION in page.text("#board .query")
    assert page.run("document.querySelectorAll('#board img, #board script').length") == 0
    assert page.run("document.querySelectorAll('[onerror]').length") == 0
    content_is_calm(page, server)


def test_a_file_that_is_no_video_is_refused_with_words(page, server, tmp_path):
    arrive(page, server, "demo-fast")
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear library, ")
    page.choose_file("#library [type=file]", letter)
    page.until("!document.querySelector('#library .problem').hidden")
    assert len(page.text("#library .problem")) > 10
    assert page.run("document.querySelector('#library .upload').hidden")


def test_what_the_server_refuses_is_told_at_the_form(page, server):
    arrive(page, server, "nobody@x=1")
    page.click("#ask [type=submit]")
    page.until("!document.querySelector('#ask .problem').hidden")
    assert "nobody" in page.text("#ask .problem")
    assert page.run("document.querySelector('#board').hidden")
    assert not page.run("document.querySelector('#ask [type=submit]').disabled")


def test_a_server_that_dies_leaves_no_model_working(browser, tmp_path, server):
    data = tmp_path / "data"
    (data / "videos").mkdir(parents=True)
    shutil.copy(server.data_dir / "videos" / "sample.mp4", data / "videos")
    with serving(data) as mortal:
        page = browser.page()
        ask(page, mortal, SLOW)
        page.until(f"{STATE.format(0)} === 'working'")
        mortal.kill_worker()
        page.until(f"{STATE.format(0)} === 'interrupted'")
        assert "Interrupted" in page.text("#board")
        assert words(page, 1)
        page.until("!document.querySelector('#ask [type=submit]').disabled")
        page.close()


def test_nine_fast_models_leave_the_page_smooth(page, server):
    slots = ",".join(f"demo@first=0.1,rate=100,tokens=300,start={n}" for n in range(9))
    arrive(page, server, slots)
    page.run("""(() => {
            window.longest = 0;
            let last = performance.now();
            const frame = (now) => {
                window.longest = Math.max(window.longest, now - last);
                last = now;
                requestAnimationFrame(frame);
            };
            requestAnimationFrame(frame);
        })()""")
    page.click("#ask [type=submit]")
    page.until(OVER)
    lengths = page.run(
        "[...document.querySelectorAll('.panel [data-part=text]')]"
        ".map((text) => text.textContent.trim().split(' ').length)"
    )
    assert lengths == [300] * 9
    # A page that renders whole texts anew stands still for seconds here.
    assert page.run("window.longest") < 1000


@pytest.mark.parametrize("dark", (False, True))
@pytest.mark.parametrize("width", (360, 768, 1440))
def test_nothing_is_wider_than_its_place(page, server, vendor, width, dark):
    vendor.plays(says("y" * 300))
    page.look(width, dark=dark)
    ask(page, server, "gpt4o,demo@fail_after=5", "x" * 300)
    page.until(OVER)
    assert page.run("document.documentElement.scrollWidth") == width
    cut = "[...document.querySelectorAll('.query, .panel, .words')].filter((box) => %s).length"
    assert page.run(cut % "box.scrollWidth > box.clientWidth") == 0
    content_is_calm(page, server)


def test_a_token_is_asked_for_in_the_page_when_the_server_wants_one(browser, tmp_path):
    data = tmp_path / "data"
    with serving(data, AUTH_TOKEN="open sesame") as guarded:
        page = browser.page()
        page.call("Network.setExtraHTTPHeaders", headers={"Authorization": "Bearer open sesame"})
        page.go(address(guarded))
        page.call("Network.setExtraHTTPHeaders", headers={})
        page.call("Network.clearBrowserCookies")
        page.type("#query", "What?")  # asks which models to recommend
        page.until("document.querySelector('#login').open")
        page.type("#token", "guess")
        page.click("#login [type=submit]")
        page.until("document.querySelector('#login .problem').innerText.includes('not the token')")
        page.run("document.querySelector('#token').value = ''")
        page.type("#token", "open sesame")
        page.run("window.beforeReload = true")
        page.click("#login [type=submit]")
        page.until("!window.beforeReload && document.querySelector('#models input')")
        assert not page.run("document.querySelector('#login').open")
        page.close()


def test_every_address_in_the_page_is_relative_and_nothing_is_inline():
    """It works under a sub-path, and under a policy that allows no inline anything."""
    for file in sorted((ROOT / "static").rglob("*")):
        if file.suffix not in (".html", ".css", ".js"):
            continue
        text = file.read_text("utf-8")
        assert not re.search(r"""(?:src|href|action)=["'](?:/|https?:)""", text), file
        assert not re.search(r"""["'`(](?:/api|/static|https?:)""", text), file
        if file.suffix == ".html":
            assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)", text), file
