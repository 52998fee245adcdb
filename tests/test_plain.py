"""Strangers' text made plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.commentary.plain import one_line, speakable, words


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("two\r\nlines\u2028three\x00four", "two lines three four"),
        ("\u202egnirts\u202c \u200bx\ufeff", "gnirts x"),
        ("\x1b[31mred", "[31mred"),
        ("héllo", "héllo"),
        ("👩‍🚀 flies", "👩‍🚀 flies"),
        ("مرحبا", "مرحبا"),
        ("\ud800half", "half"),
    ],
)
def test_one_line_holds_no_surprise(written, shown):
    assert one_line(written, 100) == shown


def test_a_long_text_ends_at_a_word():
    assert one_line("one two three four", 14) == "one two three…"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


@given(st.text(max_size=300), st.integers(1, 50))
def test_whatever_comes_it_is_one_short_line(text, limit):
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line and line == line.strip()


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("<speak>Hello <break time='1s'/> you</speak>", "Hello you"),
        ("&lt;script&gt;alert(1)&lt;/script&gt; fine", "alert(1) fine"),
        ("**What** a _goal_!", "What a goal!"),
        ("[laughs] Oh no, that is *very* good", "Oh no, that is very good"),
        ('"He scores!"', "He scores!"),
        ("“Yes”, she says, “no”", "“Yes”, she says, “no”"),
        ("[the site](http://evil.example/x)", "the site"),
        ("# Title", "Title"),
        ("it's 3 < 4 and that's it", "it's 3 4 and that's it"),
        ("- A list's line", "A list's line"),
        ("a:b=c,d;e'f%{x}", "a:b c,d;e'f%"),
        ("<b>", ""),
    ],
)
def test_a_voice_is_given_nothing_but_words(written, spoken):
    assert speakable(written, 200) == spoken


def test_a_hundred_kilobytes_are_quickly_made_short():
    for text in ("<" * 100_000, "[" * 100_000, "*a " * 40_000, "&amp;" * 20_000, '"' * 100_000):
        assert len(speakable(text, 300)) <= 300


@pytest.mark.parametrize(
    ("text", "count"),
    [("one two three", 3), ("", 0), ("比赛开始了吗", 3), ("Das 比赛 ist", 3), ("สวัสดีครับ", 2)],
)
def test_length_to_say_is_counted_in_every_script(text, count):
    assert words(text) == count
