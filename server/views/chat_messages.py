"""The messages of a chat, read into a Question: the last of the user's is what is asked,
those before it are its history, and the video is the one named last."""

from urllib.parse import unquote, urlsplit

from flask import request

from ..errors import InvalidQuestion
from ..providers.base import Question
from . import services
from .asking import conversation, query

# What clients call the system's messages nowadays.
ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
VIDEOS = "/api/videos/"
ELSEWHERE = (
    "This server looks at videos of its own library only and fetches none. Upload it with "
    "POST /api/videos and send the `id` or `url` you get."
)


def question(asked):
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidQuestion("`messages` must be a list of at least one message.")
    said, video = [], None
    for message in messages:
        role, text, named = read(message)
        video = named or video
        said.append({"role": role, "content": text})
    instructions = [each for each in said if each["role"] == "system"]
    turns = [each for each in said if each["role"] != "system"]
    if not turns or turns[-1]["role"] != "user":
        raise InvalidQuestion("The last of the `messages` must be the user's: it is what is asked.")
    # A message that was nothing but a video leaves no words, which vendors refuse.
    before = [each for each in instructions + turns[:-1] if each["content"].strip()]
    return Question(
        query(turns[-1], "content"),
        video and services().library.find(None, library_name(video)),
        history=conversation({"messages": before}, "messages"),
    )


def read(message):
    """(role, text, the video it names or None)"""
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in ROLES:
        raise InvalidQuestion(f"Each of the `messages` needs a `role`: {', '.join(ROLES)}.")
    content = message.get("content")
    if content is None and role == "assistant":  # it called a tool
        content = ""
    if isinstance(content, str):
        return ROLES[role], content, None
    if not isinstance(content, list):
        raise InvalidQuestion("The `content` of a message must be a text or a list of parts.")
    texts, videos = [], []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind in ("video_url", "file") and role == "user":
            videos.append(reference(part, kind))
        else:
            raise InvalidQuestion(
                "A part of `content` must be a `text`, or of the user a `video_url` or a `file`. "
                "Other kinds (images, sound) are not taken."
            )
    if len(set(videos)) > 1:
        raise InvalidQuestion("One message may name one video; ask about the others one by one.")
    return ROLES[role], "\n".join(texts), videos[0] if videos else None


def reference(part, kind):
    """How a part names its video."""
    told = part.get(kind)
    if kind == "video_url":
        named = told.get("url") if isinstance(told, dict) else told
    else:
        told = told if isinstance(told, dict) else {}
        if told.get("file_data") is not None:
            raise InvalidQuestion(ELSEWHERE)
        named = told.get("file_id") or told.get("filename")
    if not isinstance(named, str) or not named:
        raise InvalidQuestion(
            'Name the video: {"type": "video_url", "video_url": {"url": …}} or '
            '{"type": "file", "file": {"file_id": …}}, with an id, a name or a `url` of '
            "GET /api/videos."
        )
    return named


def library_name(named):
    """The library's name for it: as it stands, or out of this server's own address of it."""
    try:
        url = urlsplit(named)
        foreign = (url.scheme or url.netloc) and not is_ours(url)
    except ValueError:
        foreign = True
    if foreign:
        raise InvalidQuestion(ELSEWHERE)
    path = url.path.removeprefix(request.script_root)
    address = path if path.startswith("/") else f"/{path}"
    if address.startswith(VIDEOS):
        return unquote(address.removeprefix(VIDEOS))
    if url.netloc:
        raise InvalidQuestion(ELSEWHERE)
    return named


def is_ours(url):
    """Whether an address is at the host this very request was sent to. A proxy may speak
    https for us without our knowing, so the scheme is not held against it."""
    standard = {"http": 80, "https": 443}.get(url.scheme or request.scheme)
    here = urlsplit(request.host_url)
    same_port = (url.port or standard) == (here.port or standard)
    return standard is not None and url.hostname == here.hostname and same_port
