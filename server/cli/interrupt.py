"""Ctrl-C ends a run properly: the vendors are hung up on and what came so far is kept."""

import signal
import threading
from contextlib import contextmanager


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
