"""Gemini's stream without a network: bytes in, text and reasons out."""

import itertools
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ProviderError
from server.providers.base import Finish, Usage
from server.providers.gemini_errors import error_object, refusal
from server.providers.gemini_stream import Objects, pieces
from tests.vendors.gemini_server import chunk, error


def array(*objects):
    return b"[" + b",\r\n".join(json.dumps(o).encode() for o in objects) + b"\n]"


def read(*objects):
    return list(pieces([array(*objects)]))


def failure(*arriving):
    said = []
    with pytest.raises(ProviderError) as caught:
        said.extend(pieces(arriving))
    return caught.value


STOP = chunk(finish=1, usage=(7, 3))
json_objects = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(st.lists(json_objects, max_size=4), st.data(), st.booleans())
def test_objects_come_out_as_they_went_in_however_their_bytes_are_cut(objects, data, escaped):
    separator = data.draw(st.sampled_from([b",", b",\r\n", b"\n,\n "]))
    encoded = [json.dumps(o, ensure_ascii=escaped).encode("utf-8", "replace") for o in objects]
    whole = b"[" + separator.join(encoded) + b"]"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    edges = [0, *cuts, len(whole)]
    reader, found = Objects(), []
    for start, end in itertools.pairwise(edges):
        found.extend(reader.feed(whole[start:end]))
    assert found == [json.loads(o) for o in encoded]
    assert reader.ended


def test_what_was_counted_before_a_failure_is_told():
    heard = []
    with pytest.raises(ProviderError):
        heard.extend(pieces([array(chunk("Hi", usage=(7, 1)), error(503, "UNAVAILABLE"))]))
    assert heard == ["Hi", Usage(7, 1)]


def test_an_object_is_handed_on_as_it_closes_and_not_with_the_next():
    reader = Objects()
    assert list(reader.feed(b'[{"a": "}]"}')) == [{"a": "}]"}]
    assert list(reader.feed(b",\r\n{")) == [] and not reader.ended


def test_what_follows_the_last_bracket_is_no_matter():
    assert list(pieces([array(chunk("Hi"), STOP) + b"\n", b"\r\n"]))[0] == "Hi"


def test_thoughts_are_not_the_answer():
    said = read(chunk("Hm", thought=True), chunk("Yes."), chunk(finish="STOP", usage=(10, 2, 30)))
    assert said == ["Yes.", Usage(10, 32), Finish("stop")]


def test_the_last_counts_count_and_what_is_not_said_stays_unknown():
    assert read(chunk("a", usage=(-7, True, 2.5)), chunk(finish=1))[1] == Usage(None, None)
    assert read(chunk("a", usage=(7,)), STOP) == ["a", Usage(7, 3), Finish("stop")]
    assert read(chunk("a"), chunk(finish=1)) == ["a", Finish("stop")]
    odd = {"promptTokenCount": "7", "candidatesTokenCount": True}
    assert read(chunk("a", usageMetadata=odd), chunk(finish=1))[1] == Usage(None, None)


@pytest.mark.parametrize(
    ("reason", "ending"),
    [(1, "stop"), ("STOP", "stop"), (2, "length"), ("MAX_TOKENS", "length"), (5, "other")],
)
def test_a_reason_to_end_may_be_a_number_or_a_name(reason, ending):
    assert read(chunk("a"), chunk(finish=reason))[-1] == Finish(ending)


@pytest.mark.parametrize("reason", [3, 4, 7, 8, 9, "SAFETY", "RECITATION", "SPII", "BLOCKLIST"])
def test_a_filter_that_stops_the_answer_blocks_it(reason):
    error = failure(array(chunk("So far"), chunk(finish=reason)))
    assert (error.code, error.retryable) == ("blocked", False)


@pytest.mark.parametrize("reason", [1, 2, "SAFETY", "PROHIBITED_CONTENT", {"odd": 1}])
def test_a_filter_that_stops_the_question_blocks_it(reason):
    assert failure(array({"promptFeedback": {"blockReason": reason}})).code == "blocked"


def test_tokens_that_all_went_into_thinking_are_not_called_an_answer():
    error = failure(array(chunk("Hm", thought=True), chunk(finish=2, usage=(7, 0, 100))))
    assert (error.code, error.retryable) == ("truncated", False)
    assert "max_tokens" in error.message


def test_an_answer_without_a_word_ends_well_when_it_says_why():
    assert read(STOP) == [Usage(7, 3), Finish("stop")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[",
        array(chunk("Hi")),
        array(chunk("Hi"), STOP)[:-1],
        array(chunk("Hi"), STOP)[:-9],
        b"[1, null]",
        b"[}",
        array(chunk("Hi"), chunk(finish=0)),
    ],
)
def test_an_answer_without_its_end_is_truncated(body):
    assert failure(body).code == "truncated"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'data: {"candidates": []}\n\n',
        b'{"candidates": []}',
        b'[{"candidates": nonsense}]',
        b"[[1]]",
        b"[" * 100_000,
        b'[{"a":' * 100_000,
    ],
)
def test_what_is_not_the_protocol_is_the_vendors_failure(body):
    assert failure(body).code == "upstream"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"candidates": None},
        {"candidates": [None, 7, {}]},
        {"candidates": [{"content": None}]},
        {"candidates": [{"content": {"parts": [None, {"text": 7}, {"inlineData": {}}]}}]},
        {"candidates": [{"index": 1, "content": {"parts": [{"text": "another"}]}}]},
        {"candidates": [{"finishReason": ["odd"]}]},
        {"usageMetadata": 7, "promptFeedback": []},
    ],
)
def test_odd_objects_do_no_harm(odd):
    assert read(odd, chunk("Hi"), STOP) == ["Hi", Usage(7, 3), Finish("stop")]


def test_an_error_among_the_objects_is_an_error():
    error_503 = failure(array(chunk("Hi"), error(503, "overloaded")))
    assert (error_503.code, error_503.retryable) == ("upstream", True)
    assert failure(array({"error": "odd"})).code == "upstream"


def test_cost_per_byte_is_a_small_part_of_the_sdks():
    """The SDK's own iterator needs 2 µs and more for each byte."""
    body = array(*[chunk("word " * 40) for _ in range(2000)], STOP)
    began = time.thread_time()
    assert len(list(pieces([body[i : i + 4096] for i in range(0, len(body), 4096)]))) == 2002
    spent = (time.thread_time() - began) / len(body)
    print(f"{1e6 * spent:.3f} µs per byte")
    assert spent < 1e-6


# -- errors

RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21.5s"}
DAY = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
MINUTE = {"violations": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("status", "details", "code", "retryable"),
    [
        (400, [], "bad_request", False),
        (400, [BAD_KEY], "auth", False),
        (401, [], "auth", False),
        (403, [], "auth", False),
        (404, [], "not_found", False),
        (413, [], "bad_request", False),
        (429, [MINUTE, RETRY], "rate_limit", True),
        (429, [DAY, RETRY], "quota", False),
        (429, "odd", "rate_limit", True),
        (429, [{"violations": 7}, {"violations": [7]}], "rate_limit", True),
        (500, [], "upstream", True),
        (503, [], "upstream", True),
        (529, [], "upstream", True),
    ],
)
def test_statuses_have_codes(status, details, code, retryable):
    found = refusal(status, {"message": "words", "details": details})
    assert (found.code, found.retryable) == (code, retryable)


@pytest.mark.parametrize("body", [b"[%s]", b"%s"])
def test_an_error_is_found_alone_or_in_an_array(body):
    found = error_object(body % json.dumps(error(429, "slow down")).encode())
    assert found["code"] == 429


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[7]", b'{"error": 7}', b"[" * 100_000])
def test_an_error_that_says_nothing_is_no_error_object(body):
    assert error_object(body) == {}


def test_how_long_to_wait_is_taken_from_wherever_it_is_said():
    assert refusal(429, {"details": [RETRY]}, {"Retry-After": "3"}).retry_after == 21.5
    headers = {"retry-after": "3"}
    assert refusal(503, {}, headers).retry_after == 3
    assert refusal(429, {"details": [{"retryDelay": "soon"}]}).retry_after is None
