"""`GET /api/analyze-stream/<file>`: a spoken commentary on a video, watched while it is made.

A GET may be repeated by a browser at any time, so it never pays twice: it attaches to the
commentary that is being made, or replays the one that is finished.
"""

import os

from flask import Blueprint, Response, request

from .. import names, sse
from ..commentary import options
from ..commentary.job import Film
from ..errors import InvalidQuestion, VideoNotFound
from ..library import describe
from . import body, ranges, services
from .asking import flag
from .limits import rate_limited
from .streaming import follow_response, last_event_id, wait_for

bp = Blueprint("commentary", __name__)


@bp.get("/api/analyze-stream/<path:filename>")
def stream(filename):
    asked = request.args.to_dict()
    fresh = asked.pop("new", "") not in ("", "0", "false")
    asked.pop("last_event_id", None)
    film, asked = film_of(filename, asked)
    if request.method == "HEAD":
        return Response(headers=sse.HEADERS)
    after = last_event_id()
    # A reconnecting browser repeats the whole address: it means what it was reading.
    run = commentary(film, asked, fresh and not after)
    # A number beyond the last message is of a run that is gone.
    return follow_response(run, after if after <= run.journal.length else 0)


@bp.post("/api/analyze")
def whole():
    """The same, answered once it is done."""
    asked = body.json_object()
    filename = asked.pop("filename", None)
    if not isinstance(filename, str) or not filename:
        raise InvalidQuestion("`filename` must name a video. GET /api/videos/list lists them.")
    fresh = flag(asked, "new", False)
    asked.pop("new", None)
    film, asked = film_of(filename, asked)
    return wait_for(commentary(film, asked, fresh), document)


def film_of(filename, asked):
    """(Film, what is asked of it). The first part of a path may be the language."""
    library = services().library
    try:
        file = library.locate(filename)
    except VideoNotFound:
        language, slash, rest = filename.partition("/")
        if not slash:
            raise
        file = library.locate(rest)
        asked = {"language": language, **asked}
    probe = library.probe(file)
    video = describe(file, probe, lambda: library.fingerprint(file))
    return Film(video, probe, names.file_stem(library.title(file))), asked


@rate_limited
def commentary(film, asked, fresh):
    owned = services()
    chosen = options.read(asked, owned)
    run, new = owned.commentaries.commentary(owned, film, chosen, request.script_root, fresh)
    if new:
        run.start()
    return run


def document(run):
    """What came of it, for those who did not watch."""
    told = run.summary()["events"]
    last = told[-1] if told else {}
    if last.get("type") != "complete":
        return {
            "status": "error",
            "code": last.get("code", "cancelled"),
            "message": last.get("message", "The commentary was not finished."),
        }
    return {
        "status": "ok",
        "final_video": last["final_video"],
        "final_url": last["final_url"],
        "playlist_url": last["playlist_url"],
        "captions_url": last["captions_url"],
        "events": [
            moment
            for event in told
            if event["type"] == "events_detected"
            for moment in event["moments"]
        ],
        "commentary": [
            {name: event[name] for name in ("index", "text", "start", "end", "speaker")}
            for event in told
            if event["type"] == "commentary_ready"
        ],
        "warnings": last["warnings"],
    }


# -- the files

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
    return send(path, ranges.IMMUTABLE if path.suffix == ".mp4" else ranges.REVALIDATED)


@bp.get("/videos/generated/<name>")
@bp.get("/api/videos/generated/<name>")
def generated_file(name):
    return send(services().commentaries.sessions.final_file(name), ranges.REVALIDATED)


def send(path, cache_control):
    opened = open(path, "rb")
    found = os.fstat(opened.fileno())
    etag = f"{found.st_size:x}-{found.st_mtime_ns:x}"
    kind = CONTENT_TYPES[path.suffix[1:]]
    modified = found.st_mtime_ns // 10**9
    return ranges.send(opened, found.st_size, etag, modified, kind, cache_control, path)
