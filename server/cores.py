"""Which cores of the machine a thread may run on.

The threads of one interpreter hand a lock to each other, and only one at a time gets on.
Spread over several cores, each hand-over wakes a core and moves the data there: the same
streams took half as much time again. So a serving process keeps to one core. What works
without the lock, another program or a long hash, may have them all.

And on that core nobody interrupts. A thread that is woken would push aside the one that holds
the lock, only to find that it must wait for it: with 50 streams of three models there were
five switches of threads to a piece, and there are two. The system calls this a batch process.
The price is paid beside a program that computes: it is not pushed aside either, and a thread
that is woken waits for the rest of its turn, some 3 ms.
"""

import os
from contextlib import contextmanager

# Threads that wait for the interpreter's lock wake this often to ask for it. With hundreds
# of streams that asking was most of what they did; every one of ours lets go of the lock by
# itself within a fraction of a millisecond.
SWITCH_INTERVAL_S = 0.02

try:
    ALL = os.sched_getaffinity(0)
except AttributeError:  # not on this system: threads are wherever it puts them
    ALL = set()


def keep_to_one(number):
    """This thread, and all that it starts. Processes of different numbers share the cores."""
    if len(ALL) > 1:
        _use({sorted(ALL)[number % len(ALL)]})
    try:
        if os.sched_getscheduler(0) == os.SCHED_OTHER:  # and not as somebody wants it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except (AttributeError, OSError):
        pass  # as below


@contextmanager
def all_of_them():
    """Within, this thread and what it starts may use every core."""
    if len(ALL) < 2:
        yield
        return
    before = os.sched_getaffinity(0)
    _use(ALL)
    try:
        yield
    finally:
        _use(before)


def _use(these):
    try:
        os.sched_setaffinity(0, these)
    except OSError:
        pass  # a container may forbid it, or have lost those cores: it is slower, no more
