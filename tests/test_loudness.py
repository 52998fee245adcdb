"""The loudness of a voice, held against tones whose loudness is known."""

import pytest

from server import media
from server.errors import MediaError

from . import clips


def tone(path, seconds, decibels, rate=24000, channels=1):
    """A sine with that peak, for which R 128 was made: 997 Hz on both sides is as loud."""
    level = 10 ** (decibels / 20)
    wave = f"aevalsrc='{level}*sin(2*PI*997*t)':s={rate}:d={seconds}"
    clips.ffmpeg("-f", "lavfi", "-i", wave, "-ac", channels, path)
    return path


@pytest.mark.parametrize("name, rate", [("v.wav", 22050), ("v.mp3", 44100)])
def test_a_tone_is_as_loud_as_it_is(each_binary, tmp_path, name, rate):
    lufs, peak, seconds = media.loudness(tone(tmp_path / name, 2.35, -20, rate))
    assert lufs == pytest.approx(-20, abs=0.6)
    assert peak == pytest.approx(-20, abs=0.6)
    assert seconds == pytest.approx(2.35, abs=0.03)


def test_of_a_word_too_short_to_measure_only_peak_and_length_are_known(each_binary, tmp_path):
    lufs, peak, seconds = media.loudness(tone(tmp_path / "short.wav", 0.3, -6))
    assert lufs is None
    assert peak == pytest.approx(-6, abs=0.2) and seconds == pytest.approx(0.3, abs=0.001)


def test_a_click_at_the_very_end_is_in_the_peak(each_binary, tmp_path):
    late = tmp_path / "late.wav"
    wave = "aevalsrc='0.01*sin(2*PI*300*t)+0.5*gt(t,1.03)':s=48000:d=1.05"
    clips.ffmpeg("-f", "lavfi", "-i", wave, late)
    assert media.loudness(late)[1] > -7


def test_silence_has_no_loudness_and_no_sound_is_an_error(each_binary, tmp_path):
    silent, junk = tmp_path / "silent.wav", tmp_path / "junk.mp3"
    clips.ffmpeg("-f", "lavfi", "-i", "anullsrc=r=24000:cl=mono:d=1", silent)
    assert media.loudness(silent) == (None, None, pytest.approx(1.0))
    junk.write_bytes(b"not a voice" * 100)
    with pytest.raises(MediaError) as caught:
        media.loudness(junk)
    assert str(tmp_path) not in caught.value.message
