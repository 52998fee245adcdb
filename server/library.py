"""Where videos live on disk; the only maker of paths.

    DATA_DIR/videos     the library: what was put there by hand, and uploads
    DATA_DIR/titles     what uploads were called by those who sent them
    DATA_DIR/cache      what can be made again

A name is looked at before it is used (`names.py`), and every file is then opened folder
by folder without following a link, so no name leads out of the library.
"""

import errno
import json
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import media, names
from .contents import Contents
from .errors import MediaError, VideoNotFound
from .thumbnails import Thumbnails
from .uploads import sweep

SPARE_BYTES = 256 * 1024 * 1024  # what uploads leave free for everything else
NO_SUCH = "No such video. GET /api/videos lists them."
NOT_THERE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,  # a link, to O_NOFOLLOW
    errno.ENXIO,  # a socket
    errno.ENODEV,
    errno.EACCES,
    errno.ENAMETOOLONG,
}


@dataclass(frozen=True)
class File:
    """A file of the library as it was when it was looked at."""

    name: str
    path: Path
    size: int
    mtime_ns: int

    @property
    def etag(self):
        return f"{self.size:x}-{self.mtime_ns:x}"

    @property
    def modified(self):
        return self.mtime_ns // 10**9

    @property
    def content_type(self):
        return names.content_type(self.name)


class Library:
    def __init__(self, settings):
        data = settings.data_dir.absolute()
        self.folder = settings.videos_dir.absolute()
        self.spare_bytes = SPARE_BYTES
        self.max_upload_bytes = settings.max_upload_mb * 1024 * 1024
        self._titles = data / "titles"
        self.contents = Contents(self._open)
        self.thumbnails = Thumbnails(data / "cache" / "thumbnails")

    def prepare(self):
        """Make the folders and clear what an earlier process left half done. What does
        not work is for `problems` to say: a server that cannot start explains nothing."""
        for folder in (self.folder, self._titles, self.thumbnails.folder):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError:
                pass  # problems() finds it too
        sweep(self.folder)

    def problems(self):
        """Why this server is not ready, in sentences; an empty list when it is."""
        found = []
        try:
            media.ffmpeg()
        except MediaError as error:
            found.append(error.message)
        try:
            for folder in (self.folder, self._titles):
                with tempfile.TemporaryFile(dir=folder):
                    pass
            free = self.free_bytes()
        except OSError:
            return [*found, "The data folder (DATA_DIR) cannot be written to."]
        if free < self.spare_bytes:
            found.append(f"The disk of DATA_DIR is nearly full: {free // 2**20} MB are free.")
        return found

    def free_bytes(self):
        return shutil.disk_usage(self.folder).free

    # -- from what a client says to a file

    def index(self):
        return names.Index(self._names())

    def locate(self, said):
        """The File a client means by a name, a stem or an id."""
        index = self.index()
        for spelling in names.spellings(names.plain(said)):
            name = index.find(spelling)
            if name is not None:
                file, opened = self._open(name)
                opened.close()
                return file
        raise VideoNotFound(NO_SUCH)

    def find(self, name, stem):
        """The Video a request is about: `name` says which file, or else `stem` does (with
        a name it may be a vendor's id)."""
        return self.contents.video(self.locate(name or stem))

    def open(self, id):
        """(File, its bytes) for a client that wants to see it."""
        return self._open(self.locate(id).name)

    def title(self, file):
        try:
            with open(self.title_path(names.stem(file.name)), encoding="utf-8") as known:
                return str(json.load(known)["title"])
        except (OSError, ValueError, KeyError, TypeError):
            return names.stem(file.name)

    def files(self):
        """Every File, those gone while we look left out."""
        for name in self.index().names:
            try:
                file, opened = self._open(name)
            except VideoNotFound:
                continue
            opened.close()
            yield file

    # -- uploads

    def title_path(self, stem):
        return self._titles / f"{stem}.json"

    def keep_title(self, stem, title):
        self.title_path(stem).write_text(json.dumps({"title": title}), encoding="utf-8")

    def publish(self, part, name, probe, digest):
        """Give a complete upload its name; its File."""
        path = self.folder / name
        os.rename(part, path)
        found = path.stat()
        file = File(name, path, found.st_size, found.st_mtime_ns)
        self.contents.learn(file, probe, digest)
        return file

    # -- the disk

    def _names(self):
        root = str(self.folder)
        for folder, below, files in os.walk(root):
            below[:] = sorted(name for name in below if not name.startswith("."))
            prefix = folder[len(root) :].lstrip("/")
            for file in files:
                name = f"{prefix}/{file}" if prefix else file
                if names.is_video(name) and not names.fault(name):
                    if is_servable(os.path.join(folder, file)):
                        yield name

    def _open(self, name):
        """(File, open binary file), following no link below the library's folder."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        *folders, last = name.split("/")
        try:
            directory = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
            try:
                for folder in folders:
                    below = os.open(folder, flags | os.O_DIRECTORY, dir_fd=directory)
                    os.close(directory)
                    directory = below
                # Without NONBLOCK a FIFO would keep us here until somebody writes to it.
                opened = open(os.open(last, flags | os.O_NONBLOCK, dir_fd=directory), "rb")
            finally:
                os.close(directory)
        except OSError as error:
            if error.errno not in NOT_THERE:
                raise
            raise VideoNotFound(NO_SUCH) from None
        found = os.fstat(opened.fileno())
        if not servable(found):
            opened.close()
            raise VideoNotFound(NO_SUCH)
        return File(name, self.folder / name, found.st_size, found.st_mtime_ns), opened


def servable(found):
    """A file with a second name may be one from outside of the library."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink < 2


def is_servable(path):
    try:
        return servable(os.lstat(path))
    except OSError:
        return False  # gone since the folder was read
