"""Words and their times, from times of characters."""

from hypothesis import given
from hypothesis import strategies as some

from server.voices.timing import moved, words


def letters(text, step=0.1):
    return [(n, n * step, n * step + step) for n, c in enumerate(text) if not c.isspace()]


def test_a_word_lasts_from_its_first_letter_to_its_last():
    found = words("Oh no", letters("Oh no", 1))
    assert found == ((0, 2, "Oh"), (3, 5, "no"))


def test_what_is_not_heard_belongs_to_the_word_before_or_else_behind():
    text = "… He — he scored !"
    heard = [(2, 1, 2), (7, 3, 4), (10, 4, 5)]
    assert [word for _, _, word in words(text, heard)] == ["… He —", "he", "scored !"]


def test_scripts_without_spaces_are_taken_sign_by_sign():
    text = "「球进了」，好"
    found = words(text, letters(text))
    assert [word for _, _, word in found] == ["「", "球", "进", "了」，", "好"]


def test_words_do_not_overlap_even_if_their_letters_do():
    found = words("a b", [(0, 0.0, 9.0), (2, 1.0, 2.0)])
    assert found == ((0.0, 1.0, "a"), (1.0, 2.0, "b"))


def test_nothing_heard_is_no_words():
    assert words("a b", []) == () == words("", letters(""))


def test_times_follow_what_is_cut_off():
    assert moved(((0.1, 0.5, "a"), (0.5, 1.4, "b")), 0.2, 1.0) == ((0, 0.3, "a"), (0.3, 1.0, "b"))


@given(
    some.text(some.sampled_from("ab .,—球\u0301😀"), max_size=40),
    some.lists(some.tuples(some.integers(0, 50), some.floats(0, 9), some.floats(0, 9))),
)
def test_whatever_is_told_each_letter_is_in_one_word_at_most(text, told):
    spans = [(index, min(a, b), max(a, b)) for index, a, b in told]
    found = words(text, spans)
    left = text
    for start, end, word in found:
        assert start <= end
        assert word and word in left
        left = left.partition(word)[2]
