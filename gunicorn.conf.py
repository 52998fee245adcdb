"""gunicorn as `make run` and production start it: one worker, with as many threads as THREADS
says. Where there are more workers, they share their runs by way of the store."""

import faulthandler
import logging
import os
import resource
import signal
import sys
import threading
import time

from gunicorn.glogging import Logger

from server import arriving, cores, log, models
from server import settings as settings_module

Invalid = (settings_module.InvalidSetting, models.InvalidModels)


def checked():
    # Filled in a copy: what makes no sense would stay, when the file has long been mended.
    environ = dict(os.environ)
    settings_module.load_dotenv(environ=environ)
    found = settings_module.load(environ)
    models.Models(found.models_file)
    return found


try:
    settings = checked()
except Invalid as error:
    print(error, file=sys.stderr)
    sys.exit(1)
settings_module.load_dotenv()

# Connections, vendors' sockets and films would soon use up the 1024 that are usual.
DESCRIPTORS = 16384
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if soft != resource.RLIM_INFINITY:
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))

bind = settings.address


class Worker(arriving.Worker):
    bodies = settings.body_threads


worker_class = Worker
workers = 1
threads = settings.threads + Worker.bodies
worker_connections = max(1000, 4 * threads)  # who comes while all are busy is told so
graceful_timeout = 5
keepalive = 5
# A commentary's `context` is part of its address, and 4000 characters of it are three or six
# times as many bytes. All headers together are bounded by `arriving.py`.
limit_request_line = 0
limit_request_field_size = arriving.MOST
# A prefix comes as X-Forwarded-Prefix; these would be taken from anybody on this machine.
forwarder_headers = ""
# Two gunicorns of one user would share the default control socket without a word.
control_socket_disable = True


class Log(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(log.JsonLines())

    def exception(self, msg, *args, **kwargs):
        if isinstance(sys.exc_info()[1], (TimeoutError, BlockingIOError)):
            self.info("A client did not read or write for SEND_TIMEOUT_S; it was given up.")
        else:
            super().exception(msg, *args, **kwargs)


logger_class = Log


def on_starting(server):
    """gunicorn would end with all its streams when it is told to reload what cannot be."""
    reload = server.reload

    def reload_what_is_valid():
        try:
            checked()
        except Invalid as error:
            server.log.error("Not reloaded, all goes on as before: %s", error)
        else:
            reload()

    server.reload = reload_what_is_valid


AT_THE_DOOR_S = 1.0  # from being accepted to being a run, on a busy machine
SPEAKING_S = 0.2  # from being accepted to having said what one wants


def post_worker_init(worker):
    """However it is told to stop, every open stream first gets its last message."""
    sys.setswitchinterval(cores.SWITCH_INTERVAL_S)
    if settings.cores == "one":
        cores.keep_to_one(os.getppid() + worker.age)  # not where its siblings are
    stop = signal.getsignal(signal.SIGTERM)
    services = worker.wsgi.extensions["parallax"]

    def let_idle_connections_go():
        # gunicorn would wait the whole grace period for browsers that ask nothing more.
        for connection in (*worker.keepalived_conns, *worker.pending_conns):
            connection.timeout = 0

    def at_the_door():
        heard = worker.tpool._work_queue.qsize() or services.door.inside
        return worker._accepting or heard or worker.arriving(SPEAKING_S)

    def drain():
        # Who was let in a moment ago still becomes a run, and is told properly that the
        # server is restarting; refused now, it would be an error where a reload is none.
        deadline = time.monotonic() + AT_THE_DOOR_S
        quiet = 0
        while quiet < 3 and time.monotonic() < deadline:
            time.sleep(0.01)  # the hand over from one of those to the next is not seen
            quiet = 0 if at_the_door() else quiet + 1
        services.runs.drain()
        worker.method_queue.defer(let_idle_connections_go)

    def drain_and_stop(signum, frame):
        # In a thread of its own: a signal handler must not wait for a lock.
        threading.Thread(target=drain, name="drain").start()
        stop(signum, frame)

    # Ctrl-C reaches the worker as SIGINT, and again as SIGQUIT from the master.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, drain_and_stop)
    faulthandler.enable()  # a crash, or the master's SIGABRT, leaves all stacks in the log
    services.body_is_here = worker.body_is_here
    worker.refused = services.metrics.refused
    services.open()
    worker.log.info("Parallax is ready: http://%s/", settings.address)


def worker_exit(server, worker):
    """Threads that nothing can wake, in a name look-up say, are not waited for."""
    worker.wsgi.extensions["parallax"].close()
    logging.shutdown()
    os._exit(0)
