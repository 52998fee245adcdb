"""The writer by rules: nothing but what was measured, never twice in a row."""

import pytest

from server.commentary import phrases, ruling
from server.commentary.base import Moment, Window
from server.commentary.options import Options
from server.commentary.plain import words
from server.commentary.rooms import Room

SCENE = Moment(0.0, 2.0, "…", 0.5, ("light.dark", "colour=blue", "motion.much", "sound.loud"))
CUT = Moment(5.0, 7.0, "…", 0.6, ("cut.after=12", "colour=red"))


ENGLISH = Options()


def say(room, options=ENGLISH, window=1, number=0):
    return ruling.line(window, number, room, options, "film")


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_everything_that_can_be_noticed_can_be_said(language):
    for tag in phrases.book(language)["sentences"]:
        if tag != "open":
            value = {"colour": "=pink", "cuts": "=5", "cut.after": "=12"}.get(tag, "")
            moment = Moment(0.0, 1.0, "…", 0.5, (tag + value,))
            line = say(Room(1.0, 12.0, (moment,)), Options(language=language))
            assert line and "{" not in line, tag


def test_a_line_says_what_was_measured_as_far_as_it_fits():
    line = say(Room(1.0, 12.0, (SCENE,)))
    assert "dark" in line.lower() or "little light" in line
    assert "blue" in line.lower()
    for seconds in (2, 3, 5, 8):
        room = Room(1.0, 1.0 + seconds, (SCENE,))
        assert 0 < words(say(room)) <= room.words


def test_a_line_never_tells_what_has_not_happened_yet():
    assert say(Room(1.0, 4.0, (CUT,))) == ""
    told = say(Room(1.0, 9.0, (SCENE, CUT)))
    assert "12" not in told and "red" not in told.lower()


def test_what_a_model_saw_is_said_in_its_words():
    moment = Moment(5.0, 7.0, "<b>Ein rotes Auto</b> kommt an. Es hält.", 0.9)
    assert say(Room(5.0, 7.5, (moment,))) == "Ein rotes Auto kommt an."


def test_the_context_opens_the_film_and_is_used_nowhere_else():
    options = Options(context="Ana against Bo\nBo wears red.")
    rooms = [Room(1.0, 12.0, (SCENE,)), Room(12.5, 20.0, (SCENE,))]
    first, second = ruling.write(Window(0, 0.0, 20.0), rooms, options, "film")
    assert "Ana against Bo" in first and "Ana" not in second
    assert "Ana" not in "".join(ruling.write(Window(1, 0.0, 20.0), rooms, options, "film"))
    essay = Options(context="A long essay about all that this film is and is not")
    assert "essay" not in ruling.write(Window(0, 0.0, 20.0), rooms, essay, "film")[0]


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_a_monotonous_film_is_not_told_in_the_same_sentence_twice_in_a_row(language):
    options = Options(language=language)
    said = [
        say(Room(1.0, 9.0, (SCENE,)), options, window, number)
        for window in range(12)
        for number in range(1 + window % 4)
    ]
    for one, other in zip(said, said[1:], strict=False):
        assert not set(one.split(". ")) & set(other.split(". ")), (one, other)


def test_the_same_film_is_told_the_same_and_another_is_not():
    rooms = [Room(1.0, 12.0, (SCENE,))]
    window = Window(3, 0.0, 20.0)
    films = [ruling.write(window, rooms, Options(), film) for film in ("a", "a", "b", "c", "d")]
    assert films[0] == films[1] and len(set(map(tuple, films))) > 2
