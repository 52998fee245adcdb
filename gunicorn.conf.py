"""gunicorn as `make run` and production start it. Runs live in one process's memory, so
there is one worker, with many threads; THREADS says how many."""

import signal
import sys
import threading

from gunicorn.glogging import Logger

from server import settings as settings_module

settings_module.load_dotenv()
settings = settings_module.load()

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
        if isinstance(sys.exc_info()[1], TimeoutError):
            self.info("A reader did not read for SEND_TIMEOUT_S; its connection was given up.")
        else:
            super().exception(msg, *args, **kwargs)


logger_class = Log


def post_worker_init(worker):
    """On SIGTERM every open stream gets its last message before the worker goes."""
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

    signal.signal(signal.SIGTERM, drain_and_stop)
    worker.log.info("Parallax is ready: http://%s:%s/", settings.host, settings.port)
