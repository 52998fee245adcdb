"""What is measured in a window of a clip whose truth is known."""

import pytest

from server.cancel import CancelToken
from server.commentary import noticing
from server.commentary.base import Window
from server.commentary.measuring import measure
from server.commentary.noticing import Found, moments
from server.errors import Abandoned, MediaError
from tests import clips
from tests.clips import BINARIES

# One loud second at 7, silence from 15 on.
SOUND = "aevalsrc='sin(440*2*PI*t)*(0.01+0.9*between(t,7,8))*lt(t,15)':s=44100"
SCENES = [
    ("red", 5),
    ("testsrc=decimals=0", 6),
    ("black", 3),
    ("blue", 2),
    ("white", 0.7),
    ("green", 0.7),
    ("blue", 0.7),
    ("testsrc2=alpha=255", 5),
]


@pytest.fixture(name="film", scope="module")
def film_of_known_truth(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return clips.video(clips.clip(path, SCENES, SOUND))


def at(found, time, within=0.3):
    near = [each for each in found if abs(each.start - time) <= within]
    assert near, f"nothing at {time}: {found}"
    return near[0]


@pytest.mark.parametrize("binary", BINARIES)
def test_what_happens_is_noticed_where_it_happens(film, binary, monkeypatch, tmp_path):
    clips.use_binary(binary, monkeypatch, tmp_path / "bin")
    found = measure(film, Window(0, 0.0, film.duration), CancelToken())
    assert {"blank", "colour=red", "sound.quiet"} <= set(at(found, 0).facts)
    assert "cut" in at(found, 5).facts
    assert "bang" in at(found, 7).facts
    assert at(found, 11).facts[0] == "black"
    assert at(found, 14).facts[0] == "cuts=4"
    assert "silence" in at(found, 15).facts


def test_a_window_is_measured_alone_and_its_times_are_the_videos(film):
    found = measure(film, Window(1, 10.0, 15.0), CancelToken())
    assert all(10 <= each.start <= each.end <= 15 for each in found)
    assert at(found, 11).facts[0] == "black"
    assert at(found, 11).text.startswith("The picture is black for 3.0 s")


def test_the_same_window_is_always_told_the_same(film):
    window = Window(0, 0.0, 12.0)
    assert measure(film, window, CancelToken()) == measure(film, window, CancelToken())


def test_nothing_new_is_steady_and_without_sound_none_is_spoken_of(tmp_path):
    video = clips.video(clips.clip(tmp_path / "still.mp4", [("green", 6)]))
    (scene,) = measure(video, Window(0, 0.0, video.duration), CancelToken())
    assert {"blank", "colour=green"} <= set(scene.facts)
    assert not [fact for fact in scene.facts if fact.startswith("sound")]


def test_moments_do_not_overlap_however_short_the_window(film):
    for start, end in ((0, 0.04), (4.9, 5.1), (0, film.duration), (13, 18)):
        found = measure(film, Window(0, float(start), float(end)), CancelToken())
        for one, other in zip(found, found[1:], strict=False):
            assert one.end <= other.start


def test_a_cancel_ends_it(film):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Abandoned):
        measure(film, Window(0, 0.0, 20.0), token)


def test_what_is_no_video_is_said_to_be_none(film, tmp_path):
    from dataclasses import replace

    path = tmp_path / "noise.mp4"
    path.write_bytes(b"\0" * 5000)
    with pytest.raises(MediaError):
        measure(replace(film, path=path), Window(0, 0.0, 5.0), CancelToken())


def test_a_long_shot_is_told_only_when_its_beginning_was_seen():
    window = Window(0, 0.0, 40.0)
    found = Found(cuts=[(10.0, None), (30.0, 20.0)])
    assert [each.facts for each in moments(window, found)] == [("cut",), ("cut.after=20",)]


def test_what_happens_together_is_one_moment_with_the_weightiest_first():
    found = Found(cuts=[(10.0, None)], bangs=[10.4], stills=[("black", 10.1, 12.0)])
    (moment,) = moments(Window(0, 0.0, 20.0), found)
    assert moment.facts == ("bang", "black") and moment.start == 10.0
    assert moment.weight > noticing.STILLS["black"][2]
