"""The framing of a body, in parts that end anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.vendors.framing import MAX_SIZE_LINE, Chunked, of


def coded(pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def read(*parts):
    chunked = Chunked()
    return [chunked.feed(part) for part in parts], chunked.ended


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.data())
def test_parts_may_end_anywhere(pieces, data):
    whole = coded(pieces)
    cuts = data.draw(st.lists(st.integers(0, len(whole))))
    edges = sorted({0, *cuts, len(whole)})
    said, ended = read(*(whole[a:b] for a, b in zip(edges, edges[1:], strict=False)))
    assert b"".join(said) == b"".join(pieces) and ended


def test_all_that_one_read_brought_leaves_together():
    assert read(coded([b"data: a\n\n", b"data: b\n\n"])) == ([b"data: a\n\ndata: b\n\n"], True)


def test_a_piece_does_not_wait_for_the_end_of_its_chunk():
    assert read(b"9\r\ndata: ") == ([b"data: "], False)


def test_extensions_of_a_size_and_zeros_before_it_are_let_be():
    assert read(b"002;name=value\r\nok\r\n0\r\n\r\n") == ([b"ok"], True)


def test_what_follows_the_end_is_nobodys():
    assert read(coded([b"ok"]) + b"HTTP/1.1 200 OK\r\n\r\n") == ([b"ok"], True)


@pytest.mark.parametrize(
    "hostile",
    [
        b"-1\r\nx",
        b"1_0\r\nx",
        b" \r\nx",
        b"\r\n",
        b"g\r\nx",
        b"0x2\r\nok\r\n",
        b"11111111111111111\r\n",
        b"2\r\nokXX0\r\n",
        b"2\r\nok\rX",
        b"1" * (MAX_SIZE_LINE + 1),
        b"2;" + b"x" * MAX_SIZE_LINE + b"\r\nok\r\n0\r\n\r\n",
        b"<html>no chunks at all</html>\r\n",
    ],
)
def test_what_does_not_follow_the_coding_is_refused(hostile):
    chunked = Chunked()
    with pytest.raises(ValueError):
        chunked.feed(hostile)
        if chunked.broken:
            raise ValueError("behind what it said")


@pytest.mark.parametrize("bad", [b"not a chunk\r\n", b"1" * (MAX_SIZE_LINE + 1), b"2\r\nokXX0\r\n"])
def test_what_came_before_it_in_the_same_read_is_not_lost(bad):
    chunked = Chunked()
    said = chunked.feed(b"3\r\nyes\r\n" + bad)
    assert said == b"yes" + b"ok" * bad.startswith(b"2") and chunked.broken


def test_a_measured_body_ends_with_its_length_and_not_before():
    body = of([(b"content-length", b"4")])
    assert body.feed(b"abc") == b"abc" and body.cut_off and not body.ended
    assert body.feed(b"de") == b"d" and body.ended and not body.cut_off


def test_an_empty_body_has_ended_before_it_begins():
    assert of([(b"content-length", b"0")]).ended


def test_a_body_without_either_ends_with_the_connection():
    body = of([(b"content-type", b"text/html")])
    assert body.feed(b"abc") == b"abc" and not body.ended and not body.cut_off


def test_chunks_go_before_a_length_and_the_connection_may_not_end_between_them():
    body = of([(b"content-length", b"4"), (b"transfer-encoding", b"Chunked")])
    assert body.feed(b"2\r\nok\r\n") == b"ok" and body.cut_off and not body.ended
