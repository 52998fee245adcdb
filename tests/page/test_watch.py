"""Watch, in a real browser, on a real server."""

import shutil

import pytest

from tests.live import serving
from tests.page.acting import (
    INJECTION,
    OVER,
    RUN,
    SLOW,
    STATE,
    arrive,
    ask,
    content_is_calm,
    panel,
    words,
    written,
)
from tests.page.relay import Relay
from tests.vendors.openai_server import says, status


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
    said = page.text("#ask .problem")
    assert "nobody" in said and "Choose from the list." in said and "/api/" not in said
    assert page.run("document.querySelector('#board').hidden")
    page.until("document.querySelector('#ask [type=submit]').ariaDisabled === null")


@pytest.fixture
def mortal(browser, tmp_path, server):
    """A server of one's own, and a page that watches a model work on it."""
    data = tmp_path / "data"
    (data / "videos").mkdir(parents=True)
    shutil.copy(server.data_dir / "videos" / "sample.mp4", data / "videos")
    with serving(data) as mortal:
        page = browser.page()
        ask(page, mortal, SLOW)
        page.until(f"{STATE.format(0)} === 'working'")
        page.until("document.querySelector('.panel [data-part=text]').textContent !== ''")
        yield mortal, page
        page.close()


def test_a_server_that_is_gone_leaves_no_model_working(mortal):
    mortal, page = mortal
    mortal.kill()
    page.until(f"{STATE.format(0)} === 'interrupted'")
    assert "Interrupted" in page.text("#board")
    assert words(page, 1)
    page.until("document.querySelector('#ask [type=submit]').ariaDisabled !== 'true'")


def test_what_a_restarting_server_stopped_can_be_tried_again(mortal):
    mortal, page = mortal
    mortal.stop()
    page.until(f"{STATE.format(0)} === 'stopped'")
    page.until("!document.querySelector('.panel [data-part=retry]').hidden")
    mortal.start()
    page.click("#board [data-part=retry]")
    page.until(f"{STATE.format(0)} === 'working'")


def test_a_worker_that_died_is_told_by_the_next_and_its_models_can_be_tried_again(mortal):
    mortal, page = mortal
    written(mortal)
    mortal.kill_worker()
    page.until(f"{STATE.format(0)} === 'failed'")
    assert "broke off" in panel(page, 1)
    assert words(page, 1)
    page.until("!document.querySelector('.panel [data-part=retry]').hidden")
    page.until("document.querySelector('#ask [type=submit]').ariaDisabled !== 'true'")


def test_only_the_failed_are_tried_again_and_one_of_them_alone(page, server, vendor):
    vendor.plays(status(401))
    first = ask(page, server, "gpt4o,demo-fast,demo@fail_after=5", "Retry?")
    page.until(OVER)
    assert [page.run(STATE.format(number)) for number in range(3)] == ["failed", "done", "failed"]
    vendor.plays(says("Now it does."))
    page.click(".panel:nth-of-type(1) [data-part=retry]")
    page.until(f"document.querySelectorAll('.panel').length === 3 && {STATE.format(0)} === 'done'")
    page.until(OVER)
    assert words(page, 1) == "Now it does."
    assert page.run(STATE.format(2)) == "failed"
    assert "remembered" in panel(page, 2)
    second = page.until(f"(run => run !== '{first}' && run)({RUN})")
    page.click("#board [data-part=retry]")
    page.until(f"(run => run !== '{second}' && run)({RUN})")
    page.until(OVER)
    kept = server.get(f"/api/runs/{page.run(RUN)}")[1]["models"]
    assert [model["cached"] for model in kept.values()] == [True, True, False]
    content_is_calm(page, server)


def test_a_time_beyond_the_end_is_marked_and_leads_nowhere(page, server, vendor):
    vendor.plays(says("At 0:05 and at 59:59."))
    ask(page, server, "gpt4o", "Beyond?")
    page.until(OVER)
    beyond = page.run("document.querySelector('.beyond').outerHTML")
    assert "59:59" in beyond and "href" not in beyond
    assert words(page, 1) == "At 0:05 and at 59:59."


def test_the_timeline_shows_who_names_which_moment_and_leads_there(page, server, vendor):
    vendor.plays(says("Something at 0:05, and 0:12-0:15."))
    ask(page, server, "cuts,gpt4o", "Where?")
    page.until(OVER)
    tracks = page.run("[...document.querySelectorAll('.track')].map((row) => row.ariaLabel)")
    named = page.run("[...document.querySelectorAll('.timeline-name')].map((row) => row.title)")
    assert [track.startswith(f"{name}: ") for track, name in zip(tracks, named)] == [True, True]
    assert len(tracks) == 2 and tracks[1].endswith("0:05, 0:12")
    assert page.run("document.querySelectorAll('.agreement').length") >= 1
    left = page.run("document.querySelector('.stretch-of').style.left")
    assert float(left[:-1]) == pytest.approx(100 * 12 / 24, abs=1) or left.startswith("0")
    page.until("document.querySelector('video').readyState > 0")
    page.click(".timeline-row:nth-of-type(2) .stretch-of")  # the middle of 0:12-0:15
    page.until("document.querySelector('video').currentTime > 12")
    assert page.run("document.querySelector('video').currentTime") < 15
    content_is_calm(page, server)


def test_the_player_follows_the_reader_to_an_answer_far_below(page, server, vendor):
    vendor.plays(says("Look at 0:07."))
    page.look(1440, 500)
    ask(page, server, "gpt4o", "Follow?")
    page.until(OVER)
    page.run("document.querySelector('.panel').scrollIntoView({behavior: 'instant'})")
    page.until("document.querySelector('#player').getBoundingClientRect().bottom < 100")
    page.until("document.querySelector('video').readyState > 0")
    page.until("(document.querySelector('.time').click(), document.querySelector('.docked'))")
    assert page.run("document.querySelector('video').getBoundingClientRect().bottom") <= 500
    page.click("[data-part=undock]")
    page.until("!document.querySelector('.docked')")


def test_a_lost_connection_is_taken_up_again_and_no_word_is_missing(page, server):
    with Relay(server.port) as relay:
        run_id = ask(page, relay, "demo@first=0.1,rate=40,tokens=200,demo-fast")
        page.until("document.querySelector('.panel [data-part=text]').textContent.length > 100")
        relay.cut()
        page.until(OVER)
        told = server.get(f"/api/runs/{run_id}")[1]["models"]
        assert [words(page, 1), words(page, 2)] == [model["text"] for model in told.values()]
        assert "2 of 2 done" in page.text("#board")
        assert relay.connections > 1


def test_states_are_announced_and_words_are_not(page, server):
    arrive(page, server, "demo@rate=40,tokens=120,demo@fail_after=5")
    page.run("""(() => {
            window.said = [];
            const news = document.querySelector('#board [data-part=news]');
            new MutationObserver(() => said.push(news.textContent)).observe(
                news, {childList: true, characterData: true, subtree: true});
        })()""")
    page.click("#ask [type=submit]")
    page.until(OVER)
    said = page.run("window.said")
    assert 2 <= len(said) <= 6
    assert "failed" in " ".join(said) and "demo model" not in " ".join(said)
    assert "1 of 2 done, 1 failed" in said[-1]
    live = page.run(
        "[...document.querySelectorAll('[aria-live], [role=status], [role=alert]')]"
        ".filter((place) => place.closest('.panel')).length"
    )
    assert live == 0
