"""From a request's fields to a Question and its Slots. Whatever is wrong is a 4xx here,
before any byte of a stream."""

import math

from ..errors import InvalidQuestion, OverLimit, UnknownModel
from ..models import MAX_SLOT_CHARS
from ..providers.base import Question
from . import services

ROLES = ("system", "user", "assistant")
MAX_HISTORY = 200
HISTORY_QUERIES = 10  # a conversation may be so many times as long as one question


def question_about_video(asked):
    text = query(asked)
    name = optional_text(asked, "video_path", math.inf)  # what is wrong with it, the library says
    stem = optional_text(asked, "video_id")
    if not name and not stem:
        raise InvalidQuestion(
            "Name a video: `video_path` or `video_id`. GET /api/videos lists them."
        )
    video = services().library.find(name, stem)
    start, end = seconds(asked, "start"), seconds(asked, "end")
    if start is not None and start >= video.duration:
        raise InvalidQuestion(f"`start` is beyond the end of the video ({video.duration:.2f} s).")
    if end is not None:
        end = min(end, video.duration)
        if end <= (start or 0.0):
            raise InvalidQuestion("`end` must be after `start`.")
    return Question(
        text,
        video,
        start,
        end,
        index_id=optional_text(asked, "index_id"),
        video_id=stem if name else None,  # beside a file it is a vendor's id
    )


def query(asked, field="query"):
    text = asked.get(field)
    if not isinstance(text, str) or not text.strip():
        raise InvalidQuestion(f"`{field}` must be a text that asks something.")
    limit = services().settings.max_query_chars
    if len(text) > limit:
        raise OverLimit(f"`{field}` is longer than {limit} characters (MAX_QUERY_CHARS).")
    return clean(text, field)


def conversation(asked, field="conversation_history"):
    """What was said before, as messages every vendor understands."""
    said = asked.get(field)
    if said is None:
        return ()
    if not isinstance(said, list):
        raise InvalidQuestion(f"`{field}` must be a list of messages.")
    messages = []
    for message in said:
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if role not in ROLES or not isinstance(content, str):
            raise InvalidQuestion(
                f"Each message in `{field}` needs a `role` ({', '.join(ROLES)}) "
                "and a `content` of text."
            )
        messages.append({"role": role, "content": clean(content, field)})
    within_conversation(messages, field)
    return tuple(messages)


def within_conversation(messages, field):
    if len(messages) > MAX_HISTORY:
        raise OverLimit(f"`{field}` holds more than {MAX_HISTORY} messages, which is the limit.")
    limit = services().settings.max_query_chars * HISTORY_QUERIES
    if sum(len(message["content"]) for message in messages) > limit:
        raise OverLimit(f"`{field}` is longer than {limit} characters in all.")


def flag(asked, name, default):
    value = asked.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidQuestion(f"`{name}` must be true, false or null.")
    return default if value is None else value


def clean(text, field):
    if "\0" in text:
        raise InvalidQuestion(f"`{field}` holds a NUL character.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidQuestion(f"`{field}` holds half a character (a lone surrogate).") from None
    return text


def optional_text(asked, field, limit=1000):
    text = asked.get(field)
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise InvalidQuestion(f"`{field}` must be a text.")
    if len(text) > limit:
        raise OverLimit(f"`{field}` is longer than {limit} characters.")
    return clean(text, field)


def seconds(asked, field):
    value = asked.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidQuestion(f"`{field}` must be a number of seconds.")
    if not (0 <= value < 1e9) or math.isnan(value):
        raise InvalidQuestion(f"`{field}` must be a time in the video, in seconds.")
    return float(value)


def choice_of_models(asked, field="models"):
    names = asked.get(field)
    if not isinstance(names, list) or not names:
        raise InvalidQuestion(f"`{field}` must be a list of at least one model name.")
    limit = services().settings.max_models
    if len(names) > limit:
        raise OverLimit(f"{len(names)} models were asked for; the limit is {limit} (MAX_MODELS).")
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise InvalidQuestion(f"`{field}` must hold model names only.")
    if any(len(name) > MAX_SLOT_CHARS for name in names):
        raise OverLimit(f"A name in `{field}` is longer than {MAX_SLOT_CHARS} characters.")
    for name in names:
        clean(name, field)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OverLimit(
            f"Each slot can be asked once; {', '.join(twice)} is there more often. "
            "Different options (`model@name=value`) make another slot."
        )
    models = services().models
    unknown = [name for name in names if models.find(name.partition("@")[0]) is None]
    if unknown:
        raise UnknownModel(f"Unknown models: {', '.join(unknown)}. GET /api/models lists them.")
    return [models.slot(name) for name in names]
