"""`GET /api/models`: every model, what it takes in, and what it lacks."""

from flask import Blueprint, jsonify, request

from . import services

bp = Blueprint("models", __name__)


@bp.get("/api/models")
def listed():
    models = services().models
    query = request.args.get("query", "")
    recommended = models.recommended(query)
    return jsonify(
        models=[
            {**model.as_dict(), "recommended": model.name in recommended}
            for model in models.listed()
        ],
        recommended=recommended,
    )
