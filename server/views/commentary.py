"""`GET /api/analyze-stream/<file>`: a spoken commentary on a video, watched while it is made.

A GET may be repeated by a browser at any time, so it never pays twice: it attaches to the
commentary that is being made, or replays the one that is finished.
"""

from flask import Blueprint, Response, request

from .. import sse
from ..commentary import options
from ..commentary.desk import key_of
from ..commentary.job import film_named
from ..errors import InvalidQuestion, TooBusy, VideoNotFound
from ..events import Commentary
from . import addresses, body, services
from .admitting import idempotency
from .asking import flag
from .limits import rate_limited
from .streaming import follow_response, last_event_id, wait_for

bp = Blueprint("commentary", __name__)


@bp.get("/api/analyze-stream/<path:filename>")
def stream(filename):
    asked = request.args.to_dict()
    fresh = asked.pop("new", "") not in ("", "0", "false")
    asked.pop("last_event_id", None)
    if request.method == "HEAD":
        wanted(filename, asked)
        return Response(headers=sse.HEADERS)
    after = last_event_id()
    identity = idempotency({**asked, "filename": filename, "new": fresh})
    run = made_by(identity)
    if run is None:
        film, chosen = wanted(filename, asked)
        # A reconnecting browser repeats the whole address: it means what it was reading.
        run = ended_with(after, film, chosen)
        run = run or commentary(film, chosen, fresh and not after, identity)
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
    identity = idempotency({**asked, "filename": filename, "new": fresh})
    run = made_by(identity) or commentary(*wanted(filename, asked), fresh, identity)
    found, _, headers = wait_for(run, document)
    if run.state == "interrupted":
        raise TooBusy(found["message"], retry_after=2)
    return addresses.document(run, found), status_of(found), headers


def made_by(identity):
    """The run that this key made before; one that a restart left off is asked for anew."""
    run = services().runs.made_by(*identity)
    return None if run is None or run.state == "interrupted" else run


def wanted(filename, asked):
    """(Film, Options). The first part of a path may be the language."""
    library = services().library
    try:
        film = film_named(library, filename)
    except VideoNotFound:
        language, slash, rest = filename.partition("/")
        if not slash:
            raise
        film = film_named(library, rest)
        given = {name: value for name, value in asked.items() if value not in ("", None)}
        asked = {"language": language, **given}
    return film, options.read(asked, services())


def ended_with(after, film, chosen):
    """The run that has ended, however it did, and told that message: whoever comes back with it
    is told the rest. A failed or cancelled one would else be begun again by each browser."""
    sessions = services().commentaries.sessions
    session = sessions.answering(key_of(film, chosen)) if after else None
    if session is None or not session.ended or len(session.told()) < after:
        return None
    return services().runs.get(session.id)


@rate_limited
def commentary(film, chosen, fresh, identity=(None, None)):
    owned = services()
    run, new = owned.commentaries.commentary(owned, film, chosen, fresh, identity)
    if new:
        run.start()
    return run


UNFINISHED = {"type": "cancelled", "message": "The server is restarting; ask again to go on."}
STATUSES = {"media": 422, "internal": 500, "busy": 503, "out_of_space": 507}


def status_of(found):
    """A document is the whole answer here, so its status says how it went."""
    return 200 if found["status"] == "ok" else STATUSES.get(found["code"], 502)


def document(run):
    """What came of it, for those who did not watch."""
    told = run.summary()["events"]
    last = told[-1] if told and told[-1]["type"] in Commentary.ends else UNFINISHED
    if last["type"] != "complete":
        code = last.get("code", "cancelled")
        return {"status": "error", "code": code, "message": last["message"]}
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
