"""The stage that makes chunks: what it does with voices that cannot be mixed in."""

from types import SimpleNamespace

import pytest

from server import media
from server.cancel import CancelToken
from server.commentary.base import Clip, Cue, Line, Picture, Stretch, Window
from server.commentary.cut import UNHEARD, Cut
from server.errors import MediaError

from . import clips
from .marks import rms, samples

SECONDS = 6.0


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return clips.moving(tmp_path_factory.mktemp("film") / "film.mp4", SECONDS)


@pytest.fixture(name="voice")
def one_voice(tmp_path):
    path = tmp_path / "voice.wav"
    clips.ffmpeg("-f", "lavfi", "-i", "sine=500:r=22050:d=1", "-af", "volume=3", path)
    return path


@pytest.fixture(name="broken")
def one_that_is_no_sound(tmp_path):
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF of nothing")
    return path


class Session:
    """A commentary's folder, kept notes in memory."""

    def __init__(self, folder):
        self._folder, self.notes = folder, {}

    def chunk(self, index):
        return self._folder / f"chunk_{index}.mp4"

    def sound(self, index):
        return self._folder / f"sound_{index}.aac"

    def kept(self, name):
        return self.notes.get(name)

    def keep(self, name, value):
        self.notes[name] = value


@pytest.fixture(name="cut")
def cutting(film, tmp_path):
    options = SimpleNamespace(original_volume=0.2)
    session, token = Session(tmp_path), CancelToken()
    return Cut(SimpleNamespace(source_sound=None, options=options, session=session, token=token))


def stretch(film, *voices, before=()):
    """Two seconds for each voice, which begins with them."""
    frames = round(SECONDS * 25)
    return Stretch(
        Window(0, 0.0, SECONDS),
        Picture(film, 0.0, frames),
        cues=tuple(cue(number, path) for number, path in enumerate(voices)),
        before=before,
    )


def cue(number, path, start=None):
    start = 2.0 * number if start is None else start
    return Cue(number, start, start + 1, 1.0, Clip(Line(start, start + 2, "Goal."), path, 1.0))


def loud(chunk):
    """Which of the stretches of two seconds have a voice."""
    heard = samples(chunk.path)
    return [number for number in range(3) if rms(heard, 2 * number + 0.2, 2 * number + 0.8) > 0.02]


def test_a_voice_that_cannot_be_read_costs_no_other_its_own(cut, film, voice, broken):
    done = cut.work(stretch(film, voice, broken, voice))
    assert [each.index for each in done.cues] == [0, 2]
    (loss,) = done.lost
    assert (loss.index, loss.stage, loss.code, loss.message) == (1, "cut", "media", UNHEARD)
    assert loud(done.chunk) == [0, 2]
    assert cut.work(stretch(film, voice, broken, voice)) == done, "as it was made before a restart"


def test_what_an_older_server_noted_is_made_again(cut, film, voice):
    done = cut.work(stretch(film, voice))
    cut.job.session.keep("cut_0.json", {"header": 1, "silenced": False})
    assert cut.work(stretch(film, voice)) == done


def test_one_of_the_window_before_was_lost_there(cut, film, voice, broken):
    before = (cue(0, broken, start=-0.5),)
    done = cut.work(stretch(film, voice, before=before).but(cues=(cue(1, voice, start=2.0),)))
    assert [each.index for each in done.cues] == [1] and not done.lost
    assert loud(done.chunk) == [1]


def test_without_any_that_can_be_mixed_the_film_goes_on(cut, film, broken, tmp_path):
    done = cut.work(stretch(film, broken, tmp_path / "gone.wav"))
    assert not done.cues and [loss.index for loss in done.lost] == [0, 1]
    assert loud(done.chunk) == []


def test_where_it_is_not_their_fault_the_film_goes_on_without_them(cut, film, voice, monkeypatch):
    mix = media.mix

    def only_alone(source, start, end, voices, *more):
        if voices:
            raise MediaError("No.")
        return mix(source, start, end, voices, *more)

    monkeypatch.setattr(media, "mix", only_alone)
    done = cut.work(stretch(film, voice))
    assert not done.cues and [loss.index for loss in done.lost] == [0]


def test_a_line_that_is_only_read_stays_in_the_captions(cut, film, broken):
    done = cut.work(stretch(film, broken, None))
    assert [each.index for each in done.cues] == [1]


def test_a_picture_that_cannot_be_cut_ends_it(cut, film, voice):
    gone = stretch(film, voice).but(picture=Picture(film.with_name("gone.mp4"), 0.0, 1))
    with pytest.raises(MediaError):
        cut.work(gone)
