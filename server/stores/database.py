"""One SQLite file used by many threads of many processes.

WAL mode: readers never wait for the writer. With `synchronous=NORMAL` a commit costs no
fsync; what was committed survives the process in any case, and a power cut loses the last
moments at most.
"""

import contextlib
import fcntl
import logging
import os
import queue
import sqlite3

from . import StoreError

log = logging.getLogger(__name__)

BUSY_S = 5.0


class DatabaseFile:
    def __init__(self, path, schema, version):
        self._path, self._schema, self._version = path, schema, version
        self._idle = queue.LifoQueue()

    def folder(self):
        with translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)

    def open(self):
        """Make it, or find it; one that is broken is put aside."""
        with translated(), self._one_at_a_time():
            try:
                self._prepare()
            except sqlite3.OperationalError:
                raise  # busy, or a full disk: nothing is wrong with the file
            except sqlite3.DatabaseError:
                log.error("%s is broken and was put aside", self._path.name)
                os.replace(self._path, self._path.with_suffix(".broken"))
                for suffix in ("-wal", "-shm"):
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
                self._prepare()

    @contextlib.contextmanager
    def _one_at_a_time(self):
        """Else one process could put aside what another has just made anew."""
        with open(self._path.with_suffix(".opening"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _prepare(self):
        with contextlib.closing(self._connect()) as db:
            db.execute("PRAGMA journal_mode=WAL")
            known = db.execute("PRAGMA user_version").fetchone()[0]
            if known not in (0, self._version):
                raise sqlite3.DatabaseError("of another version")
            db.executescript(self._schema)
            db.execute(f"PRAGMA user_version={self._version}")

    def _connect(self):
        db = sqlite3.connect(
            self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA journal_size_limit=16777216")
        return db

    @contextlib.contextmanager
    def reading(self):
        """A connection, for one thread at a time; an idle one where there is one."""
        with translated():
            try:
                db = self._idle.get_nowait()
            except queue.Empty:
                db = self._connect()
            try:
                yield db
            except BaseException:
                db.close()
                raise
            self._idle.put(db)

    @contextlib.contextmanager
    def writing(self):
        """The same within one transaction: all of it, or nothing."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def close(self):
        while not self._idle.empty():
            self._idle.get().close()


@contextlib.contextmanager
def translated():
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        log.error("the history of runs failed: %s", error)
        raise StoreError() from None
