"""One question put to the OpenAI provider, as a worker would put it."""

from dataclasses import replace

import pytest

from server.cancel import CancelToken
from server.errors import ProviderError
from server.models import Model, Slot
from server.providers.base import Call, Question
from server.providers.openai import OpenAI

KEY = "sk-canary-0123456789abcdef"
CLIENT = Model(
    "gpt",
    "openai",
    "GPT",
    upstream="gpt-x",
    key_env=("OPENAI_API_KEY",),
    base_url_env=("OPENAI_BASE_URL",),
)


def ask(question="What happens?", model=CLIENT, token=None, phases=None, **options):
    """Everything the provider yields."""
    question = Question(question) if isinstance(question, str) else question
    token = token or CancelToken()
    provider = OpenAI(model, {**model.options, **options})
    on_phase = (lambda name: None) if phases is None else phases.append
    with token.serving():
        return list(provider.answer(question, Call(token, on_phase)))


def text_of(items):
    return "".join(item for item in items if isinstance(item, str))


def failure(*args, **kwargs):
    with pytest.raises(ProviderError) as caught:
        ask(*args, **kwargs)
    return caught.value


def slot(name="gpt", **changes):
    """A place in a run for a model of that name."""
    return Slot(name, replace(CLIENT, name=name, label=name, upstream=name, **changes), {})
