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
    assert isinstance(items[-1], Finish) and isinstance(items[-1].reason, str)
    assert all(isinstance(item, (str, Usage)) for item in items[:-1])


@given(st.binary(max_size=200))
def test_bytes_that_are_no_stream_are_a_failure(body):
    with pytest.raises(ProviderError):
        list(completions.read([body]))


def test_deep_nesting_is_a_failure_and_not_a_crash():
    for body in (b"[" * 200_000, b"data: " + b"[" * 200_000 + b"\n\n"):
        with pytest.raises(ProviderError):
            list(completions.read([body]))


def test_half_a_letter_in_each_of_two_pieces_is_passed_on_as_it_came():
    halves = [
        b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\ude00"},"finish_reason":"stop"}]}\n\n',
    ]
    first, second, _ = completions.read(halves)
    assert json.loads(json.dumps(first + second)) == "😀"
