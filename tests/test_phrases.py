"""What the writer by rules can say, in every language there is a file for."""

import string

import pytest

from server.commentary import phrases
from server.commentary.phrases import book, say, ways

ENGLISH = book("en")


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_every_language_can_say_the_same_things(language):
    known = book(language)
    assert known["sentences"].keys() == ENGLISH["sentences"].keys()
    assert known["colours"].keys() == ENGLISH["colours"].keys()
    for tag, sentences in known["sentences"].items():
        assert len(set(sentences)) == len(sentences) >= 4, tag
        for sentence in sentences:
            assert sentence.endswith((".", "!", ".")), sentence
            fields = {field for _, field, _, _ in string.Formatter().parse(sentence) if field}
            wanted = {
                "open": "context",
                "cut.after": "seconds",
                "cuts": "count",
                "colour": "colour",
            }
            assert fields <= {wanted.get(tag)}, sentence


def test_a_region_speaks_its_language():
    assert phrases.speaks("de-AT") and not phrases.speaks("tlh")
    assert say("de-AT", "black", 0, 0) in book("de")["sentences"]["black"]


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_lines_next_to_each_other_never_say_the_same(language):
    for tag in book(language)["sentences"]:
        for lines in (1, 2, 3, 4):
            said = [
                ways(language, tag, window, number, "film")[0]
                for window in range(9)
                for number in range(lines)
            ]
            assert all(one != other for one, other in zip(said, said[1:], strict=False)), tag


def test_two_films_are_not_told_in_the_same_words():
    told = {tuple(ways("en", "cut", n, 0, film)[0] for n in range(3)) for film in "abcdefgh"}
    assert len(told) > 3


def test_the_same_film_is_always_told_in_the_same_words():
    assert ways("fr", "cut", 3, 1, "film") == ways("fr", "cut", 3, 1, "film")


def test_what_a_client_gave_is_never_read_as_a_pattern():
    assert "{0.__class__}" in say("en", "open", 0, 0, {"context": "{0.__class__}"})


def test_a_colour_is_named_in_its_language():
    assert "bleu" in say("fr", "colour", 0, 0, {"colour": "blue"})
