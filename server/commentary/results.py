"""What stages made, kept under a hash of what they made it from: nothing is paid for twice.

    DATA_DIR/commentary/results/<hash>/result.json, and the files it speaks of

A result is there whole or not at all. Of two who ask for the same at once, one makes it.
"""

import errno
import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from contextlib import contextmanager

from ..disk import FULL
from ..errors import OutOfSpace

LOOK_AROUND_S = 0.2


class Results:
    def __init__(self, folder):
        self.folder = folder
        self._lock = threading.Lock()
        self._making = {}  # key -> Event

    def of(self, token, salt=""):
        """As one job sees it. With a salt of its own it finds nothing that others made."""
        return JobResults(self, token, salt)

    def find_or_make(self, key, make, token):
        """(result, its folder)"""
        while True:
            if (found := self._read(key)) is not None:
                return found
            with self._lock:
                others = self._making.get(key)
                if others is None:
                    mine = self._making[key] = threading.Event()
                    break
            while not others.wait(LOOK_AROUND_S):
                token.check()
        try:
            # It may have been finished between the look and the claim.
            return self._read(key) or self._make(key, make)
        finally:
            with self._lock:
                del self._making[key]
            mine.set()

    def sweep(self, older_than_s, most_bytes, needed_for_s):
        """Forget what was not used for so long, what a dead process left half done, and of the
        rest the oldest that is too much; but nothing that a job may still be using."""
        now, entries = time.time(), []
        for path in self._entries():
            if (used := used_at(path)) is not None:
                entries.append((used, path))
        sizes = {path: size_of(path) for _, path in entries}
        total = sum(sizes.values())
        for used, path in sorted(entries):
            too_much = total > most_bytes and used < now - needed_for_s
            # Looking at all of them takes a while: it may have been used since.
            if (too_much or used < now - older_than_s) and used_at(path) == used:
                shutil.rmtree(path, ignore_errors=True)
                total -= sizes[path]

    def _entries(self):
        try:
            return list(self.folder.iterdir())
        except OSError:
            return []

    def _read(self, key):
        folder = self.folder / key
        try:
            result = json.loads((folder / "result.json").read_text("utf-8"))
            os.utime(folder)  # used: not to be swept
            return result, folder
        except (OSError, ValueError):
            return None

    def _make(self, key, make):
        part = self.folder / f".{secrets.token_hex(8)}"
        try:
            with keeping():
                part.mkdir(parents=True)
            try:
                result = make(part)
            except OSError as error:  # of its files; any other fault of its own is none of the disk
                if error.errno not in FULL:
                    raise
                raise not_kept() from error
            with keeping():
                (part / "result.json").write_text(json.dumps(result), "utf-8")
                return self._publish(part, key) or (result, self.folder / key)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _publish(self, part, key):
        """What is there under that key then: ours, or that of another process that was first."""
        folder = self.folder / key
        try:
            os.rename(part, folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if found := self._read(key):
                return found
            shutil.rmtree(folder, ignore_errors=True)  # an unreadable one
            os.rename(part, folder)
        return self._read(key)


@contextmanager
def keeping():
    try:
        yield
    except OSError as error:
        raise not_kept() from error


def not_kept():
    return OutOfSpace(
        "A result could not be kept; the disk of DATA_DIR is full or cannot be written."
    )


def used_at(folder):
    try:
        return folder.stat().st_mtime
    except OSError:
        return None  # gone already


def size_of(folder):
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        return 0


class JobResults:
    def __init__(self, results, token, salt):
        self._results, self._token, self._salt = results, token, salt

    def once(self, stage, inputs, make):
        """The JSON value that `make()` gives, or gave before for the same inputs."""
        return self.once_with_files(stage, inputs, lambda folder: make())[0]

    def once_with_files(self, stage, inputs, make):
        """(value, folder): `make(folder)` may write files there."""
        asked = json.dumps([stage, self._salt, inputs], sort_keys=True)
        key = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
        return self._results.find_or_make(key, make, self._token)
