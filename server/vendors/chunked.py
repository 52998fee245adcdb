"""The chunked transfer coding, taken apart: whatever a read brought, what was said in it.

A vendor sends each piece as a chunk of its own, and under load several arrive in one read:
they leave here together. Pure; what does not follow the coding is a ValueError.
"""

import re

# int() would take a sign, underscores and 0x.
SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)
MAX_SIZE_LINE = 4096  # a size, and extensions nobody uses


class Chunked:
    def __init__(self):
        self.ended = False
        self._rest = b""  # of a size line that is not whole yet
        self._left = 0  # bytes of this chunk to come, and of the line end behind it

    def feed(self, data):
        """The bytes of the body in this part of the stream; none may be in it."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        said, at, size = [], 0, len(data)
        while at < size and not self.ended:
            if self._left:
                at = self._body(data, at, said)
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._rest = data[at:]
                if len(self._rest) > MAX_SIZE_LINE:
                    raise ValueError("a chunk's size without end")
                break
            self._left = length(data[at:end]) + 2
            self.ended = self._left == 2  # what trailers may follow says nothing to us
            at = end + 2
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


def length(line):
    found = SIZE.fullmatch(line)
    if found is None:
        raise ValueError("not the size of a chunk")
    return int(found[1], 16)
