"""How a command ends before its time: at Ctrl-C, or when nobody reads what it prints.

Ctrl-C ends a run properly: the vendors are hung up on and what came so far is kept.
"""

import os
import signal
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager

INTERRUPTED, NO_READER = 130, 141
LAST_WAIT_S = 0.2  # for threads that are on their way out


class Interrupt:
    def __init__(self):
        self.came = False


@contextmanager
def stopping(stop):
    """Within, Ctrl-C calls `stop` and the run then ends by itself. A second one leaves at
    once, as Ctrl-C always does."""
    interrupt = Interrupt()
    before = signal.getsignal(signal.SIGINT)

    def first(signum, frame):
        interrupt.came = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # In a thread of its own: a signal handler must not wait for a lock.
        threading.Thread(target=stop, name="stop", daemon=True).start()

    signal.signal(signal.SIGINT, first)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


def waiting_for(work):
    """What `work()` gives, done in another thread, so that Ctrl-C is heard meanwhile: no
    signal gets through to a thread that looks up a name."""
    outcome: Future = Future()

    def do():
        try:
            outcome.set_result(work())
        except Exception as error:
            outcome.set_exception(error)

    threading.Thread(target=do, name="work", daemon=True).start()
    return outcome.result()


def nobody_reads():
    """Python would try to flush what nobody reads once more at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return NO_READER


def leave(status):
    """End this process. A thread may be stuck where nothing reaches it, in a connect or a
    look-up of a name; Python would wait for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    deadline = time.monotonic() + LAST_WAIT_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                os._exit(status)
    sys.exit(status)
