"""The append-only list of a run's messages; what makes resume and replay possible.

Message N has id N, from 1, without holes. While the run lives the messages are a list;
once it is closed they are packed into one compressed block, because an ended run is
remembered for an hour and is seldom read again.
"""

import threading
import zlib


class Journal:
    def __init__(self):
        self._frames = []
        self._packed = None
        self._changed = threading.Condition()
        self.length = 0
        self.closed = False

    def extend(self, frames):
        with self._changed:
            self._frames.extend(frames)
            self.length += len(frames)
            self._changed.notify_all()

    def close(self):
        """Nothing more will come."""
        with self._changed:
            if not self.closed:
                self.closed = True
                sizes = [len(frame) for frame in self._frames]
                self._packed = (zlib.compress(b"".join(self._frames), 1), sizes)
                self._frames = None
                self._changed.notify_all()

    def after(self, last_id):
        """Every message after that id."""
        with self._changed:
            if self._packed is None:
                return self._frames[last_id:]
            block, sizes = self._packed
        whole, start, frames = zlib.decompress(block), 0, []
        for size in sizes:
            frames.append(whole[start : start + size])
            start += size
        return frames[last_id:]

    def wait(self, last_id, timeout, gone=lambda: False):
        """Until there is a message after that id, or no more can come, or `gone()`."""
        with self._changed:
            self._changed.wait_for(lambda: self.length > last_id or self.closed or gone(), timeout)

    def poke(self):
        """Wake whoever waits, so that it looks around."""
        with self._changed:
            self._changed.notify_all()

    @property
    def size(self):
        """Bytes held once packed."""
        return len(self._packed[0]) + 8 * len(self._packed[1]) if self._packed else 0
