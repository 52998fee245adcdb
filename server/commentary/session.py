"""One commentary's folder: what clients may have, and below `job/` what only we need."""

import errno
import fcntl
import json
import os
import secrets
import shutil
from contextlib import contextmanager, nullcontext

from ..events import Commentary

LOOK_AROUND_S = 0.2
KEPT = ("events.jsonl", "job.json", "lock")


class Session:
    def __init__(self, sessions, id):
        self.id = id
        self.folder = sessions.streaming / id
        self.private = self.folder / "job"
        self.pictures = self.private / "pictures"  # of a film that cannot be copied as it is
        self._generated = sessions.generated
        self._events = None  # a file that only this process writes
        self.guard = lambda: None  # raises when this process may not write here any more

    def chunk(self, index):
        return self.folder / f"chunk_{index}.mp4"

    def sound(self, index):
        return self.private / f"sound_{index}.aac"

    def final(self, stem):
        """Where the finished film of that name goes. Longer names than a file system takes
        are cut."""
        return self._generated / f"{fitting(stem, 180)}-{self.id}.mp4"

    def make(self):
        self.private.mkdir(parents=True, exist_ok=True)
        self._generated.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self, token):
        """Within, no other process works on it: after a restart, the old one may still."""
        with open(self.private / "lock", "w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    token.wait(LOOK_AROUND_S)
            yield

    def is_being_made(self):
        try:
            with open(self.private / "lock") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def write(self, name, text):
        """A small public file that is whole at every moment."""
        self.guard()
        part = self.private / f"{name}.part"
        part.write_text(text, "utf-8")
        os.replace(part, self.folder / name)

    def read(self, name):
        try:
            return (self.folder / name).read_text("utf-8")
        except OSError:
            return ""

    def keep(self, name, value):
        self.guard()
        part = self.private / f"{name}.part"
        part.write_text(json.dumps(value), "utf-8")
        os.replace(part, self.private / name)

    @property
    def created(self):
        """When it was first asked for; 0 of one whose beginning is lost."""
        return (self.kept("job.json") or {}).get("created", 0.0)

    def kept(self, name):
        try:
            return json.loads((self.private / name).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    # -- the events, one a line; a line is whole or, after a crash, the last and not there

    def tell(self, events):
        data = "".join(json.dumps(event) + "\n" for event in events).encode()
        with self._open_events() as file:
            size = file.tell()
            try:
                if file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, "the disk is full")
            except OSError:
                os.truncate(file.fileno(), size)  # no half line for others to go on behind
                raise

    def _open_events(self):
        if self._events is not None:
            return nullcontext(self._events)
        return open(self.private / "events.jsonl", "ab", buffering=0)

    def take_over(self):
        """From now on what this process tells goes into a file of its own, which begins
        with what was told so far. Who had it before and wakes writes into the old one."""
        path = self.private / "events.jsonl"
        part = self.private / f"{secrets.token_hex(8)}.part"
        try:
            whole = b"".join(path.read_bytes().rpartition(b"\n")[:2])
        except FileNotFoundError:
            whole = b""
        self.let_go()
        part.write_bytes(whole)
        self._events = open(part, "ab", buffering=0)
        os.replace(part, path)

    def let_go(self):
        if self._events is not None:
            self._events.close()
            self._events = None

    def told(self):
        """All of them. Half a line at the end is one that is being written, or was when its
        process died."""
        try:
            lines = (self.private / "events.jsonl").read_bytes().split(b"\n")
        except OSError:
            return []
        events = []
        for line in lines[:-1]:
            try:
                events.append(json.loads(line))
            except ValueError:
                break  # a disk that lost something: what is before it holds
        return events

    def mend(self):
        """Before going on with what a dead process left; only for who holds the lock."""
        path = self.private / "events.jsonl"
        try:
            whole = path.read_bytes().rpartition(b"\n")
        except OSError:
            return
        if whole[2]:
            os.truncate(path, len(whole[0]) + len(whole[1]))

    @property
    def ended(self):
        events = self.told()
        return bool(events) and events[-1]["type"] in Commentary.ends

    def complete(self, stem):
        """Whether it came to its good end, and the film is still there."""
        events = self.told()
        return events[-1:] and events[-1]["type"] == "complete" and self.final(stem).is_file()

    def used(self):
        try:
            os.utime(self.folder)
        except OSError:
            pass  # swept this instant

    def clear(self):
        """What only a job in progress needs."""
        for path in self.private.glob("*"):
            if path.name not in KEPT:
                remove(path)


def fitting(text, most_bytes):
    """Without what is no text: names of files need not be."""
    return text.encode(errors="ignore")[:most_bytes].decode(errors="ignore")


def remove(path):
    try:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        pass  # a disk that fails; a later sweep tries again
