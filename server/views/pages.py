"""The page and its parts, and the OpenAPI document."""

from pathlib import Path

from flask import Blueprint, send_from_directory

from . import guard

STATIC = Path(__file__).parents[2] / "static"

bp = Blueprint("pages", __name__)


@bp.get("/")
def index():
    return guard.with_cookie(send_from_directory(STATIC, "index.html"))


@bp.get("/static/<path:name>")
def part(name):
    return send_from_directory(STATIC, name)


@bp.get("/openapi.json")
def openapi():
    return send_from_directory(STATIC, "openapi.json")
