"""The application: settings, blueprints, error pages."""

import logging
import time
from ipaddress import ip_address

from flask import Flask, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from . import log as logs
from . import settings as settings_module
from .errors import ServerError, our_fault
from .services import Services
from .views import (
    analyze,
    commentary,
    commentary_files,
    compare,
    guard,
    health,
    models,
    openai_api,
    pages,
    runs,
    services,
    videos,
)
from .views.receiving import has_body, refuse_needless, see_off

log = logging.getLogger(__name__)

BLUEPRINTS = (
    analyze,
    commentary,
    commentary_files,
    compare,
    health,
    models,
    openai_api,
    pages,
    runs,
    videos,
)

# No inline anything, nothing from elsewhere, in nobody's frame.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app(settings=None):
    logs.set_up()
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    owned = Services(settings or settings_module.load())
    app.extensions["parallax"] = owned
    believed = owned.settings.trusted_proxies
    app.wsgi_app = behind_proxy(app.wsgi_app, believed)  # type: ignore[method-assign]
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    app.before_request(start_clock)
    app.before_request(guard.check)
    app.before_request(refuse_needless)
    app.after_request(finish)
    app.teardown_request(come_in)
    app.register_error_handler(ServerError, explain)
    app.register_error_handler(HTTPException, explain_http)
    app.register_error_handler(Exception, confess)
    owned.library.prepare()
    return app


def behind_proxy(wsgi_app, trusted):
    """A proxy we trust may say who its client is and under which prefix we are seen;
    said by anybody else it would be a way around the rate limit."""
    believing = ProxyFix(wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    known = {spelled(address.strip()) for address in trusted.split(",")}

    def choose(environ, start_response):
        trust = "*" in known or spelled(environ.get("REMOTE_ADDR", "")) in known
        return (believing if trust else wsgi_app)(environ, start_response)

    return choose


def spelled(address):
    """Equal for equal addresses, however they are written: a socket that listens on IPv6 and
    on IPv4 calls who came by IPv4 `::ffff:192.0.2.1`."""
    try:
        found = ip_address(address)
    except ValueError:  # "*", or nobody's
        return address
    return getattr(found, "ipv4_mapped", None) or found


def start_clock():
    g.began = time.monotonic()
    g.through_the_door = services().door.enter()
    if sock := request.environ.get("gunicorn.socket"):
        # gunicorn waits for ever on a client that does not read; no answer is worth that.
        sock.settimeout(services().settings.send_timeout_s)


def come_in(error=None):
    if "through_the_door" in g:
        g.through_the_door()


def finish(response):
    if response.status_code == 308:  # a path of two slashes: Flask lets nobody else answer
        moved = jsonify(status="error", code="moved", message="The path is that of `Location`.")
        response.data, response.mimetype = moved.data, moved.mimetype
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/") or response.is_json:
        response.headers.setdefault("Cache-Control", "no-store")
    environ, alarms = request.environ, services().alarms
    if has_body(environ):
        response.call_on_close(lambda: see_off(environ, alarms))
    # Our own pattern, or nothing: what a client may write is without end.
    route = request.url_rule.rule if request.url_rule else "none"
    services().metrics.answered(known_method(request.method), route, response.status_code)
    log.info(
        "request",
        extra=logs.facts(
            method=request.method,
            path=request.path,
            status=response.status_code,
            run_id=response.headers.get("X-Run-Id"),
            ms=round((time.monotonic() - g.get("began", time.monotonic())) * 1000, 1),
        ),
    )
    return response


def known_method(method):
    return method if method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else "other"


def explain(error):
    body = {"status": "error", "code": error.code, "message": error.message}
    response = jsonify(body)
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = guard.challenge()
    services().metrics.refused(error.status)
    return response


def explain_http(error):
    """werkzeug's own errors (no such path, wrong method) in our form."""
    response = error.get_response()
    if error.code is None or error.code < 400:
        return response
    names = {404: "not_found", 405: "wrong_method", 413: "too_large", 416: "range"}
    body = jsonify(
        status="error",
        code=names.get(error.code, "bad_request" if error.code < 500 else "internal"),
        message=error.description or error.name,
    )
    for name in ("Allow", "Retry-After", "Content-Range"):
        if name in response.headers:
            body.headers[name] = response.headers[name]
    body.status_code = error.code
    return body


def confess(error):
    """A bug of ours: the traceback to the log, nothing of it to the client."""
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return (
        jsonify(status="error", code="internal", message=our_fault().message),
        500,
    )
