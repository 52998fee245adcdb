"""Whatever a stream holds, it ends in an answer or in a ProviderError, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import ProviderError
from server.providers import completions
from server.providers.base import Finish, Usage
from tests.vendors import openai_server as speak

names = st.sampled_from(
    "choices delta content finish_reason native_finish_reason error object message code type "
    "usage prompt_tokens completion_tokens cost metadata refusal".split()
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
choices = st.fixed_dictionaries({"delta": values, "finish_reason": values})
messages = values | st.fixed_dictionaries({"choices": st.lists(choices | values, max_size=3)})


@given(st.lists(messages, max_size=5), st.booleans())
def test_nonsense_becomes_an_answer_or_a_failure(told, as_events):
    body = b"".join(speak.event(message) for message in told)
    if not as_events:
        body = json.dumps(told).encode()
    try:
        items = list(completions.read([body]))
    except ProviderError:
        return
    [finish] = [item for item in items if isinstance(item, Finish)]
    assert isinstance(finish.reason, str)
    assert all(isinstance(item, (str, Usage)) for item in items if item is not finish)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_stream_are_a_failure(body):
    with pytest.raises(ProviderError):
        list(completions.read([body]))


def test_what_was_counted_before_a_failure_is_told():
    heard = []
    with pytest.raises(ProviderError):
        heard.extend(completions.read(map(speak.event, [speak.usage(4, 1), {"error": "No."}])))
    assert heard == [Usage(4, 1)]


def test_deep_nesting_is_a_failure_and_not_a_crash():
    for body in (b"[" * 200_000, b"data: " + b"[" * 200_000 + b"\n\n"):
        with pytest.raises(ProviderError):
            list(completions.read([body]))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "rate_limit_error", "message": "slow down"}, "rate_limit"),
        ({"type": "overloaded_error", "message": "busy"}, "upstream"),
        ({"type": "server_error", "code": None}, "upstream"),
        ({"type": "server_error", "code": 429}, "rate_limit"),
        ({"type": "invalid_request_error", "code": "server_error"}, "upstream"),
        ({"type": "insufficient_quota", "code": 429}, "quota"),
        ({"code": "\u00b2\u00b2\u00b2"}, "upstream"),
    ],
)
def test_an_error_inside_a_stream_is_known_by_its_name(error, code):
    with pytest.raises(ProviderError) as caught:
        list(completions.read([speak.event({"error": error})]))
    assert caught.value.code == code


def test_a_request_that_nobody_takes_does_not_make_the_model_unknown():
    for told in (
        "No endpoints found that support image input",
        "No endpoints found matching your data policy",
    ):
        error = completions.refusal(404, {"message": told, "code": 404}, {})
        assert error.code == "bad_request" and told in error.message
        assert "does not know this model" not in error.message
    error = completions.refusal(404, {"message": "No endpoints found for a/b."}, {})
    assert error.code == "not_found"


def test_a_request_larger_than_a_minutes_allowance_is_not_asked_again():
    told = (
        "Request too large for gpt-x in organization org-secret on tokens per min (TPM): "
        "Limit 30000, Requested 61337. The input or output tokens must be reduced."
    )
    body = {"message": told, "type": "tokens", "code": "rate_limit_exceeded"}
    error = completions.refusal(429, body, {})
    assert (error.code, error.retryable) == ("bad_request", False)
    assert "Limit 30000, Requested 61337" in error.message and "org-secret" not in error.message
    reached = "Rate limit reached for gpt-x on tokens per min (TPM): Limit 30000, Used 29000."
    assert completions.refusal(429, {**body, "message": reached}, {}).code == "rate_limit"


def test_an_account_that_is_not_active_is_not_asked_again():
    body = {"message": "Your account is not active.", "type": "billing_not_active", "code": None}
    assert completions.refusal(429, body, {}).code == "quota"


def test_an_error_in_a_list_says_what_is_wrong():
    error = completions.refusal(400, [{"error": {"code": 400, "message": "Unknown name x"}}], {})
    assert error.code == "bad_request" and "Unknown name x" in error.message
    assert completions.refusal(503, [], {}).code == "upstream"


def test_half_a_letter_in_each_of_two_pieces_is_passed_on_as_it_came():
    halves = [
        b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\ude00"},"finish_reason":"stop"}]}\n\n',
    ]
    first, second, _ = completions.read(halves)
    assert json.loads(json.dumps(first + second)) == "😀"
