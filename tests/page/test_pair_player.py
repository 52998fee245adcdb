"""The film in two players that take turns, where a browser has no MediaSource."""

import pytest

from tests.live import until
from tests.page.acting import RUN, TRIES
from tests.page.studio import CHUNK_S, Studio

NO_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"
SHOWN = "[...document.querySelectorAll('#film video')].find((video) => !video.hidden)"
PLAYS = SHOWN + ".dataset.chunk.endsWith('chunk_{}.mp4') && " + SHOWN + ".currentTime > {}"
# As soon as it plays there it is paused, before it can go on to its end.
PAUSED = PLAYS + " && (" + SHOWN + ".pause(), " + SHOWN + ".paused)"
LATE = "document.querySelector('#film .late').innerText"

WHOLE = SHOWN + ".src.endsWith('/videos/generated/film.en.mp4') && " + SHOWN + ".currentTime > {}"
CAPTIONS = "[...document.querySelector('#film video').textTracks].map((track) => track.mode)"

# Where in the film it is, [second, how far behind the clock], by the one that is shown.
WATCH = f"""(() => {{
    window.seen = [];
    const look = () => {{
        const video = {SHOWN};
        const chunk = Number(/chunk_(\\d+)/.exec(video?.dataset.chunk)?.[1]);
        const at = chunk * {CHUNK_S} + (video?.currentTime ?? 0);
        if (at > 2) seen.push([at, performance.now() / 1000 - at]);
        requestAnimationFrame(look);
    }};
    look();
}})()"""

# The most it falls behind at each border.
BORDERS = f"""[1, 2, 3].map((border) => {{
    const near = seen.filter(([at]) => Math.abs(at - border * {CHUNK_S}) < 0.5);
    const behind = near.map(([, late]) => late);
    const steps = behind.map((late, at) => late - Math.min(...behind.slice(0, at + 1)));
    return behind.length < 15 ? 99 : Math.max(...steps);
}})"""


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
    page.run(WATCH)
    studio.make(0, 1, 2, 3)
    page.until(PLAYS.format(3, 1.5))
    gaps = page.run(BORDERS)
    for _ in range(TRIES):
        if max(gaps) < 0.1:
            break
        page.run("seen.length = 0")
        page.click("#lines li:nth-of-type(1) button")
        page.until(PLAYS.format(3, 1.5))
        gaps = list(map(min, gaps, page.run(BORDERS)))
    assert max(gaps) < 0.1


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
    page.until(PLAYS.format(1, 3))  # where it stands when it is left
    page.run(f"""window.seen = [];
        setInterval(() => seen.push([{SHOWN}.dataset.chunk.at(-5), {SHOWN}.currentTime]), 10)""")
    page.click("#lines li:nth-of-type(1) button")  # a second into chunk 0
    page.until("seen.some(([chunk]) => chunk === '0')")
    at_its_end = f"{SHOWN}.currentTime = {CHUNK_S - 0.3}"
    page.run(f"{SHOWN}.dataset.chunk.endsWith('chunk_0.mp4') && ({at_its_end})")
    since = "seen.slice(seen.findIndex(([chunk]) => chunk === '0'))"
    page.until(f"{since}.filter(([chunk]) => chunk === '1').length > 5")
    assert page.run(f"{since}.find(([chunk]) => chunk === '1')[1]") < 2.5


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
    page.until(PAUSED.format(2, 1.1))
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
    page.until(PAUSED.format(1, 1.0))
    stood = page.run(f"{SHOWN}.currentTime")
    studio.make(2, 3)
    studio.finish()
    return stood


def test_where_it_is_paused_it_stays_so_in_the_finished_film(film, studio):
    page = film
    stood = finished_while_paused(page, studio)
    page.until(WHOLE.format(CHUNK_S + 0.9) + f" && {SHOWN}.readyState >= 2")
    assert page.run(f"{SHOWN}.paused")
    assert page.run(f"{SHOWN}.currentTime") == pytest.approx(CHUNK_S + stood, abs=0.2)


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
    page.until("document.querySelector('#commentary').hidden")
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
