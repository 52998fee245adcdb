"""Runs in one SQLite file, shared by all processes of this machine that use this DATA_DIR.

What a process has written survives it, whatever kills it.
"""

import json
import time

from ..journal import pack, unpack
from . import LIVE, Begin, End, Forget, Frames, Kept
from .database import DatabaseFile
from .lives import Lives

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, kind TEXT, owner TEXT, state TEXT, created REAL, ended REAL,
    length INTEGER, bytes INTEGER, asked TEXT, summary TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS runs_by_time ON runs (created);
CREATE INDEX IF NOT EXISTS runs_live ON runs (owner) WHERE ended IS NULL;
CREATE TABLE IF NOT EXISTS frames (
    run TEXT, first INTEGER, count INTEGER, data BLOB, sizes BLOB, PRIMARY KEY (run, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, fingerprint TEXT, run TEXT, created REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_run ON keys (run);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, owner TEXT, run TEXT, what TEXT);
CREATE INDEX IF NOT EXISTS orders_by_owner ON orders (owner);
"""
REMEMBERED = "(ended IS NULL OR ended > ?)"
COLUMNS = "id, kind, owner, state, created, length, asked, summary"
VERSION = 1
POLL_S = 0.05
FRESH_S = 3.0


class SqliteStore:
    def __init__(self, settings):
        folder = settings.data_dir.absolute() / "runs"
        self._file = DatabaseFile(folder / "runs.sqlite3", SCHEMA, VERSION)
        self._lives = Lives(folder)
        self._retention_s = settings.run_retention_s
        self._db, self._writing = self._file.reading, self._file.writing

    def open(self, owner):
        """Before anything else, in the process that will use it."""
        self._file.folder()
        self._lives.begin(owner)
        self._file.open()

    def close(self):
        self._file.close()
        self._lives.end()

    def sent(self, id):
        """`sent(number)`: what a run that begins calls with the number of its last message."""
        return self._lives.note(id)

    def unsent(self, id):
        """That run calls it no more."""
        self._lives.forget(id)

    # -- the writer

    def write(self, owner, changes):
        """All of them, or none. Returns the ids of runs that are not there as this owner's,
        whose changes are left out."""
        refused = set()
        with self._writing() as db:
            for change in changes:
                if change.id not in refused and not self._apply(db, owner, change):
                    refused.add(change.id)
        return refused

    def _apply(self, db, owner, change):
        """Whether the run is there to be changed."""
        if isinstance(change, Frames):
            data, sizes = pack(change.frames)
            last = change.first + len(change.frames) - 1
            size = len(data) + 4 * len(sizes)
            there = db.execute(
                "UPDATE runs SET length = ?, bytes = bytes + ? WHERE id = ? AND owner = ?",
                (last, size, change.id, owner),
            ).rowcount
            if there:
                db.execute(
                    "INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?)",
                    (change.id, change.first, len(change.frames), data, sizes.tobytes()),
                )
            return there
        if isinstance(change, End):
            text = json.dumps(change.summary)
            return db.execute(
                "UPDATE runs SET state = ?, ended = ?, summary = ?, bytes = bytes + ?"
                " WHERE id = ? AND owner = ?",
                (change.state, time.time(), text, len(text), change.id, owner),
            ).rowcount
        if isinstance(change, Begin):
            asked = json.dumps(change.asked)
            row = (change.id, change.kind, owner, LIVE, change.created, len(asked), asked)
            db.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, NULL, 0, ?, ?, NULL)", row
            )
        elif isinstance(change, Forget):
            remove(db, change.id)
        return True

    # -- readers

    def run(self, id):
        with self._db() as db:
            row = db.execute(
                f"SELECT {COLUMNS} FROM runs WHERE id = ? AND {REMEMBERED}", (id, self._oldest())
            ).fetchone()
        return row and kept(row)

    def progress(self, id):
        """(messages so far, whether it has ended) of a run, or None: what a follower asks."""
        with self._db() as db:
            return db.execute(
                f"SELECT length, ended IS NOT NULL FROM runs WHERE id = ? AND {REMEMBERED}",
                (id, self._oldest()),
            ).fetchone()

    def frames(self, id, after):
        """The messages after that number; where there are many, the first of them."""
        with self._db() as db:
            rows = db.execute(
                "SELECT first, data, sizes FROM frames WHERE run = ?1 AND first + count > ?2"
                # Without this it would read the run from its beginning each time.
                " AND first >= ifnull("
                "(SELECT max(first) FROM frames WHERE run = ?1 AND first <= ?2), 0)"
                " ORDER BY first LIMIT 256",
                (id, after + 1),
            ).fetchall()
        found = []
        for first, data, sizes in rows:
            found += unpack((data, memoryview(sizes).cast("I")))[max(0, after + 1 - first) :]
        return found

    def newest(self, limit, before=None):
        """Runs, newest first; those older than `before`, a (time, id)."""
        older = "" if before is None else "AND (created, id) < (?, ?)"
        with self._db() as db:
            rows = db.execute(
                f"SELECT {COLUMNS} FROM runs WHERE {REMEMBERED} {older}"
                " ORDER BY created DESC, id DESC LIMIT ?",
                (self._oldest(), *(before or ()), limit),
            ).fetchall()
        return [kept(row) for row in rows]

    def wait(self, id, after, seconds):
        """Until there may be more than that many messages: a moment."""
        time.sleep(min(seconds, POLL_S))

    # -- keys and orders

    def claim(self, key, fingerprint, run):
        """(fingerprint, run) of whoever claimed that key first."""
        with self._writing() as db:
            if claim := self._claimed(db, key):
                return claim
            row = (key, fingerprint, run, time.time())
            db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)", row)
            return fingerprint, run

    def claimed(self, key):
        with self._db() as db:
            return self._claimed(db, key)

    def _claimed(self, db, key):
        # A claim is as good as its run, which is written down a moment after it.
        return db.execute(
            "SELECT fingerprint, run FROM keys WHERE key = ? AND (created > ? OR EXISTS"
            f" (SELECT 1 FROM runs WHERE runs.id = keys.run AND {REMEMBERED}))",
            (key, time.time() - FRESH_S, self._oldest()),
        ).fetchone()

    def _oldest(self):
        return time.time() - self._retention_s

    def order(self, owner, run, what):
        """Tell the process that owns a run to do something about it."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO orders (owner, run, what) VALUES (?, ?, ?)",
                (owner, run, json.dumps(what)),
            )

    def orders(self, owner):
        """What this process was told to do since it last asked."""
        found = "SELECT id, run, what FROM orders WHERE owner = ? ORDER BY id"
        with self._db() as db:
            rows = db.execute(found, (owner,)).fetchall()
        if not rows:
            return []
        with self._writing() as db:
            db.execute("DELETE FROM orders WHERE owner = ? AND id <= ?", (owner, rows[-1][0]))
        return [(run, json.loads(what)) for _, run, what in rows]

    # -- the dead

    def beat(self, owner):
        pass  # the lock says it

    def orphans(self, owner):
        """(run, number of the last message it may have sent), of processes not alive."""
        with self._db() as db:
            owners = db.execute("SELECT DISTINCT owner FROM runs WHERE ended IS NULL").fetchall()
        for (other,) in owners:
            if other != owner and not self._lives.alive(other):
                with self._db() as db:
                    rows = db.execute(
                        f"SELECT {COLUMNS} FROM runs WHERE owner = ? AND ended IS NULL", (other,)
                    ).fetchall()
                for row in rows:
                    yield kept(row), self._lives.sent(other, row[0])

    def adopt(self, run, owner):
        """Take over a dead process's run; false where another was quicker."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE runs SET owner = ? WHERE id = ? AND owner = ? AND ended IS NULL",
                (owner, run.id, run.owner),
            )
            return changed.rowcount == 1

    def sweep(self, retention_s, max_bytes):
        """Forget runs past their time, and the oldest until the others fit."""
        oldest = time.time() - retention_s
        with self._db() as db:
            gone = db.execute("SELECT id FROM runs WHERE ended < ?", (oldest,)).fetchall()
            total = db.execute("SELECT sum(bytes) FROM runs").fetchone()[0] or 0
            if total > max_bytes:
                for id, size in db.execute(
                    "SELECT id, bytes FROM runs WHERE ended IS NOT NULL ORDER BY ended"
                ).fetchall():
                    gone.append((id,))
                    total -= size
                    if total <= max_bytes:
                        break
        for (id,) in gone:
            with self._writing() as db:  # one at a time: the writer of streams waits for us
                remove(db, id)
        with self._writing() as db:
            db.execute(
                "DELETE FROM keys WHERE created < ? AND run NOT IN (SELECT id FROM runs)", (oldest,)
            )
        for dead in self._lives.bury():
            with self._writing() as db:
                db.execute("DELETE FROM orders WHERE owner = ?", (dead,))


def remove(db, id):
    db.execute("DELETE FROM frames WHERE run = ?", (id,))
    db.execute("DELETE FROM keys WHERE run = ?", (id,))
    db.execute("DELETE FROM runs WHERE id = ?", (id,))


def kept(row):
    id, kind, owner, state, created, length, asked, summary = row
    summary = summary and json.loads(summary)
    return Kept(id, kind, owner, state, created, length, json.loads(asked), summary)
