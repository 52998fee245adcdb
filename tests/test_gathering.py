"""Films in fragments, put together: every packet at its time, and nothing encoded."""

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import Abandoned

from . import clips
from .marks import film, flashes
from .packets import contents, packets

SECONDS = 8.0
VFR = ("-vf", "select='not(mod(n,3))+lt(mod(n,50),20)'", "-fps_mode", "vfr")
FRAGMENTS = ("-movflags", "+frag_keyframe+empty_moov")
KINDS = {
    "as recorders write them": {},
    "with edit lists": {"options": ("-movflags", "+frag_keyframe+delay_moov")},
    "negative offsets": {"options": (*FRAGMENTS[:1], f"{FRAGMENTS[1]}+negative_cts_offsets")},
    "without sound": {"options": ("-an",)},
    "sound starts late": {"late": 2},
    "picture starts late": {"before": ("-itsoffset", "0.7")},
    "variable frame rate": {"options": (*VFR, "-enc_time_base", "1/90000")},
}


def fragments(path, *options, **more):
    return film(path, SECONDS, *FRAGMENTS, *options, **more)


@pytest.mark.parametrize("kind", KINDS)
def test_every_packet_is_there_at_its_time(each_binary, tmp_path, kind):
    more = dict(KINDS[kind])
    source = fragments(tmp_path / "film.mp4", *more.pop("options", ()), **more)
    assert media.footage(source, media.probe(source)) is None
    whole = tmp_path / "whole.mp4"
    found = media.gathered(source, media.probe(source), whole)
    before, after = packets(source), packets(whole)
    assert [each.content for each in after] == [each.content for each in before]
    assert found.path == whole and found.frames == len(before)
    times = [[float(each.pts) for each in side] for side in (after, before)]
    assert times[0] == pytest.approx(times[1], abs=2e-5)
    assert flashes(whole) == pytest.approx(flashes(source), abs=2e-5)
    assert found.duration == pytest.approx(media.probe(source).duration, abs=0.05)


def test_a_turned_film_stays_turned(tmp_path):
    flat, turned, whole = (tmp_path / name for name in ("flat.mp4", "turned.mp4", "whole.mp4"))
    film(flat, SECONDS)
    clips.ffmpeg("-i", flat, "-c", "copy", "-metadata:s:v", "rotate=90", *FRAGMENTS, turned)
    assert media.gathered(turned, media.probe(turned), whole)
    assert media.probe(whole).rotation == media.probe(turned).rotation != 0


@pytest.mark.parametrize("kind", ["not in fragments", "rare key frames", "sound of no such file"])
def test_any_other_film_is_left_to_others(tmp_path, kind):
    if kind == "not in fragments":
        source = film(tmp_path / "film.mp4", SECONDS)
    elif kind == "rare key frames":
        source = film(tmp_path / "film.mp4", 13, "-g", 999, "-sc_threshold", 0, *FRAGMENTS)
    else:
        source = fragments(tmp_path / "film.mov", "-c:a", "pcm_s16le")
    before = sorted(tmp_path.iterdir())
    assert media.gathered(source, media.probe(source), tmp_path / "whole.mp4") is None
    assert sorted(tmp_path.iterdir()) == before


def test_a_film_that_is_damaged_is_left_to_others(tmp_path):
    source = fragments(tmp_path / "film.mp4")
    about = media.probe(source)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 3])
    assert media.gathered(source, about, tmp_path / "whole.mp4") is None
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_cancelled_one_is_no_other_film(tmp_path):
    source, token = fragments(tmp_path / "film.mp4"), CancelToken()
    about = media.probe(source)
    token.cancel(Abandoned())
    with pytest.raises(Abandoned):
        media.gathered(source, about, tmp_path / "whole.mp4", token)


def test_it_is_what_chunks_are_cut_from(tmp_path):
    """Picture and sound of one clock, though each is read from another file."""
    source = fragments(tmp_path / "film.mp4", "-movflags", "+frag_keyframe+delay_moov")
    whole, sound = tmp_path / "whole.mp4", tmp_path / "sound.aac"
    found = media.gathered(source, media.probe(source), whole)
    (start, first), (end, last) = found.keys[1], found.keys[3]
    late = media.mix(source, start, end, (), 0.2, sound)
    chunk = tmp_path / "chunk.mp4"
    media.chunk(whole, start, last - first, sound, late, end - start, chunk)
    assert contents(chunk) == contents(source)[first:last]
    expected = [time - start for time in flashes(source) if start <= time < end]
    assert flashes(chunk) == pytest.approx(expected, abs=0.002)
