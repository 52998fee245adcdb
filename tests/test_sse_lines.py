"""Server-Sent Events, read from chunks that end anywhere."""

import itertools
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.errors import ProviderError
from server.providers import sse_lines


def read(*chunks):
    return list(heard(chunks))


def heard(chunks):
    events = sse_lines.Events()
    for chunk in itertools.chain(chunks, [sse_lines.END]):
        yield from events.feed(chunk)


def test_events_are_read_whatever_their_line_ends():
    assert read(b"data: a\n\ndata:b\r\n\r\n") == [("", "a"), ("", "b")]
    assert read(b"event: error\ndata: a\ndata: b\n\n") == [("error", "a\nb")]


def test_comments_and_other_fields_are_skipped():
    assert read(b": hello\n\nid: 7\nretry: 10\ndata: a\n\n:\n\n") == [("", "a")]


def test_a_last_event_without_its_blank_line_counts():
    assert read(b"data: a\n\ndata: b") == [("", "a"), ("", "b")]
    assert read(b"data: b\n") == [("", "b")]


def test_an_event_leaves_with_the_chunk_that_ends_it():
    fed = []

    def chunks():
        for chunk in (b"data: a\n\nda", b"ta: b\n\n"):
            fed.append(chunk)
            yield chunk

    reading = heard(chunks())
    assert next(reading) == ("", "a") and len(fed) == 1
    assert next(reading) == ("", "b") and len(fed) == 2


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))),
    st.data(),
)
@example(["é😀", "data: [DONE]", " leading", "\u2028"], None)
def test_chunks_may_end_anywhere(texts, data):
    whole = b"".join(b"data: " + text.encode() + b"\r\n\r\n" for text in texts)
    cuts = data.draw(st.lists(st.integers(0, len(whole)))) if data else range(len(whole))
    edges = sorted({0, *cuts, len(whole)})
    chunks = [whole[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    assert [text for _, text in heard(chunks)] == texts


def test_a_long_line_in_small_chunks_costs_no_more_per_byte_than_a_short_one():
    def cost(count):
        began = time.thread_time()
        read(*[b"x" * 64] * count)
        return (time.thread_time() - began) / count

    def least(count):  # the collector of garbage may come by
        return min(cost(count) for _ in range(5))

    assert least(15_000) < 8 * least(500)


def test_lines_that_hold_nothing_are_not_collected_without_end():
    with pytest.raises(ProviderError, match="longer than"):
        read(*[b"data:\n" * 100_000] * 50)


def test_a_line_without_end_is_refused():
    with pytest.raises(ProviderError, match="longer than"):
        read(*[b"x" * 65536] * 17)
    with pytest.raises(ProviderError, match="longer than"):
        read(*[b"data: " + b"x" * 500_000 + b"\n"] * 9)
