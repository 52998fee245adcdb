"""The film in two players that take turns, where a browser has no MediaSource."""

import pytest

from tests.live import until
from tests.page.acting import RUN
from tests.page.studio import CHUNK_S, Studio

NO_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"
SHOWN = "[...document.querySelectorAll('#film video')].find((video) => !video.hidden)"
PLAYS = SHOWN + ".dataset.chunk.endsWith('chunk_{}.mp4') && " + SHOWN + ".currentTime > {}"
LATE = "document.querySelector('#film .late').innerText"

WHOLE = SHOWN + ".src.endsWith('/videos/generated/film.en.mp4') && " + SHOWN + ".currentTime > {}"
CAPTIONS = "[...document.querySelector('#film video').textTracks].map((track) => track.mode)"

# Where in the film it is by the clock of the one that is shown, like `acting.WATCH`.
WATCH = f"""(() => {{
    window.behind = [];
    const look = () => {{
        const video = {SHOWN};
        const chunk = Number(/chunk_(\\d+)/.exec(video?.dataset.chunk)?.[1]);
        const at = chunk * {CHUNK_S} + (video?.currentTime ?? 0);
        if (at > 0.5 && at < window.watchTo) behind.push(performance.now() / 1000 - at);
        requestAnimationFrame(look);
    }};
    look();
}})()"""

# The most it falls behind within half a second: that of one border, not of all together.
BORDER = """Math.max(...behind.map(
    (late, at) => late - Math.min(...behind.slice(Math.max(0, at - 30), at + 1))))"""


@pytest.fixture
def studio(chunks, whole_film):
    with Studio(chunks, whole_film) as studio:
        yield studio


@pytest.fixture
def film(page, studio):
    page.call("Page.addScriptToEvaluateOnNewDocument", source=NO_MEDIA_SOURCE)
    page.go(f"http://127.0.0.1:{studio.port}/?room=commentary")
    page.until("document.querySelector('#films input:checked')")
    studio.begin(len(studio.chunks))
    page.click("#commentate [type=submit]")
    page.until(RUN)
    return page


def test_from_one_player_to_the_other_there_is_no_gap(film, studio):
    page = film
    page.run(f"window.watchTo = {3 * CHUNK_S + 1}")
    page.run(WATCH)
    studio.make(0, 1, 2, 3)
    gaps = []
    while not gaps or (min(gaps) >= 0.1 and len(gaps) < 3):  # others want the processor too
        if gaps:
            page.click("#lines li:nth-of-type(1) button")
            page.until(PLAYS.format(0, 1.1))
            page.run("behind.length = 0")
        page.until(PLAYS.format(3, 1.5))
        gaps.append(page.run(BORDER))
    assert min(gaps) < 0.1
    assert page.run("behind.length") > 50


def test_a_late_chunk_is_waited_for(film, studio):
    page = film
    studio.make(0)
    page.until(f"{LATE}.includes('next part')")
    studio.make(1)
    page.until(PLAYS.format(1, 0.5))
    assert page.run(LATE) == ""


def test_a_chunk_seen_before_begins_at_its_beginning_again(film, studio):
    page = film
    studio.make(0, 1)
    page.until(PLAYS.format(1, 1.5))
    page.click("#lines li:nth-of-type(1) button")  # a second into chunk 0
    page.until(PLAYS.format(0, 1))
    page.run(f"window.seen = []; {SHOWN}.currentTime = {CHUNK_S - 0.3}")
    page.run(f"""setInterval(() => {SHOWN}.dataset.chunk.endsWith('chunk_1.mp4')
            && seen.push({SHOWN}.currentTime), 10)""")
    page.until("seen.length > 5")
    assert page.run("seen[0]") < 0.5


def test_a_chunk_that_is_gone_is_told_and_stepped_over(film, studio):
    page = film
    studio.gone = {1}
    studio.make(0, 1, 2)
    page.until(PLAYS.format(2, 0.3))
    assert studio.asked.count(f"/videos/streaming/{page.run(RUN)}/chunk_1.mp4") < 8


def test_a_chunk_that_cannot_be_had_just_now_is_had_later(film, studio):
    page = film
    studio.away = {1}
    studio.make(0, 1, 2)
    page.until(f"{LATE}.includes('trying again')")
    studio.away = set()
    page.until(PLAYS.format(1, 0.5))
    assert page.run(LATE) == ""


def test_what_is_paused_stays_paused_and_a_jump_keeps_it_playing(film, studio):
    page = film
    studio.make(0, 1, 2)
    page.until(PLAYS.format(0, 0.5))
    page.click("#lines li:nth-of-type(3) button")
    page.until(PLAYS.format(2, 1.1))
    page.run(f"{SHOWN}.pause()")
    page.until(f"{SHOWN}.paused")
    page.click("#lines li:nth-of-type(1) button")
    page.until(f"{SHOWN}.dataset.chunk.endsWith('chunk_0.mp4') && {SHOWN}.readyState >= 2")
    assert page.run(f"{SHOWN}.paused")


def test_the_finished_film_takes_over_between_two_chunks(film, studio):
    page = film
    studio.make(0, 1)
    page.until(PLAYS.format(0, 0.5))
    page.run(f"{SHOWN}.volume = 0.25; {SHOWN}.playbackRate = 0.75")
    studio.make(2, 3)
    studio.finish()
    page.until("!document.querySelector('#making [data-part=result]').hidden")
    assert page.run(PLAYS.format(0, 0.5)), "nobody is disturbed in the middle of a chunk"
    page.until(WHOLE.format(CHUNK_S + 0.5))
    assert not page.run(f"{SHOWN}.paused")
    assert page.run(f"[{SHOWN}.volume, {SHOWN}.playbackRate]") == [0.25, 0.75]
    assert page.run(CAPTIONS) == ["showing"]
    assert page.run("document.querySelectorAll('#film video:not([hidden])').length") == 1
    page.click("#lines li:nth-of-type(4) button")
    page.until(WHOLE.format(3 * CHUNK_S + 0.9))


def finished_while_paused(page, studio):
    """A second into the second chunk."""
    studio.make(0, 1)
    page.until(PLAYS.format(1, 1.0))
    page.run(f"{SHOWN}.pause()")
    page.until(f"{SHOWN}.paused")
    studio.make(2, 3)
    studio.finish()


def test_where_it_is_paused_it_stays_so_in_the_finished_film(film, studio):
    page = film
    finished_while_paused(page, studio)
    page.until(WHOLE.format(CHUNK_S + 0.9) + f" && {SHOWN}.readyState >= 2")
    assert page.run(f"{SHOWN}.paused && {SHOWN}.currentTime < {CHUNK_S + 2}")


def test_a_finished_film_that_cannot_be_played_leaves_the_chunks(film, studio):
    page = film
    studio.film = b"not a film"
    studio.make(0, 1, 2, 3)
    studio.finish()
    page.until(PLAYS.format(1, 0.5))
    page.until(PLAYS.format(3, 0.5))
    assert studio.asked.count("/videos/generated/film.en.mp4") in (1, 2)
    assert page.run(LATE) == ""


def test_at_its_end_the_finished_film_does_not_begin_anew(film, studio):
    page = film
    studio.make(0, 1, 2, 3)
    page.click("#lines li:nth-of-type(4) button")
    page.until(PLAYS.format(3, 1.1))
    page.run(f"{SHOWN}.currentTime = {CHUNK_S - 1}")
    studio.finish()
    page.until(WHOLE.format(4 * CHUNK_S - 0.2))
    page.run(f"window.began = 0; {SHOWN}.addEventListener('playing', () => (began += 1))")
    page.until(f"{SHOWN}.readyState >= 2")
    assert page.run("began") == 0
    assert page.run(f"{SHOWN}.paused && {SHOWN}.currentTime > {4 * CHUNK_S - 0.2}")


def test_nothing_begins_to_sound_in_a_room_nobody_is_in(film, studio):
    page = film
    studio.make(0)
    page.until(f"{LATE}.includes('next part')")
    page.click("[data-room=compare]")
    page.run("window.began = 0")
    page.run("""for (const video of document.querySelectorAll('#film video'))
            video.addEventListener('play', () => (began += 1))""")
    studio.make(1, 2, 3)
    page.until(f"{SHOWN}.dataset.chunk.endsWith('chunk_1.mp4') && {SHOWN}.readyState >= 2")
    studio.finish()
    page.until(WHOLE.format(CHUNK_S - 0.1))
    page.click("[data-room=commentary]")
    page.until(f"{SHOWN}.readyState >= 2")
    assert page.run(f"{SHOWN}.paused && began === 0")


def test_a_film_that_fails_while_it_is_paused_stays_paused(film, studio):
    page = film
    studio.film = b"not a film"
    finished_while_paused(page, studio)
    until(lambda: "/videos/generated/film.en.mp4" in studio.asked)
    page.until(PLAYS.format(1, 0.9) + f" && {SHOWN}.readyState >= 2")
    assert page.run(f"{SHOWN}.paused")
