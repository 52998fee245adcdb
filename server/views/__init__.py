"""The only folder that knows Flask: requests in, responses out."""

from flask import current_app

from ..services import Services


def services() -> Services:
    return current_app.extensions["parallax"]
