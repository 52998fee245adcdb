"""Going from run to run and from room to room: what goes on, what is left behind."""

import pytest

from tests.live import serving, until
from tests.page.acting import OVER, RUN, SLOW, STATE, address, ask, content_is_calm, words
from tests.page.relay import Relay
from tests.page.test_everywhere import SHOWN
from tests.vendors.openai_server import says

TIME = "document.querySelector('#player video').currentTime"


@pytest.fixture
def other(server):
    """A second film in the library."""
    path = server.data_dir / "videos" / "other.mp4"
    path.write_bytes((server.data_dir / "videos" / "sample.mp4").read_bytes())
    yield path
    path.unlink()


def watched(server, query, **more):
    asked = {"query": query, "models": ["demo@first=0,tokens=3"], "video_id": "sample", **more}
    path = "/api/analyze/stream/parallel"
    return server.post(path, {**asked, "stream": False})[1]["run_id"]


def late(page, part, ms):
    """What is fetched from an address like that comes later."""
    page.run(f"""(() => {{
        const before = fetch;
        window.cameLate = 0;
        window.fetch = (url, how) => new RegExp({part!r}).test(url)
            ? new Promise((go) => setTimeout(go, {ms})).then(() => before(url, how))
                .finally(() => requestAnimationFrame(() => (window.cameLate += 1)))
            : before(url, how);
    }})()""")


def test_a_run_that_goes_on_is_not_given_up_for_another_that_is_looked_at(
    browser, server, tmp_path
):
    data = tmp_path / "data"
    (data / "videos").mkdir(parents=True)
    sample = data / "videos" / "sample.mp4"
    sample.write_bytes((server.data_dir / "videos" / "sample.mp4").read_bytes())
    with serving(data, DISCONNECT_GRACE_S="1") as hasty:
        page = browser.page()
        past = watched(hasty, "Before?")
        live = ask(page, hasty, SLOW)
        page.until(f"{STATE.format(0)} === 'working'")
        page.run(f"location.hash = '#run={past}'")
        page.until(f"document.querySelector('#board .query').textContent === 'Before?' && {OVER}")

        def said():
            model = hasty.get(f"/api/runs/{live}")[1]["models"][SLOW]
            assert model["state"] == "working"
            return len(model["text"].split())

        before = said()
        until(lambda: said() > before + 60)  # three seconds, at 20 words a second
        page.run(f"location.hash = '#run={live}'")
        page.until(f"{STATE.format(0)} === 'working'")
        page.click("#board [data-part=stopAll]")
        page.until(OVER)
        assert page.run(STATE.format(0)) == "stopped"
        page.close()


def test_who_reconnects_gets_the_rest_and_loses_nothing_to_a_server_that_forgot(page, server):
    with Relay(server.port) as relay:
        run_id = ask(page, relay, "demo-slow", "Reconnect?")
        page.until(f"{STATE.format(0)} === 'working'")
        page.run("""(() => {
            const later = setTimeout;
            window.setTimeout = (act, ms) => later(act, ms > 6000 ? ms : ms / 20);
            window.real = fetch;
            window.fetch = () => Promise.reject(new TypeError("no network"));
        })()""")
        relay.cut()
        page.until(f"{STATE.format(0)} === 'interrupted'")
        before = words(page, 1)
        page.run('window.fetch = async () => new Response(\'{"message": "Gone."}\', {status: 404})')
        page.click("#board [data-part=reconnect]")
        page.until("document.querySelector('#board .problem').textContent === 'Gone.'")
        assert page.run(STATE.format(0)) == "interrupted" and words(page, 1) == before
        page.run("window.fetch = window.real")
        page.click("#board [data-part=reconnect]")
        page.until(f"{STATE.format(0)} === 'done'")
        assert words(page, 1) == server.get(f"/api/runs/{run_id}")[1]["models"]["demo-slow"]["text"]


def test_of_two_links_pressed_at_once_the_last_one_counts(page, server):
    first, second = watched(server, "First?"), watched(server, "Second?")
    page.go(address(server))
    page.until("document.querySelector('#library input:checked')")
    late(page, f"{first}$", 400)
    for run_id in (first, second):
        page.run(f"""new Promise((go) => {{
            addEventListener("hashchange", go, {{once: true}});
            location.hash = '#run={run_id}';
        }})""")
    page.until("document.querySelector('#board .query').textContent === 'Second?'")
    page.until("cameLate === 1")
    page.run("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    assert page.text("#board .query") == "Second?"
    assert page.run(RUN) == second


def test_the_stretch_of_one_run_is_not_left_to_the_next(page, server):
    part, whole = watched(server, "A part?", start=5, end=9), watched(server, "All?")
    page.go(address(server, f"#run={part}"))
    page.until(OVER)
    stretch = "['start', 'end'].map((id) => document.querySelector('#' + id).value)"
    assert page.run(stretch) == ["0:05", "0:09"]
    page.run(f"location.hash = '#run={whole}'")
    page.until("document.querySelector('#board .query').textContent === 'All?'")
    assert page.run(stretch) == ["", ""]


def test_times_lead_into_the_video_they_are_of(page, server, vendor, other):
    vendor.plays(says("It turns at 0:07."))
    ask(page, server, "gpt4o", "Whose?")
    page.until(OVER)
    chosen = "document.querySelector('#library :checked').value"
    page.run("document.querySelector('#library [value=other]').click()")
    page.until("document.querySelector('#player video').src.endsWith('/other')")
    page.run("document.querySelector('#player video').currentTime = 3")
    page.click(".panel .time")
    page.until(f"document.querySelector('#player video').src.endsWith('/sample') && {TIME} === 7")
    assert page.run(chosen) == "sample"
    content_is_calm(page, server)


def test_a_video_that_is_not_there_is_said_to_be(page, server):
    for room, library in (("watch", "library"), ("commentary", "films")):
        page.go(address(server, f"?room={room}&video=nobody"))
        page.until(f"document.querySelector('#{library} input:checked')")
        assert "nobody" in page.text(f"#{library} .problem")
        page.run(f"document.querySelector('#{library} input').click()")
        page.until(f"document.querySelector('#{library} input:checked')")


def test_a_room_that_is_left_falls_silent(page, server):
    page.go(address(server, "?video=sample"))
    page.until("document.querySelector('#player video').readyState > 1")
    page.run("document.querySelector('#player video').play()")
    page.click("[data-room=compare]")
    page.until(f"{SHOWN} === 'compare'")
    assert page.run("document.querySelector('#player video').paused")


def test_what_could_not_be_loaded_is_loaded_when_the_room_is_entered_again(page, server):
    page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source="""const before = fetch; let failures = 1;
        window.fetch = (url, how) => url.includes("api/videos") && failures-- > 0
            ? Promise.reject(new TypeError("no network")) : before(url, how);""",
    )
    page.go(address(server))
    page.until("!document.querySelector('#ask .problem').hidden")
    page.click("[data-room=compare]")
    page.click("[data-room=watch]")
    page.until("document.querySelector('#library input:checked')")


def test_older_runs_pressed_for_twice_come_once(page, server):
    asked = {"input_data": "One of many?", "models": ["demo@first=0,tokens=1"]}
    for _ in range(45):
        assert server.post("/compare", asked)[0] == 200
    page.go(address(server))
    page.until("document.querySelector('#library input:checked')")
    page.click("#show-past")
    page.until("document.querySelectorAll('#past li').length === 20")
    late(page, "before=", 100)
    older = "document.querySelector('#past [data-part=older]')"
    page.run(f"{older}.click(); {older}.click()")
    page.until("document.querySelectorAll('#past li').length >= 40")
    links = page.run("[...document.querySelectorAll('#past a')].map((link) => link.href)")
    assert len(links) == len(set(links)) == 40
