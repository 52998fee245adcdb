"""Runs another program so that none is forgotten, none hangs, and none outlives this server.

Each has a process group of its own, which is killed when its token is cancelled, when
its time is over and when nobody reads on. Should the server itself be killed, the
kernel kills them: PDEATHSIG, set by `setpriv`, because a `preexec_fn` may deadlock in
a process with threads. That signal follows the death of the *thread* that started the
process, so a generator of this module must be used up in the thread that began it.
"""

import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import lru_cache

from . import cores
from .errors import ServerError

# The keys in our own environment are none of the business of a parser of strange files.
ENVIRONMENT = {"LC_ALL": "C"}
SAID_LIMIT = 256 * 1024


class ProgramError(ServerError):
    """A program did not do its work. Whoever runs it says in its own words what that means."""


class NotStarted(ProgramError):
    def __init__(self):
        super().__init__("A program could not be started.")


class TooSlow(ProgramError):
    def __init__(self, limit_s):
        super().__init__(f"A program was not done after {limit_s:g} s.")


class Failed(ProgramError):
    """It ended badly. `said` is for us to look at, never for a reader: it has paths."""

    def __init__(self, said, exit_code):
        super().__init__("A program failed.")
        self.said, self.exit_code = said, exit_code  # below 0: a signal ended it


def output(command, token=None, limit_s=60.0, places=None, feed=b"", memory=None, environment=None):
    """What a program writes to its standard output, as it comes.

    `limit_s` is how long we wait for it in all; a slow reader's time is its own.
    `places` is a semaphore of how many may run at a time. `feed` is what it reads from
    its standard input: for what must not be in a command line. `memory` is how many
    bytes it may have.
    """
    with place(places, token):
        child = Child(command, feed, memory, environment or ENVIRONMENT)
        forget = token.on_cancel(child.kill) if token else lambda: None
        try:
            yield from child.read(limit_s)
        finally:
            forget()
            child.end()
    if token:
        token.check()
    if child.exit_code != 0:
        raise Failed(child.said.decode(errors="replace"), child.exit_code)


@contextmanager
def place(places, token):
    """Within, one of the places is taken; none are counted where `places` is None."""
    while places and not places.acquire(timeout=0.1):
        if token:
            token.check()
    try:
        yield
    finally:
        if places:
            places.release()


class Child:
    def __init__(self, command, feed, memory, environment):
        try:
            with cores.all_of_them():
                self._process = subprocess.Popen(
                    [*launcher(), *map(str, command)],
                    stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    env=environment,
                    start_new_session=True,
                )
        except OSError:
            raise NotStarted() from None
        self._feed = memoryview(feed)
        self._lock = threading.Lock()
        self._reaped = False
        self.said = bytearray()
        self.exit_code = None
        if memory:
            self._limit_memory(memory)

    def read(self, limit_s):
        # One loop over all pipes: none can fill and block the program, and no thread is
        # needed to drain the others.
        feed, out, err = self._process.stdin, self._process.stdout, self._process.stderr
        left = limit_s
        with selectors.PollSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            selector.register(err, selectors.EVENT_READ)
            if feed:
                os.set_blocking(feed.fileno(), False)
                selector.register(feed, selectors.EVENT_WRITE)
            while selector.get_map():
                before = time.monotonic()
                ready = selector.select(left)
                left -= time.monotonic() - before
                if not ready and left <= 0:
                    raise TooSlow(limit_s)
                for key, _ in ready:
                    if key.fileobj is feed:
                        if self._fed():
                            selector.unregister(feed)
                            feed.close()
                        continue
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is out:
                        yield data
                    elif len(self.said) < SAID_LIMIT:
                        self.said += data
        # It may have closed its pipes and stayed.
        while not self._ended(os.WNOHANG):
            if left <= 0:
                raise TooSlow(limit_s)
            time.sleep(0.001)
            left -= 0.001

    def _fed(self):
        """Give it what fits into its pipe. Whether that was the last of it."""
        try:
            self._feed = self._feed[os.write(self._process.stdin.fileno(), self._feed[:65536]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            return True  # it has read enough
        return not self._feed

    def _limit_memory(self, memory):
        # From here, because between fork and exec is no safe place; and before the program
        # has read a byte of what it is given. Where there is no prlimit, time is the limit.
        if hasattr(resource, "prlimit"):
            try:
                resource.prlimit(self._process.pid, resource.RLIMIT_AS, (memory, memory))
            except OSError:
                pass  # it has ended, or may not be limited: its time is over soon in any case

    def kill(self):
        with self._lock:
            if not self._reaped:
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self):
        self.kill()
        self._ended()
        with self._lock:
            self._reaped = True
            self.exit_code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def _ended(self, how=0):
        # Without reaping: until `end` has the lock the pid cannot become another's, so
        # a `kill` from a cancelling thread never hits a stranger.
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | how)


@lru_cache
def launcher():
    """`setpriv --pdeathsig`, where there is one that can do that (BusyBox's cannot)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    command = (setpriv, "--pdeathsig", "KILL", "--")
    tried = subprocess.run(
        [*command, sys.executable, "-I", "-S", "-c", ""],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=ENVIRONMENT,
    )
    return command if tried.returncode == 0 else ()
