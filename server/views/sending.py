"""A file as the answer to a request: whole, or the part of it that `ranges.py` decides on."""

import email.utils
import errno
import time

from flask import Response, request
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable

from . import accel, services
from .crawl import Crawl
from .ranges import decide

BLOCK = 64 * 1024

REVALIDATED = "private, no-cache"  # kept, and asked about before each use
IMMUTABLE = "private, max-age=31536000, immutable"


def send(file, size, etag, modified, content_type, cache_control=REVALIDATED, path=None):
    """Answer this request with an open binary file, which is closed when the response is.
    With its `path`, nginx may be told to send it."""
    for_nginx = path and accel.address(path)
    if for_nginx:
        etag = accel.etag(size, modified)
    try:
        asked = decide(request.method, request.headers, size, etag, modified, int(time.time()))
        if asked.status == 412:
            raise PreconditionFailed("The file is not the one you have; ask without conditions.")
        if asked.status == 416:
            raise RequestedRangeNotSatisfiable(
                size, description=f"The range lies outside of the file's {size} bytes."
            )
        response = Response(status=asked.status)
        if for_nginx and accel.can_send(asked):
            file.close()
            return handed_over(for_nginx, content_type, cache_control)
        if request.method == "GET" and asked.length:
            stream(response, file, asked)
        else:
            file.close()  # here: a response without a body is never closed
    except BaseException:
        file.close()
        raise
    response.headers["ETag"] = '"' + etag + '"'
    response.headers["Last-Modified"] = email.utils.formatdate(modified, usegmt=True)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = cache_control
    if asked.status == 304:
        del response.headers["Content-Type"]
        return response
    response.headers["Content-Type"] = content_type
    response.headers["Content-Length"] = str(asked.length)
    if asked.status == 206:
        last = asked.start + asked.length - 1
        response.headers["Content-Range"] = f"bytes {asked.start}-{last}/{size}"
    return response


def handed_over(address, content_type, cache_control):
    response = Response(content_type=content_type)
    response.headers["X-Accel-Redirect"] = address
    response.headers["Cache-Control"] = cache_control
    return response


def stream(response, file, asked):
    """The bytes as the response's body. Holds a place at the media gate while they flow."""
    leave_gate = services().media.enter()
    patience_s = services().settings.send_timeout_s
    crawl = Crawl(request.environ, services().alarms, patience_s, BLOCK)
    response.response = blocks(file, asked.start, asked.length, crawl)
    for farewell in (crawl.over, file.close, leave_gate):
        response.call_on_close(farewell)


def blocks(file, start, length, crawl):
    file.seek(start)
    while length:
        block = file.read(min(BLOCK, length))
        if not block:
            # Somebody cut the file under us. gunicorn takes this for a hang-up and
            # closes, so the client sees that bytes are missing.
            raise ConnectionResetError(errno.ECONNRESET, "the file became shorter")
        yield block
        length -= len(block)
        crawl.moved += len(block)
