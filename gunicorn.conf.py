"""gunicorn as `make run` and production start it. Runs live in one process's memory, so
there is one worker, with many threads; THREADS says how many."""

import logging
import os
import signal
import sys
import threading

from gunicorn.glogging import Logger

from server import models
from server import settings as settings_module

settings_module.load_dotenv()
try:
    settings = settings_module.load()
    models.Models(settings.models_file)
except (settings_module.InvalidSetting, models.InvalidModels) as error:
    print(error, file=sys.stderr)
    sys.exit(1)

bind = f"{settings.host}:{settings.port}"
worker_class = "gthread"
workers = 1
threads = settings.threads
graceful_timeout = 5
keepalive = 5
# Two gunicorns of one user would share the default control socket without a word.
control_socket_disable = True


class Log(Logger):
    def exception(self, msg, *args, **kwargs):
        if isinstance(sys.exc_info()[1], (TimeoutError, BlockingIOError)):
            self.info("A client did not read or write for SEND_TIMEOUT_S; it was given up.")
        else:
            super().exception(msg, *args, **kwargs)


logger_class = Log


# Threads that wait for the interpreter's lock wake this often to ask for it. With hundreds
# of streams that asking was most of what they did; every one of ours lets go of the lock by
# itself within a fraction of a millisecond.
SWITCH_INTERVAL_S = 0.02


def post_worker_init(worker):
    """However it is told to stop, every open stream first gets its last message."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = signal.getsignal(signal.SIGTERM)
    runs = worker.wsgi.extensions["parallax"].runs

    def let_idle_connections_go():
        # gunicorn would wait the whole grace period for browsers that ask nothing more.
        for connection in (*worker.keepalived_conns, *worker.pending_conns):
            connection.timeout = 0

    def drain():
        runs.drain()
        worker.method_queue.defer(let_idle_connections_go)

    def drain_and_stop(signum, frame):
        # In a thread of its own: a signal handler must not wait for a lock.
        threading.Thread(target=drain, name="drain").start()
        stop(signum, frame)

    # Ctrl-C reaches the worker as SIGINT, and again as SIGQUIT from the master.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, drain_and_stop)
    worker.log.info("Parallax is ready: http://%s:%s/", settings.host, settings.port)


def worker_exit(server, worker):
    """Threads that nothing can wake, in a name look-up say, are not waited for."""
    logging.shutdown()
    os._exit(0)
