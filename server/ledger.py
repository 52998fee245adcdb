"""Writes runs into the store behind their streams, and keeps an eye on it.

One thread writes, in batches: a stream only puts what it said into a queue. Another thread
looks for orders (a cancel that reached another process), says that this process is alive,
and ends the runs of processes that are not. A store that fails costs the runs it missed
their history, and nothing else.
"""

import logging
import os
import queue
import secrets
import socket
import threading
import time

from .log import facts
from .stores import Begin, End, Forget, Frames, StoreError, open_store

log = logging.getLogger(__name__)

BATCH_S = 0.02  # what comes within it is one transaction
MAX_PENDING = 100_000  # changes; a store that is so far behind gets nothing new
LOOK_S = 0.25
REAP_S = 1.0
SWEEP_S = 60.0
CLOSING_S = 2.0


class Ledger:
    def __init__(self, settings):
        self._settings = settings
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"
        self.store = None
        self._queue = queue.SimpleQueue()
        self._lost = set()  # runs whose history has a hole, and is therefore given up
        self._stopping = threading.Event()
        self._threads = []

    def start(self, runs, finish):
        """In the process that serves: after a fork, never before. `finish(kept, frames)`
        gives the (messages, summary) that a run lacks whose process died."""
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"
        self._open()
        for work in (self._write, lambda: self._watch(runs, finish)):
            thread = threading.Thread(target=work, name="ledger", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _open(self):
        store = open_store(self._settings)
        try:
            store.open(self.owner)
            self.store = store
        except StoreError:
            pass  # served all the same; tried again, and told by `problems`

    def problems(self):
        if self._threads and self.store is None:
            return ["Runs cannot be remembered: see the log for REDIS_URL or DATA_DIR/runs."]
        return []

    def close(self):
        """Everything that was said is in the store after this, if that can be had."""
        self._stopping.set()
        self._queue.put(None)
        for thread in self._threads:
            thread.join(CLOSING_S)
        if self.store is not None:
            try:
                self.store.close()
            except (StoreError, OSError):
                pass  # this process ends

    # -- what a run does; none of it waits for the store

    def begin(self, run, asked):
        if self.store is None:
            return
        self._put(Begin(run.id, run.kind, run.created, asked))
        sent = self.store.sent(run.id)

        def copy(first, frames):
            if sent is not None:
                sent(first + len(frames) - 1)
            self._put(Frames(run.id, first, frames))

        run.journal.copy_to(copy)

    def end(self, run):
        if self.store is not None:
            self._put(End(run.id, run.state, run.summary()))

    def forget(self, run):
        if self.store is not None:
            self._put(Forget(run.id))

    def _put(self, change):
        if self._queue.qsize() > MAX_PENDING:
            self._lost.add(change.id)
        if change.id not in self._lost:
            self._queue.put(change)

    # -- what is asked about runs of other processes

    def find(self, id):
        return self.store and self.store.run(id)

    def newest(self, limit, before=None):
        return self.store.newest(limit, before) if self.store else []

    def claimed(self, key):
        """(fingerprint, run's id) of the request that brought this key first, or None."""
        return self.store and self.store.claimed(spelled(key))

    def claim(self, key, fingerprint, id):
        if self.store is None:
            return fingerprint, id
        return self.store.claim(spelled(key), fingerprint, id)

    def order(self, kept, **what):
        self.store.order(kept.owner, kept.id, what)

    # -- the two threads

    def _write(self):
        while not self._stopping.is_set() or not self._queue.empty():
            changes = [self._queue.get()]
            if not self._stopping.is_set():
                time.sleep(BATCH_S)
            while not self._queue.empty():
                changes.append(self._queue.get())
            changes = joined(each for each in changes if each and each.id not in self._lost)
            if not changes:
                continue
            try:
                self.store.write(self.owner, changes)
            except StoreError:
                self._lose({change.id for change in changes})

    def _lose(self, ids):
        self._lost |= ids
        for id in ids:
            log.error("a run will not be remembered", extra=facts(run_id=id))

    def _watch(self, runs, finish):
        reap = sweep = 0.0
        while not self._stopping.wait(LOOK_S):
            now = time.monotonic()
            if self.store is None:
                if now >= reap:
                    reap = now + REAP_S
                    self._open()
                continue
            try:
                for id, what in self.store.orders(self.owner):
                    runs.ordered(id, what)
                if now >= reap:
                    reap = now + REAP_S
                    self.store.beat(self.owner)
                    self._finish_orphans(finish)
                if now >= sweep:
                    sweep = now + SWEEP_S
                    settings = self._settings
                    self.store.sweep(settings.run_retention_s, settings.max_history_mb * 2**20)
            except StoreError:
                pass  # it has been logged; the next look may find it well
            except Exception:
                log.exception("looking after runs failed")

    def _finish_orphans(self, finish):
        for kept, sent in self.store.orphans(self.owner):
            if not self.store.adopt(kept, self.owner):
                continue
            frames = []
            while more := self.store.frames(kept.id, len(frames)):
                frames += more
            # Messages that were sent and not yet written leave empty places behind: what
            # comes now has a higher number than anything a reader has seen.
            frames += [b""] * (sent - len(frames))
            missing, summary = finish(kept, frames)
            changes = [Frames(kept.id, kept.length + 1, frames[kept.length :] + missing)]
            self.store.write(self.owner, [*changes, End(kept.id, "interrupted", summary)])
            log.warning("a run was interrupted", extra=facts(run_id=kept.id))


def joined(changes):
    """The same, with what follows each other in one run's journal in one piece."""
    found, open_ends = [], {}
    for change in changes:
        before = open_ends.get(change.id)
        if isinstance(change, Frames) and before is not None:
            before.frames.extend(change.frames)
            continue
        if isinstance(change, Frames):
            change = Frames(change.id, change.first, list(change.frames))
            open_ends[change.id] = change
        else:
            open_ends.pop(change.id, None)
        found.append(change)
    return found


def spelled(key):
    """A key as one text; it comes with the name of the view it is for."""
    return "\n".join(key)
