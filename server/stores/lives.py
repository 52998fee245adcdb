"""Which processes of this machine are alive, and how far their runs had come.

A process is alive as long as it holds the lock on a file of its own: nobody has to write
every second to say so, and a kill -9 is seen at once. In the same file it notes, by memory,
the number of the last message of each run that may have been sent; the store, which is
written behind, may not have all of them.
"""

import fcntl
import functools
import mmap
import os
import struct
import threading

from .database import translated

ID_BYTES = 32
ENTRY = struct.Struct(f"<{ID_BYTES}sQ")
NUMBER = struct.Struct("<Q")
ENTRIES = 4096  # runs at a time; more are served all the same


class Lives:
    def __init__(self, folder):
        self._folder = folder
        self._own = self._memory = self._owner = None
        self._lock = threading.Lock()
        self._free = list(range(ENTRIES))
        self._places = {}

    def begin(self, owner):
        self._owner = owner
        with translated():
            path = self._path(owner)
            unborn = path.with_suffix(".unborn")  # it must not be found unlocked: as of a dead
            self._own = open(unborn, "w+b")
            fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                # Written, not only made so long: where the disk has no room for a page of
                # it, a note in that page would be a SIGBUS, which ends this process.
                self._own.write(bytes(ENTRIES * ENTRY.size))
                self._own.flush()
            except OSError:
                unborn.unlink()
                raise
            self._memory = mmap.mmap(self._own.fileno(), 0)
            os.rename(unborn, path)

    def end(self):
        if self._memory is not None:
            self._path(self._owner).unlink(missing_ok=True)
            self._memory.close()
            self._own.close()
            self._memory = None

    def note(self, id):
        """`sent(number)` for a run that begins: notes the number of its last message."""
        with self._lock:
            if not self._free:
                return None
            place = self._places[id] = self._free.pop()
        memory, at = self._memory, place * ENTRY.size
        ENTRY.pack_into(memory, at, id.encode(), 0)
        return functools.partial(NUMBER.pack_into, memory, at + ID_BYTES)

    def forget(self, id):
        with self._lock:
            if (place := self._places.pop(id, None)) is not None:
                self._free.append(place)

    def sent(self, owner, id):
        """The number of the last message that a dead process may have sent."""
        try:
            data = self._path(owner).read_bytes()
        except OSError:
            return 0
        at = data.find(id.encode())
        return NUMBER.unpack_from(data, at + ID_BYTES)[0] if at >= 0 else 0

    def alive(self, owner):
        try:
            with open(self._path(owner)) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            pass
        return False

    def bury(self):
        """Those who died without a word, whose files are removed."""
        for path in self._folder.glob("*.alive"):
            if not self.alive(path.stem):
                path.unlink(missing_ok=True)
                yield path.stem

    def _path(self, owner):
        return self._folder / f"{owner}.alive"
