"""Windows of sound: each mixed by itself, together one track, all of it where it belongs."""

from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import media
from server.errors import Abandoned
from server.cancel import CancelToken
from server.media import adts, ducking
from server.media.sound import slot

from . import clips
from .marks import RATE, film, flashes, marks, onsets, rms, samples

SECONDS = 6.0
BORDERS = (2.5025, 4.51)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sound")


@pytest.fixture(scope="module")
def voice(folder):
    """Half a second that begins at once."""
    path = folder / "voice.wav"
    clips.ffmpeg("-f", "lavfi", "-i", "sine=500:r=22050:d=0.5", "-af", "volume=3", path)
    return path


def track(folder, source, voices=(), duck=0.2, borders=BORDERS, seconds=SECONDS):
    """The packets of all windows, one after the other."""
    whole = folder / "track.aac"
    with open(whole, "wb") as out:
        edges = (0.0, *borders, seconds)
        for begin, end in zip(edges, edges[1:], strict=False):
            part = folder / "window.aac"
            offset = media.mix(source, begin, end, voices, duck, part)
            assert 0 <= offset < adts.PACKET / RATE
            packets = list(adts.packets(part.read_bytes()))
            assert len(packets) == slot(end) - slot(begin)
            out.write(part.read_bytes())
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    return whole


SOURCES = {
    "stereo": {"options": ("-ac", "2")},
    "mono at 44.1 kHz": {"sound_rate": 44100},
    "5.1": {"options": ("-af", "pan=5.1|FL=c0|FC=c0", "-c:a", "ac3"), "name": "film.mkv"},
    "opus": {"options": ("-c:a", "libopus"), "name": "film.mkv"},
    "aac in matroska": {"sound_rate": 44100, "name": "film.mkv"},
    "starts late": {"late": 2},
    "starts late in a transport stream": {"late": 2, "name": "film.ts"},
    "picture starts late in a transport stream": {
        "before": ("-itsoffset", "0.5"),
        "name": "film.ts",
    },
    "flash video": {"sound_rate": 44100, "name": "film.flv"},
    "in AVI": {"options": ("-c:a", "pcm_s16le", "-bf", "0"), "name": "film.avi"},
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_beep_is_where_the_source_has_it(each_binary, tmp_path, kind):
    more = dict(SOURCES[kind])
    name, options = more.pop("name", "film.mp4"), more.pop("options", ())
    source = film(tmp_path / name, SECONDS, *options, **more)
    found = onsets(samples(track(tmp_path, source)), 0.05)
    ahead = 0.5 if "before" in more else 0.0
    truth = [time - ahead for time in flashes(source)[more.get("late", 0) :]]
    assert len(truth) > 2
    # The old muxer itself puts opus 7 ms early.
    assert found == pytest.approx(truth, abs=0.008 if kind == "opus" else 0.004)


def test_where_the_source_has_no_sound_for_a_while_there_is_silence(each_binary, tmp_path):
    whole, holed = tmp_path / "whole.mkv", tmp_path / "holed.mkv"
    film(whole, SECONDS, "-c:a", "pcm_s16le")
    drop = "noise=drop='between(pts*tb,2.2,3.4)'"
    clips.ffmpeg("-i", whole, "-c", "copy", "-bsf:a", drop, holed)
    found = onsets(samples(track(tmp_path, holed)))
    gone = [time for time in marks(SECONDS) if not 2.2 <= time <= 3.4]
    assert found == pytest.approx(gone, abs=0.003)


def test_windows_join_without_a_click(each_binary, tmp_path):
    """A tone over the borders is the tone it was: what is left of it after the tone has been
    taken out is no louder at a border than elsewhere."""
    source, tone = tmp_path / "tone.mp4", "0.4*sin(2*PI*440*t)"
    clips.ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{tone}':s=44100:d=6", "-c:a", "aac", source)
    heard = samples(track(tmp_path, source, seconds=5.5))
    errors = [residue(heard, begin / 10) for begin in range(5, 50)]
    at_borders = [residue(heard, border - 0.05) for border in BORDERS]
    assert max(at_borders) < 1.2 * max(errors) < 0.015


def residue(heard, begin, seconds=0.1, hertz=440):
    """How loud a stretch is without its part of that frequency."""
    first, count = round(begin * RATE), round(seconds * RATE)
    angles = [2 * pi * hertz * n / RATE for n in range(count)]
    part = heard[first : first + count]
    real = 2 / count * sum(value * cos(a) for value, a in zip(part, angles, strict=True))
    imag = 2 / count * sum(value * sin(a) for value, a in zip(part, angles, strict=True))
    left = [value - real * cos(a) - imag * sin(a) for value, a in zip(part, angles, strict=True)]
    return (sum(value * value for value in left) / count) ** 0.5


def test_windows_are_as_one_encode_of_the_whole(each_binary, tmp_path, voice):
    source = tmp_path / "noise.mp4"
    noise = "anoisesrc=c=pink:a=0.3:r=48000:d=6:seed=1"
    clips.ffmpeg("-f", "lavfi", "-i", noise, "-ac", 2, "-c:a", "aac", source)
    voices = (media.Voice(voice, 2.2, 2.7), media.Voice(voice, 4.3, 4.8))
    apart = samples(track(tmp_path, source, voices))
    whole = samples(track(tmp_path, source, voices, borders=()))
    assert len(apart) == len(whole)
    error = [a - b for a, b in zip(apart, whole, strict=True)]
    everywhere = rms(error, 0, SECONDS)
    assert everywhere < 0.1 * rms(whole, 0, SECONDS)
    for border in BORDERS:
        assert rms(error, border - 0.03, border + 0.03) < 2 * everywhere + 0.001


def test_the_same_window_is_the_same_bytes(tmp_path, voice):
    source = film(tmp_path / "film.mp4", 5)
    voices = (media.Voice(voice, 2.0, 2.5, 1.1, 0.7),)
    for name in ("a", "b"):
        media.mix(source, 1.0, 4.0, voices, 0.2, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_source_is_low_under_speech_and_only_there(each_binary, tmp_path, folder):
    source, silent = tmp_path / "tone.mp4", tmp_path / "silent.wav"
    clips.ffmpeg("-f", "lavfi", "-i", "sine=440:r=48000:d=6", "-ac", 1, source)
    clips.ffmpeg("-f", "lavfi", "-i", "anullsrc=r=24000:cl=mono:d=1", silent)
    voices = (media.Voice(silent, 2.2, 3.2), media.Voice(silent, 4.1, 5.1))
    heard = samples(track(tmp_path, source, voices))
    loud = rms(heard, 1, 2)
    # Of one channel, so on both sides it is as loud as it was.
    assert loud == pytest.approx(0.125 / 2**0.5, rel=0.02)
    for begin, end in ((2.2, 3.2), (4.1, 5.1)):
        assert rms(heard, begin + 0.01, end - 0.01) == pytest.approx(0.2 * loud, rel=0.05)
        assert rms(heard, begin - 0.3, begin - 0.16) == pytest.approx(loud, rel=0.02)
        assert rms(heard, end + 0.16, end + 0.3) == pytest.approx(loud, rel=0.02)
        assert 0.3 * loud < rms(heard, begin - 0.1, begin - 0.05) < 0.9 * loud


@pytest.mark.parametrize(
    "name, rate, tempo", [("v.wav", 22050, 1.0), ("v.wav", 44100, 1.15), ("v.mp3", 24000, 1.15)]
)
def test_a_voice_is_where_it_was_put(each_binary, tmp_path, name, rate, tempo):
    spoken = tmp_path / name
    clips.ffmpeg("-f", "lavfi", "-i", f"sine=700:r={rate}:d=1.15", "-af", "volume=4", spoken)
    # The second one goes over a border.
    voices = [media.Voice(spoken, time, time + 1.15 / tempo, tempo, 0.8) for time in (1.0, 4.0)]
    heard = samples(track(tmp_path, None, voices))
    assert onsets(heard) == pytest.approx([1.0, 4.0], abs=0.002 if tempo == 1 else 0.02)
    assert rms(heard, 1.2, 1.8) == pytest.approx(0.5 * 0.8 / 2**0.5, rel=0.1)
    for begin in (1.0, 4.0):
        end = begin + 1.15 / tempo
        assert rms(heard, end - 0.05, end - 0.03) > 0.2
        assert rms(heard, end + 0.03, end + 0.1) < 0.01


def test_no_peak_is_over_minus_1_dbtp(each_binary, tmp_path, voice):
    source = tmp_path / "loud.mkv"
    loud = "sin(2*PI*12000*t+PI/4)*1.4|sin(2*PI*60*t)*5"
    args = ("-af", "aformat=s16:channel_layouts=stereo", "-c:a", "pcm_s16le")
    clips.ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{loud}':s=48000:d=5", *args, source)
    media.mix(source, 0, 5, (media.Voice(voice, 1, 1.5, 1, 4),), 0.5, tmp_path / "loud.aac")
    peaks = "aresample=192000,astats=metadata=1:measure_perchannel=none,"
    said = media.lines(
        remuxed(tmp_path / "loud.aac"), ["-af", peaks + "ametadata=print:file=-:direct=1"]
    )
    found = [float(line.partition("=")[2]) for line in said if "Overall.Peak_level" in line]
    assert -6 < found[-1] < -1


def remuxed(path):
    target = path.with_suffix(".mp4")
    clips.ffmpeg("-i", path, "-c", "copy", target)
    return target


def test_a_cancelled_mix_leaves_nothing(tmp_path, voice):
    source, token = film(tmp_path / "film.mp4", 3), CancelToken()
    token.cancel()
    with pytest.raises(Abandoned):
        voices = (media.Voice(voice, 1, 1.5),)
        media.mix(source, 0.0, 3.0, voices, 0.2, tmp_path / "out.aac", token)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_window_shorter_than_a_packet_and_one_of_a_picture(tmp_path):
    assert media.mix(None, 0.0, 0.04, (), 0.2, tmp_path / "a.aac") == 0
    assert len(list(adts.packets((tmp_path / "a.aac").read_bytes()))) == 2
    media.mix(None, 0.001, 0.002, (), 0.2, tmp_path / "b.aac")
    assert (tmp_path / "b.aac").read_bytes() == b""


times = st.floats(-2, 12, allow_nan=False)


@given(st.lists(st.tuples(times, st.floats(0, 3)), max_size=5), st.floats(0, 1))
def test_the_curve_is_soft_low_under_speech_and_open_elsewhere(spans, low):
    speech = [(begin, begin + seconds) for begin, seconds in spans]
    gains = ducking.curve(10, speech, low)
    assert len(gains) == 10_000
    assert all(low - 1e-6 <= gain <= 1 for gain in gains)
    steepest = (1 - low) * pi / 2 / len(ducking.EDGE) + 1e-6
    steps = [abs(a - b) for a, b in zip(gains, gains[1:], strict=False)]
    assert max(steps) <= 1.1 * steepest
    for n in range(0, 10_000, 37):
        time = n / 1000
        if any(begin + 0.001 < time < end - 0.001 for begin, end in speech):
            assert gains[n] == pytest.approx(low, abs=1e-6)
        if all(time < begin - 0.31 or time > end + 0.31 for begin, end in speech):
            assert gains[n] == 1


def test_a_pause_too_short_for_the_edges_stays_low():
    gains = ducking.curve(4, [(1, 2), (2.2, 3)], 0.2)
    assert max(gains[1000:3000]) == pytest.approx(0.2)
    assert min(gains[:840]) == min(gains[3160:]) == 1
