"""A machine that has no thread left."""

import threading
from contextlib import contextmanager
from unittest import mock

began = threading.Thread.start


@contextmanager
def none_left(name):
    """No thread of that name begins within."""

    def start(thread):
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        began(thread)

    with mock.patch.object(threading.Thread, "start", start):
        yield
