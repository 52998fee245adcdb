"""Notices when this process no longer does its work, and says where it is stuck.

Two ways to be stuck, neither of which raises anything: the one thread that keeps every
deadline waits for something itself, or every stream thread waits and not even a heartbeat
leaves. A third, some call in C that holds the interpreter, no Python thread can notice: then
gunicorn's master aborts the worker after its `timeout`, and the stacks are written by the
signal (gunicorn.conf.py). Not sooner, by `faulthandler.dump_traceback_later`: it reads the
stacks of threads that may be running, and a process that was only stopped for a while crashed
of it when it went on.
"""

import gc
import logging
import sys
import threading
import time
import traceback

log = logging.getLogger(__name__)

EVERY_S = 1.0
LATE_S = 5.0  # an alarm rings within milliseconds, on a busy machine within a second
MAX_STACK = 30  # frames of each thread: the innermost tell where it waits
_without_collections = threading.Lock()


class Watchdog:
    def __init__(self, alarms, gate, patience_s, every_s=EVERY_S, late_s=LATE_S):
        """`gate` counts its open streams and when one of them last moved; a stream that is
        well moves within `patience_s`, if only by a heartbeat."""
        self._alarms, self._gate, self._patience_s = alarms, gate, patience_s
        self._every_s, self._late_s = every_s, late_s
        self._rang_at = None
        self._known = []
        self._ended = threading.Event()

    def start(self):
        """Once the process is the one that serves: after a fork, never before."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self):
        self._ended.set()

    def problems(self):
        """What is stuck, in sentences."""
        if self._rang_at is None:
            return []
        found = []
        late = time.monotonic() - self._rang_at
        if late > self._late_s:
            found.append(f"Deadlines have not been kept for {late:.0f} s.")
        if self._gate.stalled(self._patience_s):
            found.append(f"Every stream is taken and none has moved for {self._patience_s:g} s.")
        return found

    def _watch(self):
        self._rang_at = time.monotonic()
        waiting = None
        while not self._ended.is_set():
            if waiting is None or waiting.ring is None:  # it rang: the next
                waiting = self._alarms.after(0, self._ring)
            self._ended.wait(self._every_s)
            found = self.problems()
            if found and not self._known:
                log.error("stuck: %s\n%s", " ".join(found), stacks())
            elif self._known and not found:
                log.info("no longer stuck")
            self._known = found

    def _ring(self):
        self._rang_at = time.monotonic()


def stacks():
    """Where every thread is. Lines of code, never values: those may be secrets."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    lines = []
    for ident, frame in _frames().items():
        lines.append(f"Thread {names.get(ident, 'unknown')}:\n")
        lines += traceback.format_stack(frame)[-MAX_STACK:]
    return "".join(lines)


def _frames():
    """thread's ident -> its frame. Python before 3.11.9 holds the lock of its list of threads
    meanwhile, and makes an object for each: were that to start a collection, something's
    `__del__` could give the interpreter away to a thread that begins or ends. That one waits
    for the list, the list for the interpreter, and the process stands still for ever."""
    with _without_collections:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()
