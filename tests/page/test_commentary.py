"""Commentary in a real browser: the film is made while it is watched, by a scripted server."""

import pytest

from tests.page.acting import GAP, INJECTION, RUN, VIDEO, WATCH, content_is_calm, hold, passes
from tests.page.studio import CHUNK_S, Studio, line, status

SHOWN = "[...document.querySelectorAll('#film video')].find((video) => !video.hidden)"

# Each caption that stands under the film, and in which chunk.
CAPTIONS = f"""(() => {{
    window.captions = [];
    const caption = document.querySelector('#film .caption');
    const note = () => captions.push(`${{{SHOWN}?.dataset.chunk}}: ${{caption.textContent}}`);
    new MutationObserver(note).observe(caption, {{childList: true}});
}})()"""


@pytest.fixture
def studio(chunks):
    with Studio(chunks) as studio:
        yield studio


def start(page, studio):
    page.go(f"http://127.0.0.1:{studio.port}/?room=commentary")
    page.until("document.querySelector('#films input:checked')")
    studio.begin(len(studio.chunks))
    page.click("#commentate [type=submit]")
    page.until(f"{RUN}")


def test_the_film_plays_across_its_borders_without_a_gap(page, studio):
    start(page, studio)
    assert page.run(f"{VIDEO}.hidden")
    page.run(WATCH)
    studio.make(0)
    page.until(f"{VIDEO}.currentTime > 1")  # while the rest is still to be made
    studio.make(1)
    page.until(f"{VIDEO}.currentTime > 3")
    studio.make(2, 3)
    studio.finish()
    page.until(f"{VIDEO}.ended")
    assert page.run(f"{VIDEO}.currentTime") == pytest.approx(4 * CHUNK_S, abs=0.1)
    assert page.run("behind.length") > 50
    # Where others wanted the processor meanwhile, each border is looked at by itself.
    if page.run(f"waits > 0 || {GAP} >= 0.1"):
        borders = [number * CHUNK_S for number in (1, 2, 3)]
        assert [border for border in borders if not passes(page, border)] == []
    content_is_calm(page, studio)


def test_a_late_chunk_is_waited_for_and_the_film_goes_on_by_itself(page, studio):
    start(page, studio)
    studio.make(0)
    page.until(f"{VIDEO}.currentTime > {CHUNK_S - 0.2}")
    page.until("!document.querySelector('#film .late').hidden")
    stood = page.run(f"{VIDEO}.currentTime")
    studio.make(1, 2)
    page.until(f"{VIDEO}.currentTime > {CHUNK_S + 1}")
    assert stood < CHUNK_S + 0.1
    page.until("document.querySelector('#film .late').hidden")
    content_is_calm(page, studio)


def test_lines_and_captions_follow_the_film(page, studio):
    start(page, studio)
    failed = {"type": "line_failed", "index": 9, "stage": "speak", "code": "x", "message": "No."}
    studio.tell(line(8, 100.0, 102.0), failed)
    studio.make(0)
    states = "[...document.querySelectorAll('#lines li')].map((line) => line.dataset.state)"
    page.until(f"String({states}) === 'ready,spoken,failed'")
    assert "No." in page.text("#lines li:nth-of-type(3)")
    hold(page, 2)
    page.until("document.querySelector('#lines li').ariaCurrent === 'true'")
    cues = f"[...{VIDEO}.textTracks[0].cues].map((cue) => [cue.startTime, cue.text])"
    assert page.run(cues) == [[1, "This is line 0."], [100, "This is line 8."]]
    assert page.run(f"{VIDEO}.textTracks[0].mode") == "showing"
    studio.make(1)
    page.until("document.querySelectorAll('#lines li').length === 4")
    page.click("#lines li:nth-of-type(2) button")
    page.until(f"{VIDEO}.currentTime === 5")


def test_how_far_it_is_is_told_and_at_the_end_there_is_the_film(page, studio):
    start(page, studio)
    studio.make(0, 1)
    page.until("document.querySelector('#making').innerText.includes('2 of 4')")
    before = page.run("document.querySelector('#making [data-part=bar]').value")
    studio.tell(status("Again.", 1))
    studio.make(2, 3)
    studio.finish()
    page.until("!document.querySelector('#making [data-part=result]').hidden")
    assert before > 1
    said = page.text("#making")
    assert "Done." in said and "4 of 4" in said and "0:08: a line is missing." in said
    links = "[...document.querySelectorAll('#making a')].map((a) => a.getAttribute('href'))"
    assert page.run(links)[0] == "/videos/generated/film.en.mp4"
    assert page.run(links)[1].endswith("captions.vtt")
    assert page.run("document.querySelector('#making [data-part=stop]').hidden")


def test_a_replayed_commentary_never_offers_the_film_of_the_one_before(page, studio):
    start(page, studio)
    studio.make(0, 1, 2, 3)
    studio.finish()
    page.until("!document.querySelector('#making [data-part=result]').hidden")
    again = "/videos/generated/another.mp4"
    studio.events[0] = {**studio.events[0], "run_id": "another-run-0002"}
    studio.events[-1] = {**studio.events[-1], "final_url": again}
    page.click("#commentate [type=submit]")
    link = "document.querySelector('#making [data-part=film]').getAttribute('href')"
    page.until(f"{link} === '{again}'")


def test_captions_of_another_language_take_the_place_of_those_before(page, studio):
    start(page, studio)
    studio.make(0)
    studio.finish()
    page.until("!document.querySelector('#making [data-part=result]').hidden")
    studio.events[0] = {**studio.events[0], "run_id": "another-run-0002"}
    studio.events[2] = line(0, 1.0, 3.0, "Das ist Zeile 0.")
    page.run("document.querySelector('#language').value = 'de'")
    page.click("#commentate [type=submit]")
    page.until("document.querySelector('#lines').innerText.includes('Das ist')")
    tracks = f"""[...{VIDEO}.textTracks].map(({{language, mode, cues}}) =>
        [language, mode, [...(cues ?? [])].map(({{text}}) => text)])"""
    page.until(f"{VIDEO}.textTracks[1].mode === 'showing'")
    assert page.run(tracks) == [["en", "disabled", []], ["de", "showing", ["Das ist Zeile 0."]]]
    assert page.run("document.querySelector('#lines ol').lang") == "de"


def test_a_line_that_is_lost_after_all_is_no_caption(page, studio):
    start(page, studio)
    studio.make(0)
    studio.tell(line(1, 9.0, 11.0))
    cues = f"[...{VIDEO}.textTracks[0].cues].map(({{startTime}}) => startTime)"
    page.until(f"String({cues}) === '1,9'")
    lost = {"type": "line_failed", "index": 1, "stage": "cut", "code": "media", "message": "No."}
    studio.tell(lost)
    page.until(f"String({cues}) === '1'")


def test_a_reload_in_the_middle_comes_back_and_asks_for_nothing_again(page, studio):
    start(page, studio)
    studio.make(0, 1)
    page.until(f"{VIDEO}.currentTime > 0.5")
    page.reload()
    page.until(f"{VIDEO}.currentTime > 0.5")
    studio.make(2, 3)
    studio.finish()
    page.until("!document.querySelector('#making [data-part=result]').hidden")
    assert page.run("document.querySelectorAll('#lines li').length") == 4
    assert sum("analyze-stream" in path for path in studio.asked) == 1


def test_a_stream_that_breaks_off_is_taken_up_and_one_that_is_gone_is_interrupted(page, studio):
    studio.broken = 1
    start(page, studio)
    studio.make(0, 1)
    page.until("document.querySelector('#making').innerText.includes('2 of 4')")
    studio.tell({"type": "error", "code": "out_of_space", "stage": "cut", "message": "Disk full."})
    page.until("document.querySelector('#making .problem').innerText === 'Disk full.'")
    assert "It failed." in page.text("#making")
    page.until(f"{VIDEO}.readyState >= 2")  # what was made can still be watched


def test_it_is_stopped(page, studio):
    start(page, studio)
    studio.make(0)
    studio.tell(line(8, 100.0, 102.0))
    page.until(f"{VIDEO}.currentTime > 0")  # and has its size, which moves the button
    page.click("#making [data-part=stop]")
    page.until("document.querySelector('#making').innerText.includes('Stopped.')")
    page.until("document.querySelector('#lines').innerText.includes('not made any more')")
    assert f"/api/runs/{page.run(RUN)}/cancel" in studio.asked
    page.until("document.querySelector('#commentate [type=submit]').ariaDisabled !== 'true'")


def test_one_that_is_stopped_at_once_promises_nothing_and_complains_of_nothing(page, studio):
    start(page, studio)
    studio.tell({"type": "cancelled", "message": "Stopped on request."})
    page.until("document.querySelector('#making').innerText.includes('Stopped.')")
    page.until(
        "document.querySelector('#film .blank').innerText === 'No part of this film was made.'"
    )
    assert page.text("#lines p") == "Nothing is said in it."
    assert page.run("document.querySelector('#making .problem').hidden")


def test_a_stopped_commentary_plays_to_the_end_of_what_was_made(page, studio):
    start(page, studio)
    studio.make(0)
    page.until(f"{VIDEO}.currentTime > 0.5")
    studio.tell({"type": "cancelled", "message": "Stopped on request."})
    page.until(f"{VIDEO}.ended")
    assert page.run(f"{VIDEO}.currentTime") == pytest.approx(CHUNK_S, abs=0.4)


def test_a_part_that_is_gone_is_told_and_stepped_over_by_the_same_player(page, studio):
    studio.gone = {1}
    start(page, studio)
    studio.make(0, 1, 2, 3)
    studio.finish()
    page.until("document.querySelector('#film .late').innerText.includes('any more')")
    page.until(f"{VIDEO}.currentTime > {2 * CHUNK_S + 0.5}")
    assert page.run(f"{VIDEO}.src").startswith("blob:")
    assert sum("chunk_1" in path for path in studio.asked) == 1


def test_a_page_that_draws_no_frames_goes_on_fetching(page, studio):
    start(page, studio)
    page.run("window.requestAnimationFrame = () => 0")
    studio.make(0, 1)
    page.until(f"{VIDEO}.buffered.length && {VIDEO}.buffered.end(0) > {CHUNK_S + 1}")


def test_markup_in_lines_is_text_in_the_list_and_in_the_captions(page, studio):
    start(page, studio)
    studio.make(0, lines=False)
    studio.tell(line(0, 0.2, 3.0, INJECTION + "<c.loud>&amp;"), status(INJECTION, 5))
    page.until("document.querySelector('#lines li')")
    assert INJECTION + "<c.loud>&amp;" in page.text("#lines")
    page.until(f"document.querySelector('#making').innerText.includes({INJECTION!r})")
    shown = f"{VIDEO}.textTracks[0].cues[0].getCueAsHTML().textContent"
    assert page.run(shown) == INJECTION + "<c.loud>&amp;"
    assert page.run("document.querySelectorAll('[onerror]').length") == 0
    content_is_calm(page, studio)


def test_a_long_film_is_not_held_whole(page, studio):
    studio.duration = 400
    page.go(f"http://127.0.0.1:{studio.port}/?room=commentary")
    page.until("document.querySelector('#films input:checked')")
    studio.begin(100)
    page.click("#commentate [type=submit]")
    studio.make(*range(100))
    held = f"""(() => {{
        const ranges = {VIDEO}.buffered;
        let sum = 0;
        for (let at = 0; at < ranges.length; at += 1) sum += ranges.end(at) - ranges.start(at);
        return sum;
    }})()"""
    page.until(f"{held} > 100")
    asked = [path for path in studio.asked if "chunk_" in path]
    assert page.run(held) < 140 and len(asked) < 40
    page.run(f"{VIDEO}.currentTime = 300")
    page.until(f"{VIDEO}.currentTime > 300.5")
    page.until(f"{VIDEO}.buffered.start(0) > 200")
    assert page.run(held) < 160


def test_without_media_source_two_players_take_turns(page, studio):
    script = "delete window.MediaSource; delete window.ManagedMediaSource;"
    page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    start(page, studio)
    page.run(CAPTIONS)
    studio.make(0)
    page.until(f"{SHOWN} && {SHOWN}.currentTime > 1")
    studio.make(1, 2)
    page.until("captions.some((said) => said.endsWith('chunk_1.mp4: This is line 1.'))")
    page.until(f"{SHOWN}.dataset.chunk.endsWith('chunk_2.mp4') && {SHOWN}.ended")
    studio.make(3)
    studio.finish()
    page.until(f"{SHOWN}.dataset.chunk.endsWith('chunk_3.mp4') && {SHOWN}.currentTime > 0.5")
    page.click("#lines li:nth-of-type(1) button")
    page.until(f"{SHOWN}.dataset.chunk.endsWith('chunk_0.mp4') && {SHOWN}.currentTime > 0.9")
    content_is_calm(page, studio)


def test_chunks_in_a_codec_this_browser_does_not_know_are_left_to_the_other_player(page, chunks):
    unknown = [chunk.replace(b"avc1", b"xvc9").replace(b"avcC", b"xvcC") for chunk in chunks]
    with Studio(unknown) as studio:
        start(page, studio)
        studio.make(0)
        page.until("document.querySelector('#film video').dataset.chunk")


def test_where_one_player_fails_in_the_middle_the_other_goes_on_from_there(page, studio):
    start(page, studio)
    studio.make(0, 1, 2, 3)
    page.until(f"{VIDEO}.currentTime > {CHUNK_S + 0.2}")
    page.run(f"{VIDEO}.dispatchEvent(new Event('error'))")  # as of a picture it cannot decode
    page.until(f"{SHOWN}.dataset.chunk?.endsWith('chunk_1.mp4') && {SHOWN}.currentTime > 0.4")
    content_is_calm(page, studio)
