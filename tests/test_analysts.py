"""The built-in analysts, held against clips whose truth is known."""

import os
import re
import signal
import threading
import time

import pytest

from server import media, sample
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.models import Models
from server.providers.analysts.cuts import EACH_SAID, CutNotes
from server.providers.analysts.light import LightNotes
from server.providers.analysts.sound import SoundNotes
from server.providers.analysts.stills import StillNotes
from server.providers.analysts.words import clock, length
from server.providers.base import Call, Question, Usage
from server.settings import SHIPPED_MODELS

from . import clips
from .live import SOON_S, until

ANALYSTS = ("cuts", "light", "sound", "stills")
MODELS = Models(SHIPPED_MODELS)


def analyst(name):
    return MODELS.slot(name).provider


def said(name, path, start=None, end=None):
    text, usage = clips.answer(analyst(name), clips.question(path, start, end), CancelToken())
    assert usage == Usage(cost=0.0)
    assert text.endswith("\n")
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("analysts")


@pytest.fixture(scope="module")
def sample_film(folder):
    sample.make(folder / "sample.mp4")
    return folder / "sample.mp4"


@pytest.fixture(scope="module")
def coloured(folder):
    """Moving 0-2, black 2-3, red 3-5; a tone with silence 1-2 and a loud second 4-5."""
    volume = "if(between(t,1,2),0,if(gte(t,4),0.9,0.02))"
    return clips.clip(
        folder / "coloured.mp4",
        [("testsrc=decimals=3", 2), ("black", 1), ("red", 2)],
        f"aevalsrc='sin(2*PI*440*t)*{volume}':s=48000",
    )


@pytest.fixture(scope="module")
def long_film(folder):
    return clips.noise(folder / "long.mp4", 120, sound=True)


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    until(lambda: not clips.children(), SOON_S)


def test_cuts_says_where_it_cuts_and_how_long_the_shots_are(each_binary, coloured):
    text = said("cuts", coloured)
    assert "Cut at 0:02, after 2.0 s." in text
    assert "Cut at 0:03, after 1.0 s." in text
    assert "In all 2 cuts and 3 shots in 5.0 s: 1.7 s a shot on average, a fast pace." in text
    assert "shortest 1.0 s (0:02-0:03)" in text


def test_light_says_what_is_dark_and_what_is_red(each_binary, coloured):
    text = said("light", coloured)
    assert re.search(r"0:02-0:03: black \(0 %\), no colour, no movement\.", text)
    assert re.search(r"0:03-0:05: .*strong red, no movement\.", text)
    assert re.search(r"Darkest is 0:02-0:03 \(0 %\), brightest 0:00-0:02", text)


def test_sound_says_where_it_is_silent_and_where_it_peaks(each_binary, coloured):
    text = said("sound", coloured)
    assert "Silence 0:01-0:02, for 1.0 s." in text
    assert "Suddenly louder at 0:04." in text
    level = re.search(r"The highest peak is (-?[\d.]+) dBFS, at 0:04", text)
    assert -1.6 < float(level[1]) < 0.2
    assert re.search(r"Loudness of the whole: -\d+\.\d LUFS\.", text)
    assert "1 silence, 1.0 s in all." in text


def test_stills_says_what_is_black_blank_and_frozen(each_binary, coloured):
    text = said("stills", coloured)
    assert "Black 0:02-0:03, for 1.0 s." in text
    assert "One plain colour 0:03-0:05, for 2.0 s." in text
    assert "frozen" not in text.partition("\n")[2]


def test_a_frozen_picture_is_found_although_key_frames_touch_it_up(tmp_path):
    frozen = tmp_path / "frozen.mp4"
    still = "loop=loop=75:size=1:start=50,setpts=N/25/TB"
    lively = "color=gray:s=320x180:r=25:d=4,noise=alls=20:allf=t"
    clips.ffmpeg("-f", "lavfi", "-i", f"{lively},{still}", *clips.QUICK, frozen)
    # The encoder goes on refining the picture for half a second after it has stopped.
    found = re.findall(r"stands still (\S+), for (.*) s\.", said("stills", frozen))
    assert len(found) == 1 and found[0][0] == "0:02-0:05" and float(found[0][1]) >= 2.4


def test_a_window_is_told_in_the_times_of_the_video(coloured):
    assert "Cut at 0:03, after 0.5 s." in said("cuts", coloured, 2.5, 4.5)
    assert "Black 0:02-0:03, for 0.5 s." in said("stills", coloured, 2.5, 4.5)
    assert "at 0:04" in said("sound", coloured, 2.5, 5.0)
    assert "0:03-0:04" in said("light", coloured, 2.5, 4.5)


def test_the_sample_film_gives_each_analyst_something_true_to_say(each_binary, folder, request):
    path = folder / f"{request.node.callspec.id}.mp4"
    sample.make(path)
    probe = media.probe(path)
    assert (probe.width, probe.height, probe.codec, probe.audio_codec) == (1280, 720, "h264", "aac")
    assert probe.duration == pytest.approx(24, abs=0.05)
    assert path.stat().st_size < 3_000_000
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    cuts = re.findall(r"Cut at (\d:\d\d)", said("cuts", path))
    assert cuts == ["0:05", "0:09", "0:10", "0:14", "0:18", "0:22"]
    light = said("light", path)
    assert "Darkest is 0:09-0:10" in light and "brightest 0:10-0:14" in light
    sound = said("sound", path)
    assert "Silence 0:09-0:10" in sound and "Suddenly louder at 0:20" in sound
    assert re.search(r"highest peak is -\d\.\d dBFS, at 0:20", sound)
    stills = said("stills", path)
    assert "Black 0:09-0:10, for 1.0 s." in stills
    assert "stands still 0:14-0:18, for 4.0 s." in stills


@pytest.mark.parametrize("name", ANALYSTS)
def test_findings_come_while_the_rest_is_still_being_read(long_film, name):
    began = time.monotonic()
    pieces = analyst(name).answer(clips.question(long_film), Call(CancelToken()))
    intro = next(pieces)
    first = time.monotonic() - began
    assert "do not read the question" in intro
    assert clips.children(), "the film was read before the first word"
    pieces.close()
    assert not clips.children()
    assert first < 10


def test_a_finding_arrives_long_before_the_end(sample_film):
    def part():
        """Of the time that all took, when it came."""
        began = time.monotonic()
        times = []
        for _ in analyst("cuts").answer(clips.question(sample_film), Call(CancelToken())):
            times.append(time.monotonic() - began)
        # The second piece is the cut at 0:05 of 0:24.
        return times[1] / times[-1]

    # A thread that is woken late hears all of it at once; not each time.
    assert any(part() < 0.75 for _ in range(5))


@pytest.mark.parametrize("name", ANALYSTS)
def test_cancelling_stops_an_analyst_and_its_ffmpeg_at_once(long_film, name):
    token, go_on, ended = CancelToken(), threading.Event(), []
    question = clips.question(long_film)

    def work():
        try:
            for _ in analyst(name).answer(question, Call(token)):
                go_on.wait(20)
        except Abandoned:
            ended.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    for ffmpeg in until(clips.children):
        os.kill(ffmpeg, signal.SIGSTOP)  # it is not done before it is called off
    go_on.set()
    cancelled_at = time.monotonic()
    token.cancel()
    thread.join(SOON_S)
    assert ended and ended[0] - cancelled_at < SOON_S
    assert not clips.children()


ODD = {
    "one frame": dict(seconds=0.04),
    "two pixels": dict(seconds=0.4, size="2x2"),
    "odd and 4:4:4": dict(
        seconds=0.4, size="33x35", options=("-c:v", "libx264", "-pix_fmt", "yuv444p")
    ),
    "ten bit HEVC": dict(
        seconds=0.4,
        options=("-c:v", "libx265", "-x265-params", "log-level=none", "-preset")
        + ("ultrafast", "-pix_fmt", "yuv420p10le"),
    ),
    "VP9": dict(seconds=0.4, options=("-c:v", "libvpx-vp9", "-deadline", "realtime")),
    "one frame a second": dict(seconds=3, rate=1),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_films_are_measured_without_a_word_of_complaint(tmp_path, kind):
    path = clips.moving(tmp_path / "odd.mp4", sound="sine=440:r=48000", **ODD[kind])
    for name in ANALYSTS:
        text = said(name, path)
        assert len(text.splitlines()) >= 2
        assert "breaks off" not in text and "nan" not in text and "inf " not in text


def test_a_variable_frame_rate_shifts_nothing(coloured, tmp_path):
    path = tmp_path / "variable.mp4"
    drop = "select='lt(mod(n,10),4)'"
    clips.ffmpeg("-i", coloured, "-vf", drop, "-fps_mode", "vfr", *clips.QUICK, path)
    assert "Cut at 0:02, after 2.0 s." in said("cuts", path)
    # The frame at 3.0 s is one of those left out: black holds until the next, at 3.2 s.
    assert "Black 0:02-0:03, for 1.2 s." in said("stills", path)
    assert "0:02-0:03: black (0 %)" in said("light", path)


def test_a_film_without_sound_is_said_to_have_none(tmp_path):
    path = clips.moving(tmp_path / "mute.mp4", 0.4)
    assert "no sound" in said("sound", path)
    assert analyst("sound").evidence(clips.question(path))["audio"] is False


def test_sound_without_a_picture_is_said_to_have_none(tmp_path):
    path = tmp_path / "song.m4a"
    clips.ffmpeg("-f", "lavfi", "-t", 1, "-i", "sine=440", path)
    assert "no picture" in said("cuts", path)
    assert "dBFS" in said("sound", path)


def test_digital_silence_is_said_to_be_silent(tmp_path):
    path = clips.moving(tmp_path / "quiet.mp4", 2.0, "anullsrc=r=48000:cl=stereo")
    text = said("sound", path)
    assert "Silence 0:00-0:02" in text and "nothing can be heard" in text


def test_a_film_cut_off_in_the_middle_is_measured_as_far_as_it_goes_and_that_is_said(tmp_path):
    whole = clips.moving(tmp_path / "whole.mp4", 10.0)
    early = tmp_path / "early.mp4"
    clips.ffmpeg("-i", whole, "-c", "copy", "-movflags", "+faststart", early)
    asked = clips.question(early)
    data = early.read_bytes()
    early.write_bytes(data[: len(data) // 2])
    text, _ = clips.answer(analyst("cuts"), asked, CancelToken())
    assert re.search(r"The picture breaks off at 0:0[2-7]; the rest could not be measured\.", text)


def test_a_damaged_file_is_an_error_that_names_no_path(tmp_path):
    path = clips.moving(tmp_path / "film.mp4", 1.0, "sine=440")
    asked = clips.question(path)
    path.write_bytes(b"\0" * 5000)
    for name in ANALYSTS:
        with pytest.raises(ProviderError) as caught:
            list(analyst(name).answer(asked, Call(CancelToken())))
        assert caught.value.code == "bad_request" and not caught.value.retryable
        assert str(tmp_path) not in caught.value.message


def test_evidence_says_that_it_is_a_measurement_of_what_and_where(coloured):
    for name in ANALYSTS:
        evidence = analyst(name).evidence(clips.question(coloured, 1.0, 3.0))
        assert evidence["kind"] == "measurement" and evidence["measures"]
        assert evidence["window"] == [1.0, 3.0]
        assert evidence["audio"] is (name == "sound")


def test_a_prompt_without_a_video_is_refused_before_anything_starts():
    for name in ANALYSTS:
        with pytest.raises(ProviderError, match="video"):
            analyst(name).preflight(Question("Hello?"))


def notes_of(notes, samples):
    said = [sentence for time, values in samples for sentence in notes.see(time, values)]
    return said + list(notes.close(notes.end))


def test_two_hours_with_three_thousand_cuts_stay_readable():
    frames = ((n * 0.24, {"scd.score": 40.0 if n % 10 == 0 else 0.1}) for n in range(30_000))
    lines = notes_of(CutNotes(0.0, 7200.0), frames)
    assert sum(line.startswith("Cut at") for line in lines) == EACH_SAID
    assert len(lines) < 100
    assert "In all 2999 cuts and 3000 shots" in lines[-2]


def test_two_hours_of_anything_stay_readable():
    dark = {f"signalstats.{p}{what}": 30.0 for p in "YUV" for what in ("MIN", "MAX", "AVG")}
    dark |= {f"signalstats.{p}DIF": 0.0 for p in "YUV"} | {"signalstats.SATAVG": 0.0}
    light = {key: 180.0 for key in dark}
    flicker = [(n * 0.25, light if n // 8 % 2 else dark) for n in range(4 * 7200)]
    assert len(notes_of(LightNotes(0.0, 7200.0), flicker)) < 100
    assert len(notes_of(StillNotes(0.0, 7200.0), flicker)) < 100
    quiet = {"astats.Overall.Peak_level": -90.0, "r128.M": -80.0}
    loud = {"astats.Overall.Peak_level": -3.0, "r128.M": -20.0, "r128.I": -20.0}
    gaps = ((n / 10, loud if n // 20 % 2 else quiet) for n in range(72_000))
    assert len(notes_of(SoundNotes(0.0, 7200.0), gaps)) < 120


def test_fast_steady_motion_is_no_cut_but_a_weak_cut_out_of_calm_is():
    motion = [(n / 25, {"scd.score": 6.0}) for n in range(1, 100)]
    start = [(0.0, {"scd.score": 0.0})]
    assert (
        "No cut"
        in notes_of(CutNotes(0.0, 4.0), start + [(t, {"scd.score": 3.0}) for t, _ in motion])[0]
    )
    calm = [(n / 25, {"scd.score": 7.0 if n == 50 else 0.2}) for n in range(100)]
    assert notes_of(CutNotes(0.0, 4.0), calm)[0] == "Cut at 0:02, after 2.0 s."


def test_times_read_as_people_write_them():
    assert [clock(t) for t in (0, 42.9, 62, 3723.5, 1.9995)] == [
        "0:00",
        "0:42",
        "1:02",
        "1:02:03",
        "0:02",
    ]
    assert [length(t) for t in (0.04, 1.24, 42.4, 150)] == ["0.04 s", "1.2 s", "42 s", "2.5 min"]
