"""Lines get a voice: measured, rewritten where they are too long, kept, and never lost for
want of one voice."""

import json
import wave
from dataclasses import dataclass

import pytest

from server.cancel import CancelToken
from server.commentary.base import Clip, Line
from server.commentary.options import Options
from server.commentary.results import Results
from server.commentary.speak import PEAK_DB, TARGET_LUFS, Speak, gain
from server.errors import ProviderError
from server.voices.base import Speech, Voice
from tests import commentating

RATE = 8000


class Scripted(Voice):
    """Speaks as slowly as it is told to, or fails as it is told to."""

    remote = True

    def __init__(self, label, pace=0.2, failures=()):
        self.label, self.pace, self.failures = label, pace, list(failures)
        self.said = []

    def speak(self, utterance, folder, token):
        self.said.append(utterance.text)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        words = utterance.text.split()
        seconds = len(words) * self.pace
        path = folder / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(b"\x00\x20\x00\xe0" * (round(seconds * RATE) // 2))
        timed = [(n * self.pace, (n + 1) * self.pace, word) for n, word in enumerate(words)]
        return Speech(path, seconds, tuple(timed), self.label)


@dataclass
class Voices:
    """The chosen voice, and one that needs no vendor."""

    voice: Voice
    offline: Voice | None

    def choose(self, wanted, language):
        return self.voice, wanted


@pytest.fixture
def stage(make_services, tmp_path):
    def make(voice, offline=None, **settings):
        services = make_services(**settings)
        services.voices = Voices(voice, offline)
        job = commentating.Job(None, services, Options())
        job.results = Results(tmp_path / "results").of(job.token)
        return Speak(job)

    return make


def lines(*texts, every=7.0):
    return tuple(
        Line(1.0 + n * every, 1.0 + n * every + every - 0.25, text) for n, text in enumerate(texts)
    )


def spoken(stage, *texts, **more):
    return stage.work(commentating.stretch(end=30.0, lines=lines(*texts, **more)))


def refused(code, retryable=None):
    return ProviderError(code, f"It said {code}.", retryable)


def test_each_line_is_a_clip_with_its_words_and_its_loudness(stage):
    voice = Scripted("voice")
    done = spoken(stage(voice), "One two three.", "Four five.")
    assert [clip.line.text for clip in done.clips] == ["One two three.", "Four five."]
    assert [clip.seconds for clip in done.clips] == [pytest.approx(0.6), pytest.approx(0.4)]
    assert done.clips[0].words[2] == (pytest.approx(0.4), pytest.approx(0.6), "three.")
    assert done.clips[0].path.is_file() and done.clips[0].gain < 1  # a loud square wave


def test_what_was_spoken_is_not_paid_for_again(stage):
    voice = Scripted("voice")
    first = spoken(stage(voice), "One two three.")
    again = spoken(stage(voice), "One two three.")
    assert voice.said == ["One two three."]
    assert again.clips == first.clips


def test_a_line_too_long_for_its_room_is_said_again_in_fewer_words(stage):
    voice = Scripted("slow", pace=1.0)
    done = spoken(stage(voice), "The sky is blue today. And the grass is very green indeed, too.")
    assert [clip.line.text for clip in done.clips] == ["The sky is blue today."]
    assert len(voice.said) == 2


@pytest.mark.parametrize("code", ["quota", "auth", "not_found"])
def test_when_a_quota_is_used_up_the_offline_voice_goes_on(stage, code):
    voice, offline = Scripted("Paid", failures=[None, *[refused(code)] * 9]), Scripted("Free")
    stage = stage(voice, offline)
    spoken(stage, "First of all.")
    done = spoken(stage, "One.", "Two.")
    assert {clip.path.parent.name for clip in done.clips} and len(done.clips) == 2
    assert sorted(offline.said) == ["One.", "Two."]
    assert len(done.warnings) == 1 and "Free speaks instead" in done.warnings[0]
    asked = len(voice.said)
    assert not spoken(stage, "Three.").warnings and len(voice.said) == asked


def test_without_that_leave_lines_are_captions_only(stage):
    voice, offline = Scripted("Paid", failures=[refused("quota")] * 9), Scripted("Free")
    done = spoken(stage(voice, offline, voice_fallback="captions"), "One two three four five.")
    (clip,) = done.clips
    assert clip.path is None and clip.seconds == pytest.approx(2.0)
    assert not offline.said and "captions only" in done.warnings[0]


def test_one_failure_costs_one_line(stage):
    voice = Scripted("voice", failures=[refused("timeout_total")])
    done = spoken(stage(voice, Scripted("Free")), "One.", "Two.")
    assert len(done.clips) == 1 and len(done.lost) == 1
    assert (done.lost[0].stage, done.lost[0].code) == ("speak", "timeout_total")


def test_a_voice_that_fails_again_and_again_is_not_waited_for(stage):
    voice, offline = Scripted("Dead", failures=[refused("network")] * 99), Scripted("Free")
    stage = stage(voice, offline)
    for text in ("One.", "Two.", "Three.", "Four.", "Five."):
        spoken(stage, text)
    assert len(voice.said) == 3
    assert offline.said == ["Three.", "Four.", "Five."]


def test_a_cancelled_job_is_not_a_lost_line(stage):
    token = CancelToken()

    class Blocked(Scripted):
        def speak(self, utterance, folder, given):
            token.cancel("enough")
            raise refused("cancelled")

    stage = stage(Blocked("voice"))
    stage.job.token = token
    with pytest.raises(Exception, match="enough"):
        spoken(stage, "One.")


@pytest.mark.parametrize(
    "lufs, peak, expected_db",
    [
        (-23.0, -20.0, 5.0),
        (-10.0, -1.0, -8.0),
        (-30.0, -5.0, 2.0),  # no higher than its peak allows
        (-60.0, -50.0, 15.0),  # and never the noise of a whisper
    ],
)
def test_the_gain_brings_clips_to_one_loudness(lufs, peak, expected_db):
    assert gain(lufs, peak) == pytest.approx(10 ** (expected_db / 20), abs=1e-3)
    assert gain(None, None) == 1.0
    assert TARGET_LUFS < PEAK_DB


def test_clips_can_be_kept_as_json(stage):
    (clip,) = spoken(stage(Scripted("voice")), "One two.").clips
    assert isinstance(clip, Clip) and json.dumps(clip.words)
