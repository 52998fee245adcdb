"""`/api/runs/<id>`: watch, read, stop. Nothing here starts anything that costs money."""

from flask import Blueprint, jsonify, request

from ..errors import InvalidQuestion, NotFound, ProviderError
from . import addresses, services
from .streaming import follow_response, last_event_id

MAX_LISTED = 100

bp = Blueprint("runs", __name__, url_prefix="/api/runs")


def stopped():
    return ProviderError("cancelled", "Stopped on request.")


@bp.get("")
def listed():
    runs, more = services().runs.newest(limit(), request.args.get("before"))
    older = runs[-1].id if more else None
    return jsonify(runs=[run.headline() for run in runs], older=older)


def limit():
    text = request.args.get("limit", "20")
    whole = text.isascii() and text.isdecimal() and len(text) < 10
    if not whole or not 1 <= int(text) <= MAX_LISTED:
        raise InvalidQuestion(f"`limit` must be a whole number from 1 to {MAX_LISTED}.")
    return int(text)


@bp.get("/<run_id>")
def show(run_id):
    run = services().runs.get(run_id)
    return addresses.document(run, run.summary())


@bp.get("/<run_id>/stream")
def follow(run_id):
    run = services().runs.get(run_id)
    return follow_response(run, run.journal.place(last_event_id()))


@bp.post("/<run_id>/cancel")
def cancel(run_id):
    run = services().runs.get(run_id)
    run.cancel(stopped())
    return jsonify(status="ok", run_id=run.id, state=run.state)


@bp.delete("/<run_id>")
def delete(run_id):
    return cancel(run_id)


@bp.post("/<run_id>/models/<path:slot>/cancel")
def cancel_model(run_id, slot):
    run = services().runs.get(run_id)
    if slot not in run.lanes:
        raise NotFound(f"This run has no model {slot[:80]!r}.")
    run.cancel_model(slot, stopped())
    return jsonify(status="ok", run_id=run.id, model=slot, state=run.lanes[slot].state)
