"""The finished film: the source's picture to the packet, the sound where it was."""

import re
import subprocess

import pytest

from server import media
from server.errors import MediaError

from . import clips
from .marks import beeps, film, flashes, marks, onsets, samples
from .packets import contents, packets
from .test_chunks import turned, windows

SECONDS = 12.0
SRT = "1\n00:00:01,000 --> 00:00:02,500\nA <i>line</i>, said 'so'.\n\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("final")


@pytest.fixture(scope="module")
def voice(folder):
    """A short low tone, unlike a beep."""
    path = folder / "voice.wav"
    clips.ffmpeg("-f", "lavfi", "-i", "sine=200:r=22050:d=0.4", "-af", "volume=0.2", path)
    return path


def mixed(source, folder, edges, voices=(), duck=0.3):
    sounds = []
    for number, (begin, end) in enumerate(edges):
        sounds.append(folder / f"sound_{number}.aac")
        media.mix(source, begin, end, voices, duck, sounds[-1])
    return sounds


def lines(voice, count, seconds):
    """So many lines between the beeps, none over one: they must be heard at full level."""
    every = (seconds - 1) / count
    starts = [1.2 + n * every for n in range(count)]
    return tuple(media.Voice(voice, start, start + 0.4) for start in starts)


@pytest.mark.parametrize("count", [5, 50])
def test_with_many_lines_each_flash_has_its_beep(each_binary, tmp_path, voice, count):
    seconds = SECONDS if count == 5 else 40.0
    source, target = film(tmp_path / "film.mp4", seconds), tmp_path / "final.mp4"
    voices = lines(voice, count, seconds)
    edges = [(begin, end) for begin, end, _ in windows(source, 3)]
    sounds = mixed(source, tmp_path, edges, voices)
    seconds = media.footage(source, media.probe(source)).duration
    media.final([source], sounds, None, "en", target, seconds)
    truth = marks(seconds)
    assert len(voices) == count and len(edges) > count / 10
    assert flashes(target) == pytest.approx(flashes(source), abs=0.001)
    assert flashes(target) == pytest.approx(truth, abs=0.001)
    # The beeps are 1000 Hz; the voices are not.
    assert onsets(high(target), 0.05) == pytest.approx(truth, abs=0.02)


def high(path):
    heard = path.with_suffix(".high.wav")
    filters = "aresample=48000:async=1:first_pts=0,highpass=f=700,highpass=f=700"
    clips.ffmpeg("-i", path, "-vn", "-af", filters, "-c:a", "pcm_f32le", heard)
    return samples(heard)


KINDS = {
    "B-frames": {},
    "no edit list": {"options": ("-use_editlist", "0")},
    "variable frame rate": {
        "options": (
            "-vf",
            "select='not(mod(n,3))'",
            "-fps_mode",
            "vfr",
            "-enc_time_base",
            "1/90000",
        )
    },
    "picture starts late": {"before": ("-itsoffset", "0.7")},
    "60 pictures a second": {"rate": "60000/1001"},
    "quicktime": {"name": "film.mov"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_is_the_sources_to_the_packet(each_binary, tmp_path, kind):
    more = dict(KINDS[kind])
    name, options = more.pop("name", "film.mp4"), more.pop("options", ())
    source, target = film(tmp_path / name, 5.0, *options, **more), tmp_path / "final.mp4"
    footage = media.footage(source, media.probe(source))
    sounds = mixed(source, tmp_path, [(0.0, 2.002), (2.002, footage.duration)])
    media.final([source], sounds, None, "en", target, footage.duration)
    own, truth = packets(target), packets(source)
    assert [(p.content, p.key) for p in own] == [(p.content, p.key) for p in truth]
    times = [float(p.pts) for p in truth]
    assert [float(p.pts) for p in own] == pytest.approx(times, abs=0.0005)
    made = media.footage(target, media.probe(target))
    assert made.frames == footage.frames
    # Within a picture's time, also at 60 a second.
    assert media.probe(target).duration == pytest.approx(footage.duration, abs=0.016)


def test_a_turned_film_stays_turned_and_one_without_sound_gets_silence(each_binary, tmp_path):
    source = turned(film(tmp_path / "film.mp4", 2.0, "-an"))
    target = tmp_path / "final.mp4"
    sounds = mixed(None, tmp_path, [(0.0, 2.0)])
    media.final([source], sounds, None, "de", target, 2.0)
    probe = media.probe(target)
    assert (probe.width, probe.height, probe.rotation) == (90, 160, 270)
    assert probe.has_audio and max(samples(target)) < 0.001
    assert contents(source) == contents(target)


def test_chunks_and_film_hold_the_same_packets(tmp_path):
    source, target, copied = film(tmp_path / "film.mp4", 6.0), tmp_path / "final.mp4", []
    edges = windows(source)
    sounds = mixed(source, tmp_path, [(begin, end) for begin, end, _ in edges])
    heard = []
    for (begin, end, frames), sound in zip(edges, sounds, strict=True):
        media.chunk(source, begin, frames, sound, 0.0, end - begin, tmp_path / "chunk.mp4")
        copied += contents(tmp_path / "chunk.mp4")
        heard += contents(tmp_path / "chunk.mp4", "0:a:0")
    media.final([source], sounds, None, "en", target, edges[-1][1])
    assert copied == contents(source) == contents(target)
    # The last one may end too late for a film that is to be as long as its picture.
    whole = contents(target, "0:a:0")
    assert heard[: len(whole)] == whole and len(heard) - len(whole) <= 1


def test_captions_and_languages_are_in_it(each_binary, tmp_path):
    source, target = film(tmp_path / "film.mp4", 3.0), tmp_path / "final.mp4"
    captions = tmp_path / "it's %d.srt"
    captions.write_text(SRT)
    media.final([source], mixed(source, tmp_path, [(0.0, 3.0)]), captions, "pt-BR", target, 3.0)
    command = [media.ffmpeg(), "-hide_banner", "-i", target, "-map", "0:s:0", "-f", "srt", "-"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert len(re.findall(r"Stream #0:[12]\S*\(por\): (?:Audio|Subtitle)", done.stderr)) == 2
    assert "00:00:01,000 --> 00:00:02,500" in done.stdout and "said 'so'" in done.stdout
    # It can be played while it is fetched.
    data = target.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


@pytest.mark.parametrize("kind", ["vp8", "variable frame rate"])
def test_converted_parts_are_put_together_without_drift(each_binary, tmp_path, kind):
    # A quote and other signs in the folder's name reach ffmpeg's list as they are.
    folder, target = tmp_path / "it's [a] %d", tmp_path / "final.mp4"
    folder.mkdir()
    if kind == "vp8":
        source = film(tmp_path / "film.webm", SECONDS, "-c:v", "libvpx", "-c:a", "libopus")
    else:
        more = ("-vf", "select='not(mod(n,5))+lt(mod(n,7),2)'", "-fps_mode", "vfr")
        source = film(tmp_path / "film.mkv", SECONDS, *more, "-bf", "0")
    parts = list(media.convert(source, folder, [1.3, 2.9, 4.1, 6.2, 8.4, 10.7]))
    assert len(parts) == 7
    sounds = mixed(source, tmp_path, [(part.start, part.end) for part in parts])
    media.final(parts, sounds, None, "en", target, parts[-1].end)
    assert len(packets(target)) == len(packets(source))
    found, truth = flashes(target), flashes(source)
    assert found == pytest.approx(truth, abs=0.001)
    assert beeps(target) == pytest.approx(onsets(samples(source)), abs=0.02)
    # How long the last picture of a variable rate is shown is a guess of each muxer.
    slack = 0.02 if kind == "vp8" else 0.1
    assert media.probe(target).duration == pytest.approx(parts[-1].end, abs=slack)


def test_sound_of_another_length_or_missing_is_no_film(tmp_path):
    source, target = film(tmp_path / "film.mp4", 6.0), tmp_path / "final.mp4"
    with pytest.raises(MediaError):
        media.final([source], [], None, "en", target, 6.0)
    with pytest.raises(MediaError):
        media.final([source, source], mixed(None, tmp_path, [(0.0, 1.0)]), None, "en", target, 6.0)
    assert not target.exists() and not list(tmp_path.glob(".*"))
