"""What holds in every room: links, past runs, exports, the keyboard, the token."""

import json

import pytest

from tests.live import serving, until
from tests.page.acting import (
    COMPARED,
    INJECTION,
    OVER,
    RUN,
    SLOW,
    address,
    arrive,
    ask,
    compare,
    content_is_calm,
    downloading,
    press,
    words,
)
from tests.vendors.openai_server import says

SHOWN = "[...document.querySelectorAll('.room')].find((room) => !room.hidden).id"


def test_rooms_keep_what_is_in_them_and_the_back_button_leads_back(page, server):
    run_id = ask(page, server, SLOW)
    page.click("[data-room=compare]")
    page.until(f"{SHOWN} === 'compare'")
    assert page.run("document.activeElement.id") == "compare-title"
    assert "Compare" in page.run("document.title")
    before = len(words(page, 1))
    page.run("history.back()")
    page.until(f"{SHOWN} === 'watch'")
    assert page.run(RUN) == run_id
    page.until(f"document.querySelector('.panel [data-part=text]').textContent.length > {before}")
    page.click("#board [data-part=stopAll]")
    page.until(OVER)
    page.click("[data-room=compare]")
    page.click("[data-room=watch]")
    page.until(f"{RUN} === '{run_id}'")
    assert sum(url.endswith("/stream/parallel") for _, url in page.requests) == 1
    content_is_calm(page, server)


def test_a_link_to_a_run_opens_the_room_it_belongs_to(page, server):
    asked = {"input_data": "Why?", "models": ["demo@first=0,tokens=1"]}
    run_id = server.post("/compare", asked)[1]["run_id"]
    page.go(address(server, f"#run={run_id}"))
    page.until(COMPARED)
    assert page.run(SHOWN) == "compare"
    assert page.run("document.querySelector('#prompt-text').value") == "Why?"


def test_a_link_to_a_run_that_is_gone_says_so_and_is_forgotten(page, server):
    page.go(address(server, "#run=nobody"))
    page.until("!document.querySelector('#ask .problem').hidden")
    page.until(f"!{RUN}")
    assert page.run("document.querySelector('#board').hidden")


def test_past_runs_are_listed_newest_first_and_each_is_a_link(page, server):
    first = ask(page, server, "demo-fast", "The first one?")
    page.until(OVER)
    compare(page, server, "demo-fast", "The second one?")
    page.until(COMPARED)
    page.click("#show-past")
    page.until("document.querySelector('#past li')")
    listed = page.text("#past")
    assert listed.index("The second one?") < listed.index("The first one?")
    page.run(
        "[...document.querySelectorAll('#past a')]"
        ".find((link) => link.innerText.includes('The first one?')).click()"
    )
    page.until(f"{SHOWN} === 'watch' && {RUN} === '{first}'")
    page.until(OVER)
    assert not page.run("document.querySelector('#past').open")
    assert page.run("document.querySelector('#query').value") == "The first one?"
    content_is_calm(page, server)


def test_older_past_runs_come_when_asked_for(page, server):
    asked = {"input_data": "One of many?", "models": ["demo@first=0,tokens=1"]}
    for _ in range(25):
        assert server.post("/compare", asked)[0] == 200
    page.go(address(server))
    page.click("#show-past")
    page.until("document.querySelectorAll('#past li').length === 20")
    page.click("#past [data-part=older]")
    page.until("document.querySelectorAll('#past li').length > 24")
    press(page, "Escape")
    page.until("!document.querySelector('#past').open")
    assert page.run("document.activeElement.id") == "show-past"


@pytest.mark.parametrize("format", ("json", "md", "html"))
def test_a_run_is_exported_as_a_file(page, browser, server, vendor, tmp_path, format):
    vendor.plays(says(INJECTION))
    ask(page, server, "gpt4o,demo@fail_after=5", "Keep it?")
    page.until(OVER)
    downloading(browser, page, tmp_path)
    page.click("#board .menu summary")
    page.click(f"#board [data-export={format}]")
    (file,) = until(lambda: list(tmp_path.glob(f"parallax-keep-it-*.{format}")))
    text = until(lambda: file.read_text("utf-8"))
    if format == "json":
        assert json.loads(text)["models"][0]["text"] == INJECTION
    if format == "html":
        page.go(file.as_uri())
        assert INJECTION in page.text(".text")
        assert page.run("document.images.length + document.scripts.length") == 0
        assert "Told to fail here." in page.text("body")
    assert page.complaints == []


def test_everything_is_reached_and_done_with_the_keyboard(page, server):
    arrive(page, server, "demo-fast")
    page.run("document.querySelector('#query').focus()")
    press(page, "Enter", modifiers=2)  # Ctrl
    page.until(OVER)
    page.run("document.querySelector('#board .menu summary').focus()")
    press(page, "Enter")
    page.until("document.querySelector('#board .menu').open")
    press(page, "Tab")
    assert page.run("document.activeElement.dataset.export") == "html"
    press(page, "Escape")
    page.until("!document.querySelector('#board .menu').open")
    assert page.run("document.activeElement.matches('#board .menu summary')")
    page.run("document.activeElement.blur(); document.querySelector('.skip').focus()")
    press(page, "Enter")
    assert page.run("document.activeElement.id") == "main"
    assert page.run(RUN)
    seen = []
    for _ in range(80):
        press(page, "Tab")
        seen.append(page.run("document.activeElement.outerHTML.slice(0, 60)"))
    for part in ('id="query"', "data-export", 'class="words"', 'type="file"', "<summary"):
        assert any(part in each for each in seen) or part == "data-export", part


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
