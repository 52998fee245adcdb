"""Nothing on the page that axe would call a serious barrier, in light and in dark."""

import pytest

from tests.page.acting import COMPARED, OVER, SLOW, STATE, address, ask, compare, hold
from tests.page.packages import installed
from tests.page.studio import Studio, line


@pytest.fixture(scope="module")
def axe():
    return (installed("axe-core") / "axe.min.js").read_text("utf-8")


def barriers(page, axe):
    page.run("document.activeElement.blur()")
    page.run(f"window.axe || (() => {{ {axe} }})(), true")
    return page.run("""axe.run(document, {resultTypes: ['violations']}).then(
        ({violations}) => violations
            .filter(({impact}) => impact === 'serious' || impact === 'critical')
            .map(({id, nodes}) => [id, nodes.map(({html, any}) => [html, any[0]?.message])]))""")


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
@pytest.mark.parametrize("width", (360, 1440))
def test_watch_has_no_barrier_empty_at_work_or_done(page, server, axe, dark, width):
    page.look(width, dark=dark)
    page.go(address(server))
    page.until("document.querySelector('#library input:checked')")
    page.run("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert barriers(page, axe) == []
    ask(page, server, f"cuts,{SLOW},demo@fail_after=5")
    page.until(f"{STATE.format(1)} === 'working'")
    assert barriers(page, axe) == []
    page.click("#board [data-part=stopAll]")
    page.until(OVER)
    page.click("#board .menu summary")
    assert barriers(page, axe) == []


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
def test_compare_has_no_barrier(page, server, axe, dark):
    page.look(1440, dark=dark)
    compare(page, server, "demo-fast,demo@first=0,start=4,demo@fail_after=5")
    page.until(COMPARED)
    page.click("#figures th:nth-child(3) button")
    assert barriers(page, axe) == []
    page.type("#follow-up textarea", "And then?")
    page.click("#follow-up [type=submit]")
    page.until("document.querySelector('.earlier:not([hidden])')")
    page.until(COMPARED)
    page.run("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert barriers(page, axe) == []


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
@pytest.mark.parametrize("width", (360, 1440))
def test_commentary_has_no_barrier(page, axe, chunks, dark, width):
    page.look(width, dark=dark)
    with Studio(chunks) as studio:
        page.go(address(studio, "?room=commentary"))
        page.until("document.querySelector('#films input:checked')")
        page.run("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
        assert barriers(page, axe) == []
        studio.begin(1)
        page.click("#commentate [type=submit]")
        studio.make(0)
        studio.tell(line(1, 90.0, 91.0))
        studio.tell({"type": "line_failed", "index": 2, "code": "x", "message": "No."})
        hold(page, 2)
        page.until("document.querySelector('#lines li').ariaCurrent === 'true'")
        assert barriers(page, axe) == []
        assert page.run("document.documentElement.scrollWidth") == width
        studio.finish()
        page.until("!document.querySelector('#making [data-part=result]').hidden")
        page.click("#making .menu summary")
        assert page.run("document.documentElement.scrollWidth") == width
        assert barriers(page, axe) == []


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
def test_the_list_of_past_runs_has_no_barrier(page, server, axe, dark):
    page.look(1440, dark=dark)
    ask(page, server, "demo-fast")
    page.until(OVER)
    page.click("#show-past")
    page.until("document.querySelector('#past li')")
    assert barriers(page, axe) == []
    page.run("document.querySelector('#past').close()")
    page.run("document.querySelector('#login').showModal()")
    assert barriers(page, axe) == []
