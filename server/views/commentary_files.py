"""What a commentary leaves for its viewers: chunks, playlist, captions, the finished film."""

import os

from flask import Blueprint

from ..errors import NotFound
from . import sending, services

bp = Blueprint("commentary_files", __name__)

CONTENT_TYPES = {
    "mp4": "video/mp4",
    "m3u8": "application/vnd.apple.mpegurl",
    "vtt": "text/vtt; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
}


@bp.get("/videos/streaming/<session>/<name>")
@bp.get("/api/videos/streaming/<session>/<name>")
def streaming_file(session, name):
    path = services().commentaries.sessions.public_file(session, name)
    # A chunk never changes; playlist and captions grow.
    return send(path, sending.IMMUTABLE if path.suffix == ".mp4" else sending.REVALIDATED)


@bp.get("/videos/generated/<name>")
@bp.get("/api/videos/generated/<name>")
def generated_file(name):
    return send(services().commentaries.sessions.final_file(name), sending.REVALIDATED)


def send(path, cache_control):
    try:
        opened = open(path, "rb")
    except FileNotFoundError:
        raise NotFound("This file was removed this instant.") from None
    found = os.fstat(opened.fileno())
    etag = f"{found.st_size:x}-{found.st_mtime_ns:x}"
    kind = CONTENT_TYPES[path.suffix[1:]]
    modified = found.st_mtime_ns // 10**9
    return sending.send(opened, found.st_size, etag, modified, kind, cache_control, path)
