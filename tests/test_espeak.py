"""The offline voice: its languages, its speakers, and the process it runs in."""

import importlib.util
import os
import signal
import sys
import threading
import wave
from array import array

import pytest

from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError, UnknownLanguage
from server.voices import espeak
from server.voices.base import Utterance
from server.voices.espeak import Espeak
from tests import clips
from tests.live import SOON_S, until

LINE = "Two players chase it down the left wing, but nobody is quick enough."


@pytest.fixture
def voice():
    return Espeak(None, None)


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    until(lambda: not clips.children(""), SOON_S)


def say(voice, folder, text=LINE, token=None, speaker="", **more):
    return voice.speak(Utterance(text, voice=speaker, **more), folder, token or CancelToken())


@pytest.mark.parametrize(
    "language, speaker, found",
    [
        ("", "", "en-us"),
        ("en", "", "en-us"),
        ("en-GB", "", "en-gb"),
        ("en_AU", "", "en-us"),
        ("de", "", "de"),
        ("de-AT", "", "de"),
        ("German", "", "de"),
        ("english", "", "en-us"),
        ("fr", "", "fr-fr"),
        ("pt-BR", "", "pt-br"),
        ("pt", "", "pt"),
        ("zh", "", "cmn"),
        ("zh-Hans-CN", "", "cmn"),
        ("es-MX", "", "es-419"),
        ("no", "", "nb"),
        ("en", "en-gb", "en-gb"),
        ("en", "F3", "en-us+f3"),
        ("en", "+f3", "en-us+f3"),
        ("", "en-gb+annie", "en-gb+Annie"),
        ("de", "en-gb+f3", "de+f3"),
    ],
)
def test_a_language_and_a_speaker_mean_one_voice(language, speaker, found):
    assert espeak.names().found(language, speaker) == found


@pytest.mark.parametrize("language", ["xx", "-", "--", "../en", "en\0", "x" * 10_000, "+f3"])
def test_a_language_it_does_not_have_is_said(language):
    with pytest.raises(UnknownLanguage) as caught:
        espeak.names().found(language, "")
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    "language, text",
    [
        ("de", "Und da ist das Tor, wie schön!"),
        ("fr", "Et voilà le but, comme c’est beau !"),
        ("es", "¡Y ahí está el gol, qué bonito!"),
        ("en-GB", "And there is the goal, how nice!"),
        ("pt-BR", "E é gol, que coisa linda!"),
        ("ru", "И это гол, как красиво!"),
        ("hi", "और यह गोल है, कितना सुंदर!"),
        ("ar", "وهذا هو الهدف ما أجمله"),
        ("zh", "球进了，真漂亮！"),
    ],
)
def test_it_speaks_and_times_many_languages(voice, tmp_path, language, text):
    speech = say(voice, tmp_path, text, language=language)
    assert speech.voice.startswith(f"espeak:{'cmn' if language == 'zh' else language.lower()}")
    assert len(speech.words) >= 4
    spoken = "".join(word for _, _, word in speech.words)
    assert spoken.replace(" ", "") == text.replace(" ", "")


def test_a_voice_whose_file_has_another_name_than_its_tag_speaks(voice, tmp_path):
    """The library finds voices by the names of their files."""
    names = espeak.names()
    tags = {names.found(language, "") for language in names.languages}
    others = [tag for tag in tags if not names.identifier(tag).lower().endswith(f"/{tag}")]
    assert "fr-fr" in others
    for tag in sorted(others):
        assert say(voice, tmp_path, language=tag).voice == f"espeak:{tag}+max"


def test_two_runs_are_equal_to_the_sample(voice, tmp_path):
    one, two = say(voice, tmp_path), say(voice, tmp_path)
    assert one.path.read_bytes() == two.path.read_bytes() and one.words == two.words


def pitch(path):
    """The median pitch of what is voiced, in Hz, by autocorrelation."""
    with wave.open(str(path)) as file:
        samples, rate = array("h", file.readframes(file.getnframes())), file.getframerate()
    found = []
    for first in range(0, len(samples) - 1200, rate // 8):
        part = samples[first : first + 1200 : 2]
        if max(map(abs, part)) < 3000:
            continue
        likeness = [
            sum(a * b for a, b in zip(part[:300], part[lag : lag + 300])) for lag in range(30, 180)
        ]
        best = max(likeness)
        if best > 0.5 * sum(a * a for a in part[:300]):  # a vowel repeats itself
            lag = next(30 + n for n, each in enumerate(likeness) if each > 0.9 * best)
            found.append(rate / 2 / lag)
    return sorted(found)[len(found) // 2]


def test_two_commentators_are_told_apart(voice, tmp_path):
    first, second = (pitch(say(voice, tmp_path, speaker=who).path) for who in voice.speakers)
    assert second > 1.5 * first


def test_it_is_as_fast_as_is_wished_and_words_fit_their_room(voice, tmp_path):
    plain, quick = say(voice, tmp_path), say(voice, tmp_path, speed=1.15)
    assert quick.seconds < plain.seconds
    assert 2.5 <= len(LINE.split()) / plain.seconds <= 3.6  # lines are written for 2.5
    with pytest.raises(UnknownLanguage):
        say(voice, tmp_path, language="xx")
    say(voice, tmp_path, speed=1e9)
    say(voice, tmp_path, speed=-1)


def test_markup_is_read_out_and_never_obeyed(voice, tmp_path):
    plain = say(voice, tmp_path, "Hello").seconds
    for markup in ("[[h@'loU]]", "<emphasis>Hello</emphasis>", "<break time='60s'/>Hello"):
        assert 2 * plain < say(voice, tmp_path, markup).seconds < 30


def test_a_word_ends_where_it_is_no_longer_heard(voice, tmp_path):
    speech = say(voice, tmp_path, "One. Two.")
    (_, end, _), (start, _, _) = speech.words
    assert start - end > 0.2  # of silence between the sentences


def test_a_cancel_kills_it_and_leaves_nothing(voice, tmp_path):
    espeak.names()  # no other child is about
    token, caught = CancelToken(), []

    def speak():
        try:
            say(voice, tmp_path, " ".join(["nonsense"] * 220), token)
        except Abandoned as error:
            caught.append(error)

    thread = threading.Thread(target=speak)
    thread.start()
    [child] = until(lambda: clips.children(""))
    os.kill(child, signal.SIGSTOP)  # it is not done before it is called off
    token.cancel("enough")
    thread.join(SOON_S)
    assert caught
    until(lambda: not clips.children(""), SOON_S)
    assert list(tmp_path.iterdir()) == []


def test_one_that_takes_too_long_is_given_up(voice, tmp_path, monkeypatch):
    espeak.names()
    monkeypatch.setattr(espeak, "LIMIT_S", 0.001)
    with pytest.raises(ProviderError) as caught:
        say(voice, tmp_path)
    assert caught.value.code == "timeout_total"


def test_one_that_crashes_costs_a_line_and_no_more(voice, tmp_path, monkeypatch):
    espeak.names()
    with monkeypatch.context() as patch:
        patch.setattr(espeak, "MEMORY", 8 << 20)  # too little to start in
        with pytest.raises(ProviderError) as caught:
            say(voice, tmp_path)
        assert caught.value.code == "internal" and str(tmp_path) not in caught.value.message
    assert say(voice, tmp_path).words


def test_without_the_library_it_says_what_to_install(voice, monkeypatch):
    espeak.names.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(espeak, "SYSTEM", "libnowhere.so.1")
    assert voice.missing == "espeakng-loader"
    with pytest.raises(ProviderError, match="pip install espeakng-loader"):
        voice.check("en")
    monkeypatch.undo()
    assert voice.missing is None


def test_the_library_never_enters_this_process(voice, tmp_path):
    say(voice, tmp_path)
    assert "espeakng_loader" not in sys.modules
    with open("/proc/self/maps") as maps:
        assert "espeak" not in maps.read()
