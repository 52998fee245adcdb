"""The body of an answer, taken out of its framing: whatever a read brought, what was said in it.

A vendor sends each piece as a chunk of its own, and under load several arrive in one read:
they leave here together. Pure; what does not follow the coding is a ValueError, or where
something was said before it in the same read, `broken`.

Each has `feed(data)`, whether it has `ended`, and whether it would be `cut_off` were this all.
"""

import functools
import re

LONGEST_SIZE = 16  # digits
# int() would take a sign, underscores and 0x.
SIZE = re.compile(rb"([0-9A-Fa-f]{1,%d})[ \t]*(?:;.*)?" % LONGEST_SIZE, re.DOTALL)
MAX_SIZE_LINE = 4096  # a size, and extensions nobody uses


def of(headers):
    """How the body is framed of an answer with these (name, value)s, in lower case."""
    told = dict(headers)
    if b"chunked" in told.get(b"transfer-encoding", b"").lower():
        return Chunked()
    length = told.get(b"content-length")
    return ToTheEnd() if length is None else Measured(int(length))


class ToTheEnd:
    """A body that lasts until the connection ends."""

    ended = cut_off = broken = False

    def feed(self, data):
        return data


class Measured:
    """A body whose length was told beforehand."""

    broken = False

    def __init__(self, length):
        self._left = length

    @property
    def ended(self):
        return self._left == 0

    @property
    def cut_off(self):
        return self._left > 0

    def feed(self, data):
        said = data[: self._left]
        self._left -= len(said)
        return said


class Chunked:
    """A body in chunks, each with its own length before it."""

    cut_off = True  # until it has ended

    def __init__(self):
        self.ended = self.broken = False
        self._rest = b""  # of a size line that is not whole yet
        self._left = 0  # bytes of this chunk to come, and of the line end behind it

    def feed(self, data):
        """The bytes of the body in this part of the stream; none may be in it."""
        if not (self._rest or self._left or self.ended):
            if said := one_chunk(data):
                return said
        if self._rest:
            data = self._rest + data
            self._rest = b""
        said, at, size = [], 0, len(data)
        try:
            while at < size and not self.ended:
                if self._left:
                    at = self._body(data, at, said)
                    continue
                end = data.find(b"\r\n", at)
                if (end if end >= 0 else size) - at > MAX_SIZE_LINE:
                    raise ValueError("a chunk's size without end")
                if end < 0:
                    self._rest = data[at:]
                    break
                text = length(data[at:end])
                if text == 0:
                    self.ended = True  # what trailers may follow says nothing to us
                    break
                at = end + 2
                after = at + text
                if data[after : after + 2] == b"\r\n":  # all of it is here, as it mostly is
                    said.append(data[at:after])
                    at = after + 2
                else:
                    self._left = text + 2
        except ValueError:
            if not said:
                raise
            self.broken = True
        return said[0] if len(said) == 1 else b"".join(said)

    def _body(self, data, at, said):
        """Take what is there of this chunk; where the next begins."""
        text = min(self._left - 2, len(data) - at)
        if text > 0:
            said.append(data[at : at + text])
            at += text
            self._left -= text
        if 0 < self._left <= 2:
            end = data[at : at + self._left]
            if end != b"\r\n"[2 - self._left :][: len(end)]:
                raise ValueError("a chunk longer than it said")
            at += len(end)
            self._left -= len(end)
        return at


def one_chunk(data):
    """What is said in these bytes, where they are one chunk, as they mostly are; or None."""
    end = data.find(b"\r\n", 0, LONGEST_SIZE + 2)
    if end > 0 and data.endswith(b"\r\n") and length(data[:end]) == len(data) - end - 4:
        return data[end + 2 : -2]
    return None


@functools.lru_cache(512)  # pieces are of a few sizes
def length(line):
    found = SIZE.fullmatch(line)
    if found is None:
        raise ValueError("not the size of a chunk")
    return int(found[1], 16)
