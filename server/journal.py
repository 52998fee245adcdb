"""The append-only list of a run's messages; what makes resume and replay possible.

Message N has id N, from 1, without holes. The messages of a run repeat themselves, so
all but the latest are kept in compressed blocks: a long answer in tiny pieces costs a
twentieth of what it would, and an ended run, remembered for an hour and seldom read
again, next to nothing.
"""

import threading
import zlib
from array import array

BLOCK = 1024


class Journal:
    forgotten = False  # that can happen to one that is read from a store

    def __init__(self):
        self._blocks = []  # of BLOCK messages each, but for the last of a closed journal
        self._latest = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0  # followers; mostly there is none to be told
        self._told = None
        self.length = 0
        self.closed = False

    def extend(self, frames):
        with self._lock:
            latest = self._latest
            latest += frames
            self.length = length = self.length + len(frames)
            if self._told and frames:
                self._told(length)
            while len(latest) >= BLOCK:
                self._blocks.append(pack(latest[:BLOCK]))
                del latest[:BLOCK]
            if self._waiting:
                self._changed.notify_all()

    def tell(self, told):
        """From now on `told(number of the last)` is called when messages came, before
        anybody can read them. It must not wait."""
        self._told = told

    def place(self, last_id):
        """Where a reader goes on who says that it has read so far."""
        return min(last_id, self.length)

    def close(self):
        """Nothing more will come."""
        with self._lock:
            if not self.closed:
                self.closed, self._told = True, None
                if self._latest:
                    self._blocks.append(pack(self._latest))
                self._latest = []
                self._changed.notify_all()

    def after(self, last_id):
        """The messages after that id; where there are many, the first of them."""
        with self._lock:
            number, skip = divmod(last_id, BLOCK)
            if number < len(self._blocks):
                block = self._blocks[number]
            else:
                return self._latest[last_id - len(self._blocks) * BLOCK :]
        return unpack(block)[skip:]

    def wait(self, last_id, timeout, gone=lambda: False):
        """Until there is a message after that id, or no more can come, or `gone()`."""

        def come():
            return self.length > last_id or self.closed or gone()

        with self._lock:
            self._waiting += 1
            try:
                self._changed.wait_for(come, timeout)
            finally:
                self._waiting -= 1

    def poke(self):
        """Wake whoever waits, so that it looks around."""
        with self._lock:
            self._changed.notify_all()

    @property
    def size(self):
        """Bytes held once closed."""
        return sum(len(data) + 4 * len(sizes) for data, sizes in self._blocks)


def pack(frames):
    # A message repeats those just before it: a window of 8 KiB finds as much as the usual one,
    # whose tables, a quarter of a megabyte, cost ten times the work of a small batch.
    deflate = zlib.compressobj(1, zlib.DEFLATED, 13, 6)
    data = deflate.compress(b"".join(frames)) + deflate.flush()
    return data, array("I", map(len, frames))


def unpack(block):
    data, sizes = block
    whole, start, frames = zlib.decompress(data), 0, []
    for size in sizes:
        frames.append(whole[start : start + size])
        start += size
    return frames
