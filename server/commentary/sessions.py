"""What a commentary leaves on disk, and for how long.

    DATA_DIR/streaming/<session>/   chunk_0.mp4 ..., index.m3u8, captions.vtt, captions.srt
    DATA_DIR/streaming/<session>/job/   what it was asked, its events, its sound: never served
    DATA_DIR/generated/<name>-<session>.mp4   the finished film
    DATA_DIR/commentary/asked/<hash>    which session answers that file and those options
    DATA_DIR/commentary/results/        what stages made (`results.py`)

A session is swept after its time, the one that was least lately used first when they take too
much room, and never while it is made. That it was there is remembered for a while: 410 is not 404.
"""

import os
import re
import shutil
import threading
import time
from contextlib import contextmanager

from ..errors import NotFound, OutOfSpace
from ..library import SPARE_BYTES
from .session import Session, remove

ID = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)  # a run's
PUBLIC = re.compile(r"chunk_\d{1,6}\.mp4|index\.m3u8|captions\.(vtt|srt)", re.ASCII)
FINAL = re.compile(rf"(.*)-({ID.pattern})\.mp4", re.DOTALL)
REMEMBERED_GONE = 10_000
ABANDONED_S = 6 * 3600.0  # nobody writes to one file without a pause for so long


class Gone(NotFound):
    status = 410
    code = "gone"

    def __init__(self):
        super().__init__("This commentary was removed after its time; ask for it again.")


class Sessions:
    def __init__(self, data_dir, retention_s, max_bytes):
        data = data_dir.absolute()
        self.streaming, self.generated = data / "streaming", data / "generated"
        self._asked = data / "commentary" / "asked"
        self._gone_path = data / "commentary" / "gone"
        self._retention_s, self._max_bytes = retention_s, max_bytes
        self._lock = threading.Lock()
        self._in_use = {}  # id -> how many
        self._created = {}  # id -> when: it stays as it is, and is read once
        self.busy = lambda id: False  # whether another machine works on it, or will

    def open(self, id):
        """The session of that id, made or found."""
        return Session(self, id)

    def find(self, id):
        """The session of that id, which must be there."""
        if ID.fullmatch(id):
            session = Session(self, id)
            if session.private.is_dir():
                return session
            if self._was_here(id):
                raise Gone()
        raise NotFound("No such commentary.")

    def public_file(self, id, name):
        """The path of a file of a session that clients may have."""
        session = self.find(id)
        path = session.folder / name
        if not PUBLIC.fullmatch(name) or not path.is_file():
            raise NotFound("This commentary has no such file, or not yet.")
        session.used()
        return path

    def final_file(self, name):
        named = FINAL.fullmatch(name)
        if not named or "/" in name or "\\" in name or "\0" in name:
            raise NotFound("No such film.")
        path = self.generated / name
        try:
            session = self.find(named[2])
            if path.is_file():
                session.used()
                return path
        except OSError:
            pass  # a name no file can have
        raise NotFound("No such film.")

    def newest(self, before=None):
        """Sessions, newest first; those older than `before`, a (time, id)."""
        try:
            folders = [each.name for each in self.streaming.iterdir() if ID.fullmatch(each.name)]
        except OSError:
            return []  # nothing was ever made
        created = {id: self._created.get(id) or self.open(id).created for id in folders}
        self._created = {id: when for id, when in created.items() if when}
        found = [(when, id) for id, when in created.items()]
        older = sorted((each for each in found if before is None or each < before), reverse=True)
        return [self.open(id) for _, id in older]

    def forget(self, id):
        """Nobody needs it any more."""
        with self._lock:
            self._remove(id)

    # -- who asked for what

    def answering(self, key):
        """The Session that answers this question, or None."""
        try:
            id = (self._asked / key).read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        session = Session(self, id)
        return session if ID.fullmatch(id) and session.private.is_dir() else None

    def answers(self, key, session):
        self._asked.mkdir(parents=True, exist_ok=True)
        part = self._asked / f".{session.id}"
        part.write_text(session.id, "ascii")
        os.replace(part, self._asked / key)

    # -- room on the disk

    @contextmanager
    def using(self, id):
        with self._lock:
            self._in_use[id] = self._in_use.get(id, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._in_use[id] -= 1
                if not self._in_use[id]:
                    del self._in_use[id]

    def at_work(self, session):
        """Whether another process makes it, here or on another machine, or will."""
        return session.is_being_made() or self.busy(session.id)

    def check_room(self, needed):
        """Before a job begins: its picture is copied into chunks and into the final film."""
        if needed > self._max_bytes:
            raise OutOfSpace(
                f"A commentary on this video needs {needed // 2**20 + 1} MB, more than all "
                f"commentaries may take together (MAX_COMMENTARY_MB)."
            )
        self.sweep(needed)
        self.streaming.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.streaming).free
        if free - needed < SPARE_BYTES:
            raise OutOfSpace(
                f"A commentary on this video needs {needed // 2**20 + 1} MB, and the disk has too "
                "little left. Free some space."
            )

    def sweep(self, needed=0):
        """Remove sessions that are past their time, and the oldest until `needed` fits."""
        with self._lock:
            found = sorted(self._known())
            total = sum(size for _, size, _ in found) + needed
            oldest = time.time() - self._retention_s
            for used, size, id in found:
                if id in self._in_use or (used >= oldest and total <= self._max_bytes):
                    continue
                if self.at_work(Session(self, id)):
                    continue
                self._remove(id)
                total -= size
            self._sweep_asked()
            self._sweep_parts()

    def _known(self):
        """(last used, bytes, id) of each session."""
        try:
            folders = list(self.streaming.iterdir())
        except OSError:
            return
        finals = {}
        for path in self.generated.glob("*.mp4"):
            if named := FINAL.fullmatch(path.name):
                finals[named[2]] = size_of(path)
        for folder in folders:
            if ID.fullmatch(folder.name) and (stat := stat_of(folder)):
                size = sum(size_of(path) for path in folder.rglob("*") if path.is_file())
                yield stat.st_mtime, size + finals.get(folder.name, 0), folder.name

    def _sweep_asked(self):
        """Forget which session answers what, where that session is gone."""
        for path in self._asked.glob("*"):
            if path.name.startswith("."):  # being written, or left by a dead process
                if is_abandoned(path):
                    path.unlink(missing_ok=True)
            elif self.answering(path.name) is None:
                path.unlink(missing_ok=True)

    def _sweep_parts(self):
        """Forget films that a dead process was putting together."""
        for path in self.generated.glob(".*"):
            if is_abandoned(path):
                remove(path)

    def _remove(self, id):
        """First of all it makes room: on a full disk nothing else can be written."""
        for path in self.generated.glob(f"*-{id}.mp4"):
            remove(path)
        remove(self.streaming / id)
        try:
            known = self._gone_path.read_text("ascii").split()[-REMEMBERED_GONE:]
        except (OSError, ValueError):
            known = []
        try:
            self._gone_path.parent.mkdir(parents=True, exist_ok=True)
            part = self._gone_path.with_suffix(".part")
            part.write_text("\n".join([*known, id]) + "\n", "ascii")
            os.replace(part, self._gone_path)
        except OSError:
            pass  # it will be 404 instead of 410

    def _was_here(self, id):
        try:
            return id in self._gone_path.read_text("ascii").split()
        except (OSError, ValueError):
            return False


def is_abandoned(part):
    found = stat_of(part)
    return found is not None and found.st_mtime < time.time() - ABANDONED_S


def stat_of(path):
    try:
        return path.stat()
    except OSError:
        return None


def size_of(path):
    found = stat_of(path)
    return found.st_size if found else 0
