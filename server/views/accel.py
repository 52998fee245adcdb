"""Bytes of files, sent by nginx instead of by one of our threads.

We decide who may have which file and answer everything that needs no bytes; nginx is told
where the file is (`X-Accel-Redirect`) and sends it. Told to clients directly that would be
an empty answer, so it takes both: the setting, and a request that came through a proxy.
"""

import os
import re
from urllib.parse import quote

from flask import request

from . import services

# What nginx understands as the RFC has it. It calls a number with too many digits, or a
# range that is none, 416; those we answer ourselves.
PLAIN_RANGE = re.compile(r"bytes=(\d{1,15}-\d{0,15}|-\d{1,15})", re.ASCII)


def address(path):
    """Where nginx finds that file, or None when it is for us to send."""
    settings = services().settings
    if not settings.x_accel_prefix or not proxied(request.environ):
        return None
    data = settings.data_dir.absolute()
    try:
        below = path.relative_to(data)
    except ValueError:
        return None
    if os.path.realpath(path) != os.path.join(os.path.realpath(data), below):
        return None  # the operator put a folder elsewhere by a link, which nginx refuses
    return f"{settings.x_accel_prefix}/{quote(str(below))}"


def proxied(environ):
    believed = environ.get("werkzeug.proxy_fix.orig")  # there when the proxy is a trusted one
    return believed is not None and "HTTP_X_FORWARDED_FOR" in environ


def etag(size, modified):
    """nginx's own, for it judges If-Range by it. Both of us must say the same."""
    return f"{modified:x}-{size:x}"


def can_send(asked):
    """Whether nginx would do with this request what `ranges.decide` has decided."""
    wanted = request.headers.get("Range")
    if request.method != "GET" or not asked.length:
        return False
    if wanted is None:
        return asked.status == 200
    return asked.status == 206 and PLAIN_RANGE.fullmatch(wanted) is not None
