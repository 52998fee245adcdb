"""Who may ask: the bearer of AUTH_TOKEN, and no other site in the visitor's browser."""

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import request

from ..errors import Forbidden, Unauthorized
from . import services

COOKIE = "parallax"
OPEN = {"/healthz"}
SAFE = {"GET", "HEAD", "OPTIONS"}


def check():
    """Before every request."""
    refuse_other_sites()
    token = services().settings.auth_token
    if token and request.path not in OPEN and not (bears(token) or carries_cookie(token)):
        raise Unauthorized(
            "Send `Authorization: Bearer <AUTH_TOKEN>`; "
            "a browser may give the token as the password."
        )


def challenge():
    """What a 401 asks for: of a browser its own password dialog, of a program the token."""
    if "text/html" in request.headers.get("Accept", ""):
        return 'Basic realm="Parallax", charset="UTF-8"'
    return "Bearer"


def refuse_other_sites():
    """A page of another site must not spend this server's money.

    Browsers say where a request comes from and pages cannot lie about it; programs say
    nothing and are let through.
    """
    if request.method in SAFE and not request.path.startswith("/api/analyze-stream"):
        return
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Forbidden("Requests from other sites are refused.")
    if origin is not None and host_of(origin) != request.host:
        raise Forbidden("Requests from other sites are refused.")


def host_of(origin):
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def bears(token):
    given = request.authorization
    if given is None:
        return False
    return same((given.password if given.type == "basic" else given.token) or "", token)


def carries_cookie(token):
    return same(request.cookies.get(COOKIE, ""), seal(token))


def seal(token):
    """What the cookie holds: proves the token was known, and is not the token."""
    return hmac.new(token.encode(), b"parallax cookie", hashlib.sha256).hexdigest()


def same(a, b):
    return hmac.compare_digest(a.encode("utf-8", "replace"), b.encode())


def with_cookie(response):
    """Whoever got the page may load its media, which browsers ask for without a token."""
    token = services().settings.auth_token
    if token:
        response.set_cookie(
            COOKIE,
            seal(token),
            path=request.script_root or "/",
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
        )
    return response
