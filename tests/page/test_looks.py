"""How the page looks at every width, and how it is built."""

import re

import pytest

from tests.live import ROOT
from tests.page.acting import COMPARED, OVER, address, ask, compare, content_is_calm, press, words
from tests.vendors.openai_server import says


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


@pytest.mark.parametrize("width", (360, 1440))
def test_nothing_in_a_comparison_is_wider_than_its_place(page, server, vendor, width):
    vendor.plays(says("y" * 300))
    page.look(width)
    compare(page, server, "gpt4o,demo@fail_after=5", "x" * 300)
    page.until(COMPARED)
    assert page.run("document.documentElement.scrollWidth") == width
    cut = "[...document.querySelectorAll('.query, .panel, .words, .both')].filter((box) => %s)"
    assert page.run(f"{cut % 'box.scrollWidth > box.clientWidth'}.length") == 0
    content_is_calm(page, server)


def test_a_number_and_its_unit_stay_in_one_line(page, server, vendor):
    said = "It is bright (48 %) for 2.5 min, then dark for 24 s, about -22 LUFS. " * 20
    vendor.plays(says(*said.partition("8 ")))
    page.look(360)
    ask(page, server, "gpt4o", "How long?")
    page.until(OVER)
    assert words(page, 1) == said
    torn = """(() => {
        const text = document.querySelector('.panel [data-part=text]');
        const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
        const letters = [];
        for (let node; (node = walk.nextNode()); ) {
            for (let at = 0; at < node.length; at += 1) letters.push([node, at]);
        }
        const topOf = ([node, at]) => {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            return Math.round(range.getBoundingClientRect().top);
        };
        const amounts = [...text.textContent.matchAll(/[0-9.]+ (?:%|s|min|LUFS)/g)];
        const ends = amounts.map(({0: amount, index}) => [index, index + amount.length - 1]);
        return ends.map((both) => both.map((at) => topOf(letters[at])))
            .filter(([first, last]) => first !== last).length;
    })()"""
    assert page.run(torn) == 0


@pytest.mark.parametrize("width", (360, 1440))
def test_the_answers_are_brought_into_sight_however_short_they_are(page, server, width):
    page.look(width, reduced_motion=False)
    ask(page, server, "cuts,demo@first=0,tokens=1,demo@fail_after=1")
    page.until(OVER)
    page.until("Math.abs(document.querySelector('#board').getBoundingClientRect().top) < 2")


def test_a_room_that_is_entered_moves_no_link_and_has_no_frame(page, server):
    page.go(address(server))
    page.until("document.querySelector('#models input')")
    places = (
        "String([...document.querySelectorAll('nav a')].map((a) => a.getBoundingClientRect().x))"
    )
    before = page.run(places)
    for room in ("compare", "commentary", "watch"):
        page.run(f"document.querySelector('[data-room={room}]').focus()")
        press(page, "Enter")
        page.until(f"!document.querySelector('#{room}').hidden")
        assert page.run(places) == before
        assert page.run("document.activeElement.matches('h2:focus-visible')")
        outline = f"getComputedStyle(document.querySelector('#{room}')).outlineStyle"
        assert page.run(outline) == "none"


def test_a_printed_page_has_all_that_was_said_dark_on_white(page, server):
    page.look(1440, dark=True)
    ask(page, server, "demo@first=0,rate=3000,tokens=1500,demo@fail_after=5", "What was it?")
    page.until(OVER)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.call("Emulation.setEmulatedMedia", media="print", features=dark)
    said = "[...document.querySelectorAll('.words')]"
    assert page.run(f"{said}.every((box) => box.scrollHeight <= box.clientHeight)")
    seen = page.text("body")
    for kept in ("What was it?", "This is a demo model", "Told to fail here."):
        assert kept in seen
    for pressed in ("Compare", "Question", "Library", "Export", "Copy"):
        assert pressed not in seen
    assert page.run("getComputedStyle(document.body).color") == "rgb(28, 28, 31)"


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
