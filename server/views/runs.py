"""`/api/runs/<id>`: watch, read, stop. Nothing here starts anything that costs money."""

from flask import Blueprint, jsonify

from ..errors import NotFound, ProviderError
from . import services
from .streaming import follow_response, last_event_id

bp = Blueprint("runs", __name__, url_prefix="/api/runs")


def stopped():
    return ProviderError("cancelled", "Stopped on request.")


@bp.get("/<run_id>")
def show(run_id):
    return jsonify(services().runs.get(run_id).summary())


@bp.get("/<run_id>/stream")
def follow(run_id):
    run = services().runs.get(run_id)
    return follow_response(run, min(last_event_id(), run.journal.length))


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
