"""Pictures of videos, made on demand and kept on disk within bounds."""

import hashlib
import os
import secrets
import threading

from . import media
from .errors import MediaError

MAX_BYTES = 64 * 1024 * 1024
AT_A_TIME = 2  # each is a run of ffmpeg, and a page asks for a dozen at once


class Thumbnails:
    def __init__(self, folder, max_bytes=MAX_BYTES):
        self.folder = folder
        self._max_bytes = max_bytes
        self._making = threading.BoundedSemaphore(AT_A_TIME)

    def get(self, file, at, width):
        """The JPEG of that moment."""
        path = self.folder / f"{self.key(file, at, width)}.jpg"
        kept = read(path)
        if kept:
            return kept
        with self._making:
            kept = read(path)  # whoever was before us at the door may have made it
            if kept:
                return kept
            picture = media.thumbnail(file.path, at, width)
            if not picture:
                raise MediaError("No picture could be taken at this moment of the video.")
            self._keep(path, picture)
        return picture

    @staticmethod
    def key(file, at, width):
        """Equal for equal pictures; also what its ETag is made of."""
        name = hashlib.sha256(file.name.encode()).hexdigest()[:32]
        return f"{name}-{file.etag}-{round(at * 1000)}-{width}"

    def _keep(self, path, picture):
        part = path.with_name(f"{secrets.token_hex(8)}.part")
        try:
            part.write_bytes(picture)
            os.replace(part, path)
            self._trim()
        except OSError:
            part.unlink(missing_ok=True)  # a full disk: the picture is shown all the same

    def _trim(self):
        """The longest unused leave."""
        kept = sorted(self._kept(), reverse=True)
        total = 0
        for _, size, path in kept:
            total += size
            if total > self._max_bytes:
                path.unlink(missing_ok=True)

    def _kept(self):
        for path in self.folder.iterdir():
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield found.st_mtime_ns, found.st_size, path


def read(path):
    try:
        picture = path.read_bytes()
        os.utime(path)  # used just now
        return picture
    except OSError:
        return None
