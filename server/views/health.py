"""`/healthz`, `/readyz`, `/metrics`: for those who watch the server."""

from flask import Blueprint, Response, jsonify

from . import services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive():
    return jsonify(status="ok")


@bp.get("/readyz")
def ready():
    if reasons := services().problems():
        return jsonify(status="error", code="not_ready", message=" ".join(reasons)), 503
    return jsonify(status="ok")


@bp.get("/metrics")
def metrics():
    return Response(services().metrics.text(), content_type=services().metrics.content_type)
