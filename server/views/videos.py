"""`/api/videos`: the library as a list, one video's bytes and pictures, and uploads."""

import io
import time

from flask import Blueprint, jsonify, request, url_for

from ..errors import InvalidQuestion, ServerError
from ..uploads import check_size
from . import form, sending, services
from .limits import rate_limited
from .receiving import Body

bp = Blueprint("videos", __name__, url_prefix="/api/videos")

LIST_S = 5.0  # no list takes longer; what was not looked at by then says so
WIDTHS = (32, 1280)
WIDTH = 320
FIGURES = ("duration", "width", "height", "fps", "codec", "has_audio")


@bp.get("")
def listed():
    """Every video. One that cannot be read is there with an `error` and no figures, so
    that whoever put it there learns why it cannot be asked about."""
    library = services().library
    index = library.index()
    deadline = time.monotonic() + LIST_S
    return jsonify(videos=[item(file, index, deadline) for file in library.files()])


@bp.get("/list")
def named():
    return jsonify(videos=services().library.index().names)


@bp.post("")
@rate_limited
def upload():
    library, settings = services().library, services().settings
    boundary = form.boundary()
    declared = request.content_length
    check_size(library, (declared or 0) - form.MAX_AROUND)
    leave_gate = services().media.enter()
    try:
        body = Body(request.environ, declared, settings.send_timeout_s, services().alarms)
        file = form.receive(library, body.blocks(), boundary)
    finally:
        leave_gate()
    shown = item(file, library.index())
    return jsonify(shown), 201, {"Location": shown["url"]}


@bp.get("/<path:id>")
def video(id):
    file, opened = services().library.open(id)
    return sending.send(
        opened, file.size, file.etag, file.modified, file.content_type, path=file.path
    )


@bp.get("/<path:id>/thumbnail")
def thumbnail(id):
    library = services().library
    file = library.locate(id)
    duration = library.contents.probe(file).duration
    at = number("at", duration / 10, 0, duration)
    width = int(number("width", WIDTH, *WIDTHS))
    leave_gate = services().media.enter()
    try:
        picture = library.thumbnails.get(file, at, width)
    finally:
        leave_gate()
    etag = library.thumbnails.key(file, at, width)
    return sending.send(io.BytesIO(picture), len(picture), etag, file.modified, "image/jpeg")


def item(file, index, deadline=float("inf")):
    """A video as the list shows it."""
    library = services().library
    id = index.id(file.name)
    figures, error = dict.fromkeys(FIGURES), None
    if library.contents.probed(file) or time.monotonic() < deadline:
        try:
            probe = library.contents.probe(file)
            figures = {name: getattr(probe, name) for name in FIGURES}
        except ServerError as failure:
            error = failure.message
    else:
        error = "Not looked at yet; ask again."
    width, height = figures["width"], figures["height"]
    shown = {
        "id": id,
        "name": file.name,
        "title": library.title(file),
        **figures,
        "resolution": f"{width}x{height}" if width and height else None,
        "size": file.size,
        "modified": file.modified,
        "url": url_for("videos.video", id=id),
        "thumbnail_url": url_for("videos.thumbnail", id=id),
    }
    return shown if error is None else {**shown, "error": error}


def number(name, default, low, high):
    text = request.args.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        raise InvalidQuestion(f"`{name}` must be a number from {low:g} to {high:g}.")
    return value
