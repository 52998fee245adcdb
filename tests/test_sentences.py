"""Shorter where it can be cut without harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.commentary.plain import words
from server.commentary.sentences import cut, trimmed

TEXT = "A red car arrives, slowly at first. Then it crashes! Nobody is hurt."


@pytest.mark.parametrize(
    ("most", "left"),
    [
        (99, TEXT),
        (11, "A red car arrives, slowly at first. Then it crashes!"),
        (8, "A red car arrives, slowly at first."),
        (6, "A red car arrives."),
        (3, ""),
    ],
)
def test_it_is_cut_between_sentences_or_else_between_clauses(most, left):
    assert cut(TEXT, most) == left


def test_a_number_is_no_end_of_a_sentence():
    assert cut("It is 3.5 m long. Look.", 5) == "It is 3.5 m long."


def test_scripts_without_spaces_are_cut_too():
    assert cut("比赛开始了。红队进球了！观众欢呼。", 3) == "比赛开始了。"


def test_what_cannot_be_cut_stays_one_whole_sentence():
    assert trimmed("One two three four five six seven. Eight.", 3) == (
        "One two three four five six seven."
    )


@given(st.text(alphabet="ab ,.!?-", max_size=80), st.integers(0, 12))
def test_what_is_left_is_a_beginning_and_short_enough(text, most):
    left = cut(text, most)
    assert words(left) <= most
    assert text.strip().startswith(left) or text.strip().startswith(left[:-1])
