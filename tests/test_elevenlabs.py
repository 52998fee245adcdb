"""ElevenLabs: what is asked, what comes of it, and what each of its failures means."""

import base64
import subprocess
import sys
import threading
import time
import wave
from array import array
from dataclasses import replace

import pytest

from server.alarms import Alarms
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.vendors import wire
from server.voices import trying
from server.voices.base import Utterance
from server.voices.elevenlabs import ElevenLabs
from tests.live import until
from tests.vendors import elevenlabs_server as speak
from tests.vendors.certificates import make_certificate
from tests.vendors.elevenlabs_server import GEORGE, SARAH, ElevenLabsServer

KEY = "xi-canary-0123456789"
LINE = "And it is in the net!"
AT_ONCE_S = 5  # long before a vendor that says nothing is given up, or gives up itself


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(wire, "_clients", {})
    monkeypatch.setattr(trying, "FIRST_DELAY_S", 0.01)


@pytest.fixture
def vendor(monkeypatch):
    with ElevenLabsServer() as vendor:
        monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
        monkeypatch.setenv("ELEVENLABS_BASE_URL", vendor.origin)
        yield vendor


@pytest.fixture
def make(make_settings):
    def make(**changes):
        return ElevenLabs(make_settings(**changes), Alarms())

    return make


@pytest.fixture
def voice(make):
    return make()


def say(voice, folder, text=LINE, token=None, speaker="", **more):
    return voice.speak(Utterance(text, voice=speaker, **more), folder, token or CancelToken())


def failing(voice, folder, **more):
    with pytest.raises(ProviderError) as caught:
        say(voice, folder, **more)
    assert list(folder.iterdir()) == []
    assert KEY not in caught.value.message
    return caught.value


def test_a_line_becomes_a_file_as_long_as_its_sound(vendor, voice, tmp_path):
    speech = say(voice, tmp_path)
    with wave.open(str(speech.path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        assert speech.seconds == file.getnframes() / 24_000
        samples = array("h", file.readframes(file.getnframes()))
    sound = len(LINE) * speak.LETTER_S
    assert sound <= speech.seconds <= sound + 0.1  # no silence around it
    assert abs(samples[0]) < 200 and abs(samples[-1]) < 200
    assert speech.characters == len(LINE) and speech.cost is None
    assert speech.voice == f"elevenlabs:{voice.speakers[0]}"


def test_each_word_is_told_where_it_sounds(vendor, voice, tmp_path):
    speech = say(voice, tmp_path)
    assert [word for _, _, word in speech.words] == LINE.split()
    with wave.open(str(speech.path)) as file:
        samples = array("h", file.readframes(file.getnframes()))

    def loudness(start, end):
        return max(map(abs, samples[round(start * 24_000) : round(end * 24_000)]))

    for (start, end, _), (next_start, _, _) in zip(speech.words, speech.words[1:]):
        assert loudness(start, end) > 5000
        assert loudness(end + 0.005, next_start - 0.005) < 200


def test_the_request_says_what_is_wanted(vendor, make, tmp_path):
    voice = make(elevenlabs_voice=("George", SARAH))
    say(voice, tmp_path, language="pt-BR", speed=1.5, before="Before.", after="After.")
    [exchange] = vendor.of("speech")
    assert exchange.path.startswith(f"/v1/text-to-speech/{GEORGE}/with-timestamps?")
    assert exchange.headers["xi-api-key"] == KEY
    assert exchange.json == {
        "text": LINE,
        "model_id": "eleven_flash_v2_5",
        "language_code": "pt",
        "voice_settings": {"speed": 1.2},
        "previous_text": "Before.",
        "next_text": "After.",
    }


def test_a_model_is_sent_only_what_it_takes(vendor, make, tmp_path):
    say(make(elevenlabs_model="eleven_multilingual_v2"), tmp_path, language="de")
    say(make(elevenlabs_model="eleven_v3"), tmp_path, language="German", before="Before.")
    assert [sorted(exchange.json) for exchange in vendor.of("speech")] == [["model_id", "text"]] * 2


def test_a_name_is_looked_up_once_and_an_id_never(vendor, voice, tmp_path):
    for name in ("sarah", "Sarah", "george", GEORGE):
        say(voice, tmp_path, speaker=name)
    assert len(vendor.of("voices")) == 2
    asked = [exchange.path.split("/")[3] for exchange in vendor.of("speech")]
    assert asked == [SARAH, SARAH, GEORGE, GEORGE]


@pytest.mark.parametrize("name", ["Nobody", "../../v1/user?x=", "G" * 5000, "\x00", "ge", "-x"])
def test_a_name_that_the_account_does_not_have_is_not_found(vendor, voice, tmp_path, name):
    error = failing(voice, tmp_path, speaker=name)
    assert error.code == "not_found" and len(error.message) < 400
    assert vendor.of("speech") == []


def test_the_key_is_read_when_it_is_needed(vendor, voice, tmp_path, monkeypatch):
    say(voice, tmp_path)
    monkeypatch.setenv("ELEVENLABS_API_KEY", "another-key-0123")
    say(voice, tmp_path)
    assert vendor.exchanges[-1].headers["xi-api-key"] == "another-key-0123"
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    assert voice.missing == "ELEVENLABS_API_KEY"
    with pytest.raises(ProviderError, match="ELEVENLABS_API_KEY"):
        say(voice, tmp_path)
    monkeypatch.setenv("ELEVENLABS_API_KEY", "schlüssel")
    with pytest.raises(ProviderError, match="no key has"):
        say(voice, tmp_path)
    assert len(vendor.exchanges) == 2


MEANINGS = [
    (401, "invalid_api_key", "auth"),
    (401, "quota_exceeded", "quota"),
    (401, "something_new", "auth"),
    (402, "payment_required", "quota"),
    (403, "missing_permissions", "auth"),
    (404, "voice_not_found", "not_found"),
    (400, "model_not_found", "not_found"),
    (400, "max_character_limit_exceeded", "bad_request"),
    (413, "something_new", "bad_request"),
]


@pytest.mark.parametrize("status, reason, code", MEANINGS)
def test_a_refusal_has_one_meaning_and_is_not_asked_again(
    vendor, voice, tmp_path, status, reason, code
):
    vendor.plays(speak.refuses(reason, status, f"no for {KEY} in /home/x/secret"))
    error = failing(voice, tmp_path)
    assert error.code == code and not error.retryable
    assert "/home" not in error.message
    assert len(vendor.exchanges) == 1


def test_a_voice_that_is_not_in_the_plan_is_not_called_a_quota_used_up(vendor, voice, tmp_path):
    told = {"code": "paid_plan_required", "status": "payment_required"}
    told["message"] = "Free users cannot use library voices via the API."
    vendor.plays(speak.answers({"detail": told}, 402))
    error = failing(voice, tmp_path)
    assert error.code == "quota" and "used up" not in error.message
    assert "does not include this voice" in error.message and "library voices" in error.message


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"loc": ["body", "text"], "msg": "too odd", "type": "value_error"}]},
        {"detail": "too odd"},
        {"detail": {"code": "text_too_long", "message": "too odd"}},
        b"too odd",
        b"",
        [],
        {"detail": []},
        {"detail": None},
    ],
)
def test_a_refusal_of_any_shape_is_understood(vendor, voice, tmp_path, body):
    vendor.plays(speak.answers(body, 422))
    assert failing(voice, tmp_path).code == "bad_request"


PASSING = {
    "busy": speak.refuses("system_busy", 429),
    "too many": speak.refuses("too_many_concurrent_requests", 429),
    "crashed": speak.answers(b"<html>", 502, "text/html"),
    "fin": speak.cut(speak.fin),
    "rst": speak.cut(speak.rst),
    "half an answer": speak.cut(speak.clean_end),
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again_twice_at_most(vendor, voice, tmp_path, fault):
    vendor.plays(PASSING[fault], PASSING[fault], speak.speaks())
    assert say(voice, tmp_path).words
    assert len(vendor.exchanges) == 3


def test_a_line_that_was_only_too_many_is_not_given_up_for_it(vendor, voice, tmp_path):
    vendor.plays(*[PASSING["too many"]] * 5, speak.speaks())
    say(voice, tmp_path).path.unlink()
    assert voice.throttle.allowed == 1
    vendor.plays(PASSING["too many"])
    voice.settings = replace(voice.settings, voice_timeout_s=0.3)
    assert failing(voice, tmp_path).code in ("rate_limit", "timeout_total")


@pytest.mark.parametrize(
    "fault, code", [("busy", "rate_limit"), ("crashed", "upstream"), ("fin", "network")]
)
def test_what_does_not_pass_is_said(vendor, voice, tmp_path, fault, code):
    vendor.plays(PASSING[fault])
    error = failing(voice, tmp_path)
    assert (error.code, error.retryable) == (code, True)
    assert len(vendor.exchanges) == 3


NO_SPEECH = {
    "an error": {"detail": {"status": "quota_exceeded"}},
    "null": None,
    "a list": [],
    "a number": 5,
    "nested": b"[" * 100_000,
    "no sound": speak.speech("x", audio_base64=""),
    "null sound": speak.speech("x", audio_base64=None),
    "an object": speak.speech("x", audio_base64={"a": 1}),
    "not base64": speak.speech("x", audio_base64="{'detail': 'no'}"),
    "half a sample": speak.speech("x", audio_base64=base64.b64encode(b"abc").decode()),
    "MP3": speak.speech("x", audio_base64=base64.b64encode(b"ID3\4" + bytes(1000)).decode()),
    "the beginning": speak.speech("x" * 99, audio_base64=base64.b64encode(bytes(9600)).decode()),
    "noise": speak.speech("x", audio_base64=base64.b64encode(b"\1\2" * 400_000).decode()),
}


@pytest.mark.parametrize("kind", NO_SPEECH)
def test_what_is_no_speech_is_not_taken_for_one(vendor, voice, tmp_path, kind):
    vendor.plays(speak.answers(NO_SPEECH[kind]))
    assert failing(voice, tmp_path).code == "upstream"


def test_silence_is_no_speech(vendor, voice, tmp_path):
    silence = base64.b64encode(bytes(48_000)).decode()
    vendor.plays(speak.speaks(audio_base64=silence, alignment=None))
    assert failing(voice, tmp_path).code == "bad_request"


@pytest.mark.parametrize(
    "timing",
    [
        None,
        {},
        [],
        speak.alignment("Another text."),
        {**speak.alignment(LINE), "character_start_times_seconds": [0.1]},
        {**speak.alignment(LINE), "character_end_times_seconds": ["soon"] * len(LINE)},
        {**speak.alignment(LINE), "character_end_times_seconds": [-1e9] * len(LINE)},
        {**speak.alignment(LINE), "characters": [None] * len(LINE)},
    ],
)
def test_timing_that_makes_no_sense_is_left_out(vendor, voice, tmp_path, timing):
    vendor.plays(speak.speaks(alignment=timing))
    speech = say(voice, tmp_path)
    assert speech.words == () and speech.seconds > 1


def test_a_redirect_is_not_followed(vendor, voice, tmp_path):
    with ElevenLabsServer() as thief:
        vendor.plays(speak.answers(b"", 307, Location=thief.origin))
        assert failing(voice, tmp_path).code == "upstream"
        assert thief.exchanges == []


def test_a_vendor_that_drips_for_ever_is_given_up(vendor, make, tmp_path):
    vendor.plays(speak.drips)
    error = failing(make(voice_timeout_s=2.5), tmp_path)
    assert error.code == "timeout_total" and "2.5 s" in error.message
    assert vendor.exchanges[0].hung_up.wait(20)


def test_a_long_wait_that_it_asks_for_is_told_and_not_waited(vendor, voice, tmp_path):
    vendor.plays(speak.refuses("system_busy", 429, Retry_After="120"))
    assert failing(voice, tmp_path).retry_after == 120
    assert len(vendor.exchanges) == 1


class Speaking(threading.Thread):
    """A line in a thread of its own, and what came of it."""

    def __init__(self, voice, folder, **more):
        super().__init__(daemon=True)
        self.token, self.came, self.ended_at = CancelToken(), None, None
        self._say = lambda: say(voice, folder, token=self.token, **more)
        self.start()

    def run(self):
        try:
            self.came = self._say()
        except (ProviderError, Abandoned) as error:
            self.came = error
        self.ended_at = time.monotonic()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("script", [speak.never_answers, speak.stalls, speak.drips])
@pytest.mark.parametrize("about", ["speech", "voices"])
def test_a_cancel_hangs_up_in_every_phase(voice, monkeypatch, tmp_path, tls, script, about):
    (tmp_path / "out").mkdir()
    certificate = make_certificate(tmp_path) if tls else None
    if tls:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    wire.tls_context.cache_clear()
    try:
        with ElevenLabsServer(certificate=certificate) as vendor:
            monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
            monkeypatch.setenv("ELEVENLABS_BASE_URL", vendor.origin)
            vendor.plays(script, about=about)
            speaking = Speaking(voice, tmp_path / "out", speaker="George")
            [exchange] = until(lambda: vendor.of(about))
            cancelled_at = time.monotonic()
            speaking.token.cancel("enough")
            assert exchange.hung_up.wait(AT_ONCE_S)
            speaking.join(AT_ONCE_S)
            assert isinstance(speaking.came, Abandoned)
            assert speaking.ended_at - cancelled_at < AT_ONCE_S
    finally:
        wire.tls_context.cache_clear()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_cancel_ends_the_wait_between_two_attempts(vendor, voice, tmp_path, monkeypatch):
    monkeypatch.setattr(trying, "FIRST_DELAY_S", 10)
    vendor.plays(speak.refuses("system_busy", 429))
    speaking = Speaking(voice, tmp_path)
    vendor.wait_for(1)
    speaking.token.cancel("enough")
    speaking.join(AT_ONCE_S)
    assert isinstance(speaking.came, Abandoned)


def test_no_more_speak_at_once_than_is_allowed(vendor, voice, tmp_path):
    plan = speak.Plan(most=99, fills=5)
    vendor.plays(plan)
    lines = [Speaking(voice, tmp_path, text=f"Line {n}.") for n in range(20)]
    for line in lines:
        line.join(20)
    assert plan.peak == 5
    assert {len(line.came.words) for line in lines} == {2}
    assert len({line.came.path for line in lines}) == 20


def test_a_smaller_plan_is_found_out_and_every_line_is_spoken(vendor, voice, tmp_path):
    plan = speak.Plan(most=2)
    vendor.plays(plan)
    lines = [Speaking(voice, tmp_path, text=f"Line {n}.") for n in range(12)]
    for line in lines:
        line.join(20)
    assert {len(line.came.words) for line in lines} == {2}
    assert voice.throttle.allowed <= 2
    assert plan.refusals <= 6  # and not one for every line


def test_what_a_plan_says_of_itself_is_followed(vendor, voice, tmp_path):
    plan = speak.Plan(most=99, headers={"maximum-concurrent-requests": "3"})
    vendor.plays(plan)
    say(voice, tmp_path)
    plan.fills = 3
    lines = [Speaking(voice, tmp_path) for _ in range(12)]
    for line in lines:
        line.join(20)
    assert plan.peak == 3 and voice.throttle.allowed == 3


def test_nobody_pays_for_the_sdk_before_it_is_needed():
    code = "import sys, server.app, server.voices.elevenlabs; print('elevenlabs' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
