"""`/healthz`, `/readyz`, `/metrics`: for those who watch the server."""

from flask import Blueprint, Response, jsonify

from . import services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive():
    return jsonify(status="ok")


@bp.get("/readyz")
def ready():
    owned = services()
    reasons = owned.library.problems() + owned.watchdog.problems() + owned.ledger.problems()
    if services().runs.draining:
        reasons.append("The server is stopping.")
    if reasons:
        return jsonify(status="error", code="not_ready", message=" ".join(reasons)), 503
    return jsonify(status="ok")


@bp.get("/metrics")
def metrics():
    return Response(services().metrics.text(), content_type=services().metrics.content_type)
