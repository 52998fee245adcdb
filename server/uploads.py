"""A video on its way in: written beside the library's files, seen by nobody until whole.

The part file is locked by whoever writes it. So a starting server can tell what a dead
one left behind from what an older process, still draining, is about to publish.
"""

import fcntl
import hashlib
import secrets

from . import media, names
from .disk import FULL
from .errors import MediaError, OutOfSpace, TooBusy, TooLarge

CHECK_DISK_EVERY = 32 * 1024 * 1024


class Upload:
    """One file being written. `close` it in any case: it leaves nothing that was not
    published."""

    def __init__(self, library, filename):
        self.title = names.title(filename)
        self.size = 0
        self._library = library
        self._digest = hashlib.sha256()
        self._id = secrets.token_hex(16)
        self._path = library.folder / f".{self._id}.part"
        self._litter = [self._path]
        self._next_look = 0
        try:
            self._file = open(self._path, "xb", buffering=0)
        except OSError as error:
            raise unwritable(error) from None
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self):
        self._file.close()
        for path in self._litter:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                pass  # a disk that fails; the next start sweeps

    def write(self, data):
        self.size += len(data)
        if self.size > self._library.max_upload_bytes:
            raise too_large(self._library.max_upload_bytes)
        if self.size >= self._next_look:
            check_space(self._library, 0)
            self._next_look = self.size + CHECK_DISK_EVERY
        self._digest.update(data)
        try:
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise unwritable(error) from None

    def publish(self):
        """Look whether it is a video; then it is in the library. Returns its File."""
        if not self.size:
            raise MediaError("The file is empty.")
        media.check_whole(self._path)
        probe = self._library.contents.look(self._path)
        name = f"{self._id}.{names.extension_for(self.title, probe.format)}"
        try:
            self._litter.append(self._library.title_path(self._id))
            self._library.keep_title(self._id, self.title)
            file = self._library.publish(self._path, name, probe, self._digest.hexdigest())
        except OSError as error:
            raise unwritable(error) from None
        self._litter.clear()
        return file


def check_size(library, declared):
    """Refuse at once what could not be taken whole."""
    if declared > library.max_upload_bytes:
        raise too_large(library.max_upload_bytes)
    check_space(library, declared)


def check_space(library, needed):
    try:
        free = library.free_bytes()
    except OSError as error:
        raise unwritable(error) from None
    if free - needed < library.spare_bytes:
        raise OutOfSpace("The disk is nearly full; the upload was not kept. Free some space.")


def too_large(limit):
    return TooLarge(f"The video is larger than {limit // 2**20} MB, the limit (MAX_UPLOAD_MB).")


def unwritable(error):
    if error.errno in FULL:
        return OutOfSpace("The disk is full; the upload was not kept. Free some space.")
    return TooBusy("The library cannot be written to; /readyz says more.", retry_after=30)


def sweep(folder):
    """Remove the part files whose writer is dead."""
    for path in folder.glob(".*.part"):
        try:
            with open(path, "rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        except OSError:
            pass  # somebody writes it, or the disk cannot be written: not ours to clear
