"""A file of ours as the body of a request: it flows from the disk and tells of its progress.

The request has told the file's length before the file is read. So it is read to that
length: what was added meanwhile stays out, and what was taken away ends the call, or the
vendor would wait for it for ever.
"""

import base64
import io
import os
from contextlib import contextmanager

from ..errors import ProviderError

BLOCK = 384 * 1024  # divisible by three, so that base64 of blocks is base64 of the whole
PROGRESS_BYTES = 1024 * 1024


@contextmanager
def reading():
    """What the disk refuses is no fault of the line to the vendor, and not tried again."""
    try:
        yield
    except OSError:
        raise changed() from None


def changed():
    return ProviderError("not_found", "The video changed while it was being sent. Ask again.")


def size(path):
    with reading():
        return path.stat().st_size


class Upload(io.FileIO):
    """The file as it is."""

    def __init__(self, path, call):
        with reading():
            super().__init__(path, "rb")
            self._left = os.fstat(self.fileno()).st_size
        self._length = self._left
        self._call, self._tell_at = call, self._left

    def __len__(self):
        return self._length

    def seek(self, position, whence=os.SEEK_SET):
        found = super().seek(position, whence)
        self._left = self._tell_at = self._length - found
        return found

    def read(self, size=-1):
        if self._left <= self._tell_at:
            self._call.phase("uploading")
            self._tell_at -= PROGRESS_BYTES
        with reading():
            data = super().read(self._left if size < 0 else min(size, self._left))
        if self._left and not data:
            raise changed()
        self._left -= len(data)
        return data


class Inline:
    """The file as base64, between two pieces of the JSON it is part of."""

    def __init__(self, path, call, before, after):
        self._path, self._call = path, call
        self._before, self._after = before, after
        self._size = size(path)

    def __len__(self):
        return len(self._before) + 4 * ((self._size + 2) // 3) + len(self._after)

    def __iter__(self):
        yield self._before
        left = self._size
        with Upload(self._path, self._call) as file:
            while left:
                block = whole_block(file, min(BLOCK, left))
                left -= len(block)
                yield base64.b64encode(block)
        yield self._after
        self._call.phase("thinking")


def whole_block(file, length):
    """A raw read may give less than it was asked for, and base64 cannot be cut anywhere."""
    block = file.read(length)
    while len(block) < length:
        more = file.read(length - len(block))
        if not more:
            raise changed()
        block += more
    return block
