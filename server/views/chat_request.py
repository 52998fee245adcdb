"""A Chat Completions request: whom it asks what, and in which form it wants the answer.

Fields without which the answer is still an answer are ignored. Fields that promise the
client something no model here is asked for are refused, each with what to do.
"""

from dataclasses import dataclass, replace

from ..errors import InvalidQuestion
from ..models import Slot
from ..providers.base import Question
from . import chat_messages
from .asking import choice_of_models, flag

NO_TOOLS = "No tool is called here. Leave it out, or send `auto` or `none`."
# Field -> what it may be, and what to do about anything else.
PROMISES = {
    "n": ((None, 1), "One answer is given per request. Ask again for another."),
    "tool_choice": ((None, "none", "auto"), NO_TOOLS),
    "function_call": ((None, "none", "auto"), NO_TOOLS),
    "response_format": ((None, {"type": "text"}), "Answers are text. Ask for JSON in words."),
    "modalities": ((None, ["text"]), "Answers are text."),
}


@dataclass(frozen=True)
class ChatRequest:
    question: Question
    slot: Slot
    refresh: bool
    stream: bool
    include_usage: bool


def read(asked):
    for field, (allowed, instead) in PROMISES.items():
        if asked.get(field) not in allowed:
            raise InvalidQuestion(f"`{field}` cannot be that here. {instead}")
    asked = {name: value for name, value in asked.items() if value is not None}
    options = asked.get("stream_options", {})
    if not isinstance(options, dict):
        raise InvalidQuestion("`stream_options` must be an object.")
    name = asked.get("model")
    if not isinstance(name, str):
        raise InvalidQuestion("`model` must be the name of a model. GET /v1/models lists them.")
    [slot] = choice_of_models({"model": [name]}, "model")
    return ChatRequest(
        question=chat_messages.question(asked),
        slot=with_parameters(slot, asked),
        refresh=flag(asked, "refresh", False),
        stream=flag(asked, "stream", False),
        include_usage=options.get("include_usage") is True,
    )


def with_parameters(slot, asked):
    """The slot with what the request says of temperature and length, where its model
    has such options. Options in the slot's name win: they are how a user of a client that
    always sends its own defaults gets another say."""
    readers = slot.provider.options
    named = {part.partition("=")[0] for part in slot.name.partition("@")[2].split(",")}
    options = dict(slot.options)
    for field, option in (
        ("temperature", "temperature"),
        ("max_tokens", "max_tokens"),
        ("max_completion_tokens", "max_tokens"),
    ):
        if field in asked and option in readers and option not in named:
            try:
                options[option] = readers[option](spelled(asked[field]))
            except ValueError:
                raise InvalidQuestion(
                    f"`{field}` is not a value that {slot.model.name} can have."
                ) from None
    return replace(slot, options=options)


def spelled(value):
    """As it would stand in a slot's name. Some clients know no whole numbers."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)
