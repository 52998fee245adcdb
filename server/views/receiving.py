"""A big request body, block by block, from a client that may be slow, or leave.

gunicorn's own ways would hurt here: it takes a body that broke off for a complete one,
and after a refusal it reads what is left of the body to the end, however long that is,
before it lets go of the thread.
"""

from flask import request

from ..cancel import shut
from ..errors import BadRequest, TooLarge
from .crawl import Crawl

BLOCK = 64 * 1024
CRAWL_BYTES, CRAWL_S = 2 * BLOCK, 60.0  # slower than this is no upload
MOST_NEEDLESS = 8 * 1024
LINGER_S = 3.0  # a refused client may go on sending for so long before it is cut off


class Body:
    def __init__(self, environ, declared, patience_s, alarms, crawl_s=CRAWL_S):
        self._stream = environ["wsgi.input"]
        self._left = declared
        if declared is None and not environ.get("wsgi.input_terminated"):
            self._left = 0
        self._broken = False
        self._crawl = Crawl(environ, alarms, crawl_s, CRAWL_BYTES)
        self._sock = environ.get("gunicorn.socket")
        if self._sock is not None:
            self._timeout_before = self._sock.gettimeout()
            self._sock.settimeout(patience_s)

    def blocks(self):
        """Raises BadRequest when the client leaves before the end, or crawls."""
        try:
            while block := self._read():
                yield block
        finally:
            self._crawl.over()
            if self._sock is not None:
                self._sock.settimeout(self._timeout_before)
        if self._left or self._broken:
            raise BadRequest("The body broke off before its end; send it again.")

    def _read(self):
        size = BLOCK if self._left is None else min(BLOCK, self._left)
        try:
            block = self._stream.read(size) if size else b""
        except OSError:  # it left, or was silent for too long, or broke the chunking
            self._broken = True
            return b""
        self._crawl.moved += len(block)
        if self._left is not None:
            self._left -= len(block)
        return block


def has_body(environ):
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def refuse_needless():
    """Before every request. A body that nobody reads would be waited for until the answer's
    end, which may be far, in one of the few threads there are for bodies."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        declared = request.content_length or 0
        if declared > MOST_NEEDLESS or "HTTP_TRANSFER_ENCODING" in request.environ:
            raise TooLarge("This request needs no body; send it without.")


def see_off(environ, alarms):
    """After the answer: a refused client may be sending still. Let it, for a moment, or
    the reset of its connection could overtake what we said; then hang up."""
    sock = environ.get("gunicorn.socket")
    if sock is None:
        return
    cut_off = alarms.after(LINGER_S, lambda: shut(sock))
    try:
        while environ["wsgi.input"].read(BLOCK):
            pass
    except OSError:
        shut(sock)
    cut_off.cancel()
