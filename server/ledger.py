"""Writes runs into the store behind their streams, and keeps an eye on it.

One thread writes, in batches: a stream only notes that it said something. Another thread
looks for orders (a cancel that reached another process), says that this process is alive,
and ends the runs of processes that are not. A store that is away gets what it missed when
it is back; until then, runs go on without it.
"""

import itertools
import logging
import os
import queue
import secrets
import socket
import threading
import time

from .copying import Copy
from .log import facts
from .stores import End, Forget, Frames, StoreError, open_store

log = logging.getLogger(__name__)

BATCH_S = 0.05  # what comes within it is one transaction
# What more runs than that have said takes turns: no stream waits long for the interpreter, and
# what is written of a run at once costs little more than one message does. That a run began,
# or ended, waits for nothing.
MANY = 10
TURNS = 5
AGAIN_S = 0.5  # after a failure
MAX_UNWRITTEN = 100  # ended runs that wait for a store that is away; the oldest are given up
LOOK_S = 0.25
REAP_S = 1.0
SETTLED_S = 2.0  # a store that was away has not heard yet who is alive
SWEEP_S = 60.0
CLOSING_S = 2.0


class Ledger:
    def __init__(self, settings):
        self._settings = settings
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"
        self.store = None
        self._queue = queue.SimpleQueue()  # of copies that have something to write
        self._copies = {}
        self._adopted = {}  # runs of the dead that are ours to end
        self._settled_at = 0.0
        self._stopping = threading.Event()
        self._threads = []

    def start(self, runs, finish):
        """In the process that serves: after a fork, never before. `finish(kept,
        frames, sent)` gives the (messages, summary) that a run lacks whose process died."""
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"
        try:
            self._open()
        except StoreError:  # served all the same; tried again, and told by `problems`
            self._settled_at = time.monotonic() + SETTLED_S
        for work in (self._write, lambda: self._watch(runs, finish)):
            thread = threading.Thread(target=work, name="ledger", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _open(self):
        store = open_store(self._settings)
        store.open(self.owner)
        self.store = store

    def problems(self):
        if self._threads and self.store is None:
            return ["Runs cannot be remembered: see the log for REDIS_URL or DATA_DIR/runs."]
        return []

    def close(self):
        """Everything that was said is in the store after this, if that can be had."""
        self._stopping.set()
        self._queue.put(None)
        deadline = time.monotonic() + CLOSING_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self.store is not None:
            try:
                self.store.close()
            except (StoreError, OSError):
                pass  # this process ends

    # -- what a run does; none of it waits for the store

    def begin(self, run, asked):
        if not self._threads:
            return  # nobody serves: a command that asks by itself
        copy = Copy(run, asked, self._queue, self.store and self.store.sent(run.id))
        self._copies[run.id] = copy
        run.journal.tell(copy.said)
        copy.note()

    def end(self, run):
        if copy := self._copies.get(run.id):
            copy.ended = time.monotonic()
            copy.note()

    def forget(self, run):
        if copy := self._copies.get(run.id):
            copy.forget()
            copy.note()

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
        wary = False  # the last time failed: now one by one
        while self._copies or not self._stopping.is_set():
            waiting = [self._queue.get()]
            if not self._stopping.is_set():
                time.sleep(BATCH_S)
            while not self._queue.empty():
                waiting.append(self._queue.get())
            copies = self._whose_turn_it_is(waiting)
            try:
                (self._write_each if wary else self._write_all)(copies)
                wary = False
            except Exception as error:
                wary = True
                if isinstance(error, StoreError) and not self._stopping.is_set():
                    self._spare()
                for copy in filter(self._kept, copies):
                    copy.note_again()
                if isinstance(error, StoreError):
                    if self._stopping.is_set():
                        return
                    self._stopping.wait(AGAIN_S)

    def _whose_turn_it_is(self, waiting):
        """The others keep their places."""
        waiting = list(filter(self._kept, dict.fromkeys(waiting)))
        if self._stopping.is_set():
            return waiting
        words = [copy for copy in waiting if copy.only_words]
        later = dict.fromkeys(words[max(MANY, len(words) // TURNS) :])
        for copy in later:
            self._queue.put(copy)
        return [copy for copy in waiting if copy not in later]

    def _kept(self, copy):
        return copy is not None and self._copies.get(copy.id) is copy

    def _write_each(self, copies):
        for copy in copies:
            try:
                self._write_all([copy])
            except StoreError:
                raise
            except Exception:  # a bug, which costs one run its history, and not the others
                log.exception("a run cannot be written down")
                self._lose(copy)

    def _write_all(self, copies):
        if self.store is None:
            raise StoreError()
        batch, refused = [], set()
        for copy in copies:
            copy.noted = False  # first: what is said from now on is noted again
            batch.append((copy, copy.changes()))
        if changes := [change for _, changes in batch for change in changes]:
            refused = self.store.write(self.owner, changes)
        for copy, changes in batch:
            if copy.id in refused:
                self._refused(copy)
            elif copy.written(changes):
                self._drop(copy)
            elif copy.behind:
                copy.note()

    def _refused(self, copy):
        """The store does not have that run as ours."""
        if self.store.run(copy.id) is None:
            copy.start_over()  # it came back empty
            copy.note()
        else:
            log.warning("a run was taken for interrupted", extra=facts(run_id=copy.id))
            self._drop(copy)

    def _spare(self):
        """What waits for a store must not grow for ever."""
        ended = [copy for copy in list(self._copies.values()) if copy.ended and not copy.forgotten]
        for copy in sorted(ended, key=lambda copy: copy.ended)[:-MAX_UNWRITTEN]:
            self._lose(copy)

    def _lose(self, copy):
        log.error("a run will not be remembered", extra=facts(run_id=copy.id))
        if copy.begun:
            copy.forget()
            copy.note()
        else:
            self._drop(copy)

    def _drop(self, copy):
        copy.dropped()
        self._copies.pop(copy.id, None)
        if self.store is not None:
            self.store.unsent(copy.id)

    def _watch(self, runs, finish):
        reap = sweep = 0.0
        while not self._stopping.wait(LOOK_S):
            now = time.monotonic()
            try:
                if self.store is None:
                    self._open()
                for id, what in self.store.orders(self.owner):
                    self._obey(runs, id, what)
                if now >= reap:
                    reap = now + REAP_S
                    self.store.beat(self.owner)
                    if now >= self._settled_at:
                        self._finish_orphans(finish)
                if now >= sweep:
                    sweep = now + SWEEP_S
                    settings = self._settings
                    self.store.sweep(settings.run_retention_s, settings.max_history_mb * 2**20)
            except StoreError:  # it has been logged; the next look may find it well
                self._stopping.wait(REAP_S)
                self._settled_at = time.monotonic() + SETTLED_S
            except Exception:
                log.exception("looking after runs failed")

    @staticmethod
    def _obey(runs, id, what):
        try:
            runs.ordered(id, what)
        except Exception:  # orders are handed out once: those behind it still count
            log.exception("an order could not be carried out", extra=facts(run_id=id))

    def _finish_orphans(self, finish):
        left = list(self._adopted.values())  # by a failure of the store
        for kept, sent in itertools.chain(left, self._adopting()):
            self.store.beat(self.owner)
            self.store.write(self.owner, self._ending(finish, kept, sent))
            del self._adopted[kept.id]
            log.warning("a run was interrupted", extra=facts(run_id=kept.id))

    def _adopting(self):
        for kept, sent in self.store.orphans(self.owner):
            if self.store.adopt(kept, self.owner):
                self._adopted[kept.id] = (kept, sent)
                yield kept, sent

    def _ending(self, finish, kept, sent):
        frames = []
        while more := self.store.frames(kept.id, len(frames)):
            frames += more
        try:
            missing, summary = finish(kept, frames, sent)
        except Exception:
            log.exception("a run could not be ended", extra=facts(run_id=kept.id))
            return [Forget(kept.id)]
        changes = [Frames(kept.id, len(frames) + 1, missing)] if missing else []
        return [*changes, End(kept.id, "interrupted", summary)]


def spelled(key):
    """A key as one text; it comes with the name of the views it is for."""
    return "\n".join(key)
