"""Samples: trimmed, faded and written."""

import wave
from array import array

import pytest

from server.voices.sound import FADE_IN_S, FADE_OUT_S, LEAD_S, TAIL_S, Sound

RATE = 20_000


def square(seconds, height=10_000):
    return array("h", [height, -height] * round(seconds * RATE / 2))


def test_silence_is_cut_from_both_ends_but_for_a_breath():
    padded = square(0.3, 10) + square(1.0) + square(0.7, 10)
    sound, cut = Sound(padded, RATE).trimmed()
    assert cut == pytest.approx(0.3 - LEAD_S, abs=0.006)
    assert sound.seconds == pytest.approx(LEAD_S + 1.0 + TAIL_S, abs=0.006)


def test_what_begins_and_ends_loud_is_faded():
    sound, cut = Sound(square(1.0), RATE).trimmed()
    assert (cut, sound.seconds) == (0, 1.0)
    heights = list(map(abs, sound.samples))
    assert heights[0] == heights[-1] == 0
    fade_in, fade_out = round(FADE_IN_S * RATE), round(FADE_OUT_S * RATE)
    assert heights[:fade_in] == sorted(heights[:fade_in])
    assert heights[-fade_out:] == sorted(heights[-fade_out:], reverse=True)
    assert set(heights[fade_in:-fade_out]) == {10_000}


def test_a_silence_within_is_found_and_stays():
    sound = Sound(square(0.5) + square(0.4, 0) + square(0.5), RATE)
    assert sound.end_of_sound(0, 0.9) == pytest.approx(0.5, abs=0.005)
    assert sound.end_of_sound(0, 0.3) == 0.3
    assert sound.end_of_sound(0.6, 0.8) == 0.6
    assert sound.trimmed()[0].seconds == sound.seconds


@pytest.mark.parametrize("samples", [array("h"), array("h", [0]), square(0.001), square(1.0, 5)])
def test_next_to_nothing_is_no_accident(samples, tmp_path):
    sound, cut = Sound(samples, RATE).trimmed()
    assert cut >= 0 and sound.seconds <= len(samples) / RATE
    sound.write(tmp_path)


def test_a_file_is_complete_or_not_there(tmp_path, monkeypatch):
    path = Sound(square(0.5), RATE).write(tmp_path)
    with wave.open(str(path)) as file:
        assert (file.getnframes(), file.getframerate()) == (RATE // 2, RATE)
    monkeypatch.setattr("os.replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Sound(square(0.5), RATE).write(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
