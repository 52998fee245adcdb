"""What every voice is held to, and how one is chosen."""

import ast
import inspect
import threading
import wave
from array import array

import pytest

from server import voices
from server.alarms import Alarms
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError, ServerError, UnknownLanguage, UnknownVoice
from server.vendors import wire
from server.voices import VOICES, Voices, voice_class
from server.voices.base import MAX_CHARS, Utterance, plain
from tests import clips
from tests.live import until
from tests.vendors.elevenlabs_server import ElevenLabsServer

LINE = "And there it is: the ball rolls slowly across the line, and the crowd goes wild!"


@pytest.fixture
def elevenlabs(monkeypatch):
    monkeypatch.setattr(wire, "_clients", {})
    with ElevenLabsServer() as vendor:
        monkeypatch.setenv("ELEVENLABS_API_KEY", "xi-canary-0123456789")
        monkeypatch.setenv("ELEVENLABS_BASE_URL", vendor.origin)
        yield vendor


@pytest.fixture
def known(make_settings):
    return Voices(make_settings(), Alarms())


@pytest.fixture(params=list(VOICES))
def voice(request, known, elevenlabs):
    return known.of(request.param)


def say(voice, folder, text=LINE, token=None, **more):
    return voice.speak(Utterance(text, **more), folder, token or CancelToken())


def sound(speech):
    with wave.open(str(speech.path)) as file:
        return array("h", file.readframes(file.getnframes())), file.getframerate()


def test_a_line_is_spoken_to_the_sample_without_silence_around_it(voice, tmp_path):
    speech = say(voice, tmp_path)
    samples, rate = sound(speech)
    assert speech.seconds == len(samples) / rate
    assert list(tmp_path.iterdir()) == [speech.path]
    loudest = max(map(abs, samples))
    assert loudest > 3000
    assert max(map(abs, samples[: rate // 20])) > loudest / 200
    assert max(map(abs, samples[-rate // 10 :])) > loudest / 200
    assert max(map(abs, samples[:5])) < loudest / 50  # nothing clicks
    assert max(map(abs, samples[-5:])) < loudest / 50


def test_the_words_are_those_of_the_line_in_order_and_within_it(voice, tmp_path):
    speech = say(voice, tmp_path)
    assert " ".join(word for _, _, word in speech.words) == LINE
    assert len(speech.words) >= len(LINE.split()) - 2  # "it is" may be spoken as one
    edges = [edge for start, end, _ in speech.words for edge in (start, end)]
    assert edges == sorted(edges) and edges[0] >= 0 and edges[-1] <= speech.seconds
    assert all(end - start > 0.02 for start, end, _ in speech.words)


def test_it_says_who_spoke_and_invents_no_cost(voice, tmp_path):
    speech = say(voice, tmp_path)
    name, _, speaker = speech.voice.partition(":")
    assert name in VOICES and speaker
    assert speech.cost is None
    assert speech.characters in (None, len(LINE))


HOSTILE = {
    "quotes": "It's '); DROP \"x\" `id` $(id)",
    "filter": "%{eif:x} [a]overlay=1,drawtext=text='x':y",
    "option": "-x --stdout -w /tmp/x",
    "ssml": "<speak><audio src='/etc/passwd'/><break time='9s'/>Hello <b>there</b></speak>",
    "phonemes": "Hello [[h@'loU]] there",
    "nul": "Hello\0there\x01\x02\x1b[31m",
    "lines": "one\ntwo\r\nthree\u2028four",
    "right to left": "\u202eHello\u202c שלום מבקר العالم",
    "emoji": "Goal 🎉👨‍👩‍👧 now",
    "surrogate": "Hello \ud800 there",
    "long word": "a" * 1500,
    "digits": "9" * 300,
    "combining": "e" + "\u0301" * 300 + " x",
    "json": '{"text": "x"}\n{"rate": 1}',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_line_is_only_a_line(voice, tmp_path, kind):
    speech = say(voice, tmp_path, HOSTILE[kind])
    assert 0 < speech.seconds < 300
    assert all(0 <= start <= end <= speech.seconds for start, end, _ in speech.words)
    assert list(tmp_path.iterdir()) == [speech.path]


def test_what_reaches_a_voice_is_one_line_of_visible_characters():
    assert plain(" Hello\0there\x01 \x1b[31mred\r\n\u2028now ") == "Hello there [31mred now"
    assert plain("\u202eHe\u200bllo\u202c \ud800\ue000\ufeff!") == "Hello !"
    assert plain("e\u0301") == "\u00e9"
    assert plain("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("text", ["", " \n", "…!?", "\u200b\u202e", "x" * (MAX_CHARS + 1)])
def test_what_cannot_be_spoken_is_refused_before_it_costs(voice, elevenlabs, tmp_path, text):
    with pytest.raises(ProviderError) as caught:
        say(voice, tmp_path, text)
    assert caught.value.code == "bad_request" and not caught.value.retryable
    assert elevenlabs.exchanges == [] and list(tmp_path.iterdir()) == []


def test_a_hundred_thousand_characters_are_refused_in_few_words(voice, tmp_path):
    with pytest.raises(ProviderError, match=str(MAX_CHARS)) as caught:
        say(voice, tmp_path, "<b>%{x}'\0" * 12_000)
    assert len(caught.value.message) < 200


def test_twenty_speak_at_once_and_none_takes_anothers_words(voice, tmp_path):
    came = {}

    def speak(number):
        text = " ".join(["word"] * (number % 5 + 1) + [str(number)])
        came[text] = say(voice, tmp_path, text)

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(came) == 20 and len(list(tmp_path.iterdir())) == 20
    for text, speech in came.items():
        assert " ".join(word for _, _, word in speech.words) == text


def test_a_call_that_was_called_off_before_it_began_does_nothing(voice, elevenlabs, tmp_path):
    token = CancelToken()
    token.cancel("enough")
    with pytest.raises(Abandoned):
        say(voice, tmp_path, token=token)
    assert elevenlabs.exchanges == [] and list(tmp_path.iterdir()) == []
    until(lambda: not clips.children(""))


def test_it_knows_nothing_of_who_uses_it(voice):
    source = inspect.getsource(inspect.getmodule(type(voice)))
    assert ast.get_docstring(ast.parse(source))
    assert voice.label and len(voice.speakers) == 2 and len(set(voice.speakers)) == 2


# -- choosing


def chosen(known, wanted, language="en"):
    voice, speaker = known.choose(wanted, language)
    return type(voice).__name__, speaker


def test_without_a_key_the_offline_voice_speaks(known):
    assert chosen(known, "") == ("Espeak", "")
    assert known.ready == ["espeak"]
    with pytest.raises(UnknownVoice, match="ELEVENLABS_API_KEY.*espeak"):
        known.choose("elevenlabs")
    with pytest.raises(UnknownVoice, match="'George' needs ELEVENLABS_API_KEY"):
        known.choose("George")


def test_with_a_key_the_better_voice_speaks(known, elevenlabs):
    assert chosen(known, "") == ("ElevenLabs", "")
    assert chosen(known, "George") == ("ElevenLabs", "George")
    assert chosen(known, "ElevenLabs:George") == ("ElevenLabs", "George")
    assert chosen(known, "espeak") == ("Espeak", "")
    assert chosen(known, " espeak:en-gb+f3 ") == ("Espeak", "en-gb+f3")
    assert known.offline is known.of("espeak")


def test_a_language_or_a_speaker_that_is_not_there_is_refused_by_name(known, elevenlabs):
    with pytest.raises(UnknownLanguage, match="'xx'.*en, de") as caught:
        known.choose("espeak", "xx")
    assert (caught.value.status, caught.value.code) == (422, "unknown_language")
    with pytest.raises(UnknownVoice, match="'croco'") as caught:
        known.choose("espeak:en+croco", "en")
    assert caught.value.status == 404
    with pytest.raises(UnknownVoice, match="no speaker 'nosuch'"):
        known.choose("espeak:nosuch", "en")
    assert chosen(known, "", "xx") == ("ElevenLabs", "")
    for hostile in ("espeak:" + "x" * 10_000, "espeak:en+../../etc/passwd", "espeak:+\0"):
        with pytest.raises(ServerError) as caught:
            known.choose(hostile)
        assert len(caught.value.message) < 300


def test_a_list_of_voices_says_what_each_lacks(known, monkeypatch):
    listed = {voice["name"]: voice for voice in known.listed()}
    assert list(listed) == list(VOICES)
    assert listed["elevenlabs"]["missing"] == "ELEVENLABS_API_KEY"
    assert listed["espeak"]["missing"] is None and not listed["espeak"]["remote"]
    assert {"en-us", "de", "pt-br", "cmn"} <= set(listed["espeak"]["languages"])
    monkeypatch.setenv("ELEVENLABS_API_KEY", "x" * 20)
    [elevenlabs] = [voice for voice in known.listed() if voice["name"] == "elevenlabs"]
    assert elevenlabs["missing"] is None and elevenlabs["languages"] is None


def test_there_is_one_voice_of_a_kind_whoever_asks(known):
    found = []
    threads = [threading.Thread(target=lambda: found.append(known.of("espeak"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize("name", VOICES)
def test_every_voice_of_the_list_is_there(name):
    assert issubclass(voice_class(name), voices.base.Voice)
