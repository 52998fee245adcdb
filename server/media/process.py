"""Runs ffmpeg so that none is forgotten, none hangs, and none outlives this server.

Each has a process group of its own, which is killed when its token is cancelled, when
its time is over and when nobody reads on. Should the server itself be killed, the
kernel kills them: PDEATHSIG, set by `setpriv`, because a `preexec_fn` may deadlock in
a process with threads. That signal follows the death of the *thread* that started the
process, so a generator of this package must be used up in the thread that began it.
"""

import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from functools import lru_cache

from ..errors import MediaError
from .binary import ffmpeg

# The keys in our own environment are none of the business of a parser of strange files.
ENVIRONMENT = {"LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"}
SAID_LIMIT = 256 * 1024

# Long work waits for long work only: a thumbnail never queues behind a two-hour film.
PLACES = max(4, 2 * (os.cpu_count() or 1))
SHORT = threading.BoundedSemaphore(PLACES)
LONG = threading.BoundedSemaphore(PLACES)


class Failed(MediaError):
    """ffmpeg ended badly. `said` is for us to look at, never for a reader: it has paths."""

    def __init__(self, said):
        super().__init__("ffmpeg could not read or convert this file. It may be damaged.")
        self.said = said


def output(args, token=None, limit_s=60.0, places=SHORT):
    """What ffmpeg writes to its standard output, as it comes.

    `limit_s` is how long we wait for ffmpeg in all; a slow reader's time is its own.
    """
    with place(places, token):
        child = Child(args)
        forget = token.on_cancel(child.kill) if token else lambda: None
        try:
            yield from child.read(limit_s)
        finally:
            forget()
            child.end()
    if token:
        token.check()
    if child.exit_code != 0:
        raise Failed(child.said.decode(errors="replace"))


def run(args, token=None, limit_s=60.0, places=SHORT):
    for _ in output(args, token, limit_s, places):
        pass


@contextmanager
def place(places, token):
    while not places.acquire(timeout=0.1):
        if token:
            token.check()
    try:
        yield
    finally:
        places.release()


class Child:
    def __init__(self, args):
        command = [*launcher(), ffmpeg(), "-nostdin", "-hide_banner", *map(str, args)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except OSError:
            raise MediaError("ffmpeg could not be started. Look at /readyz.") from None
        self._lock = threading.Lock()
        self._reaped = False
        self.said = bytearray()
        self.exit_code = None

    def read(self, limit_s):
        # One loop over both pipes: neither can fill and block ffmpeg, and no thread
        # is needed to drain the other.
        out, err = self._process.stdout, self._process.stderr
        left = limit_s
        with selectors.PollSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            selector.register(err, selectors.EVENT_READ)
            while selector.get_map():
                before = time.monotonic()
                ready = selector.select(left)
                left -= time.monotonic() - before
                if not ready and left <= 0:
                    raise MediaError(f"ffmpeg was not done with this file after {limit_s:g} s.")
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is out:
                        yield data
                    elif len(self.said) < SAID_LIMIT:
                        self.said += data
        self._wait()

    def kill(self):
        with self._lock:
            if not self._reaped:
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self):
        self.kill()
        self._wait()
        with self._lock:
            self._reaped = True
            self.exit_code = self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    def _wait(self):
        # Without reaping: until `end` has the lock the pid cannot become another's, so
        # a `kill` from a cancelling thread never hits a stranger.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)


@lru_cache
def launcher():
    """`setpriv --pdeathsig`, where there is one that can do that (BusyBox's cannot)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    command = (setpriv, "--pdeathsig", "KILL", "--")
    tried = subprocess.run(
        [*command, ffmpeg(), "-version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=ENVIRONMENT,
    )
    return command if tried.returncode == 0 else ()
