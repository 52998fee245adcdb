"""Stuck threads are noticed, and where they are stuck is written down."""

import errno
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from server.alarms import Alarms
from server.app import create_app
from server.errors import TooBusy
from server.gate import Gate
from server.watchdog import Watchdog, stacks
from tests.live import DEADLINE_S, ROOT, serving, until


@pytest.fixture
def let_go():
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def said(caplog):
    """What the server logs, whether or not an app has taken its log over."""
    logger = logging.getLogger("server.watchdog")
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO, "server.watchdog"):
        yield lambda: caplog.text
    logger.removeHandler(caplog.handler)


def where_it_hangs(event):
    event.wait()


@pytest.fixture
def watch():
    dogs = []

    def start(alarms=None, gate=None, late_s=60):
        dog = Watchdog(alarms or Alarms(), gate or Gate(1, "streams"), 60, 0.02, late_s)
        dogs.append(dog)
        dog.start()
        until(lambda: dog._rang_at)
        return dog

    yield start
    for dog in dogs:
        dog.stop()


def test_where_all_is_well_it_says_nothing(watch):
    dog = watch()
    rang = dog._rang_at
    until(lambda: dog._rang_at > rang)
    assert dog.problems() == []


def test_a_thread_of_deadlines_that_waits_is_found_with_its_stack(watch, let_go, said):
    alarms = Alarms()
    dog = watch(alarms, late_s=0.5)
    alarms.after(0, lambda: where_it_hangs(let_go))
    until(dog.problems)
    assert "Deadlines" in dog.problems()[0]
    until(lambda: "where_it_hangs" in said())
    let_go.set()
    until(lambda: not dog.problems())
    until(lambda: "no longer stuck" in said())


def test_streams_that_all_stand_still_are_found(watch):
    gate = Gate(1, "streams")
    dog = watch(gate=gate)
    leave = gate.enter()
    assert not dog.problems()
    gate._moved_at -= 61
    assert "none has moved for 60 s" in dog.problems()[0]
    gate.moved()
    assert not dog.problems()
    gate._moved_at -= 61
    assert dog.problems()
    leave()
    assert not dog.problems()


def test_a_gate_that_is_not_full_never_stalls():
    gate = Gate(2, "streams")
    gate.enter()
    assert not gate.stalled(0)
    gate.enter()
    until(lambda: gate.stalled(0))
    with pytest.raises(TooBusy):
        gate.enter()


def test_readiness_fails_while_it_is_stuck(make_settings, let_go):
    app = create_app(make_settings())
    services = app.extensions["parallax"]
    services.watchdog._every_s, services.watchdog._late_s = 0.02, 60
    services.watchdog.start()
    client = app.test_client()
    until(lambda: services.watchdog._rang_at)
    assert client.get("/readyz").status_code == 200
    services.alarms.after(0, let_go.wait)
    services.watchdog._late_s = 0.5
    until(lambda: client.get("/readyz").status_code == 503)
    assert "Deadlines have not been kept" in client.get("/readyz").get_json()["message"]
    assert client.get("/healthz").status_code == 200
    services.watchdog.stop()


ONE_STREAM = {"THREADS": 3, "HEARTBEAT_S": 0.2, "SEND_TIMEOUT_S": 2}  # stuck after 4 s


@pytest.mark.parametrize("pace", ["first=0,rate=10,tokens=60", "first=6,tokens=1"])
def test_a_chat_that_takes_the_last_place_is_not_stuck_while_it_speaks_or_waits(tmp_path, pace):
    asked = {"model": f"demo@{pace}", "messages": [{"role": "user", "content": "?"}]}
    with serving(tmp_path / "data", **ONE_STREAM) as server:
        stream = server.open({**asked, "stream": True}, "/v1/chat/completions")
        assert stream.events()[-1] == "[DONE]"
        assert "none has moved" not in server.log()


def test_who_waits_for_a_run_that_another_began_in_the_last_place_is_not_stuck(tmp_path):
    asked, key = {"input_data": "?", "models": ["demo@first=6,tokens=1"]}, {"Idempotency-Key": "k"}
    with serving(tmp_path / "data", **ONE_STREAM) as server:

        def open_streams(number):
            gauge = f"parallax_streams_open {number}.0\n"
            return gauge in server.request("GET", "/metrics")[2].decode()

        first = server.connect()
        headers = {"Content-Type": "application/json", **key}
        first.request("POST", "/compare", json.dumps(asked), headers)
        until(lambda: open_streams(1))
        first.close()
        until(lambda: open_streams(0))
        status, told = server.post("/compare", asked, **key)
        assert status == 200 and told["metadata"]["models_successful"] == 1
        assert "none has moved" not in server.log()


HOG = """
import os, re, threading

def hog_of_the_interpreter():
    open({sign!r}).close()  # as soon as somebody opens its other end
    re.match(r"(a+)+$", "a" * 60 + "b")

os.register_at_fork(
    after_in_child=lambda: threading.Thread(target=hog_of_the_interpreter, daemon=True).start()
)
"""


def other_end(fifo):
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        assert error.errno == errno.ENXIO  # nobody waits there yet
        return None


def test_a_call_in_c_that_holds_the_interpreter_ends_its_worker_and_is_written_down(tmp_path):
    sign = tmp_path / "hold-it"
    os.mkfifo(sign)
    (tmp_path / "sitecustomize.py").write_text(HOG.format(sign=str(sign)))
    path = f"{tmp_path}:{ROOT}"
    patience = {"GUNICORN_CMD_ARGS": "--timeout 3"}
    with serving(tmp_path / "data", PYTHONPATH=path, **patience) as server:
        held = server.worker_pid
        os.close(until(lambda: other_end(sign)))
        until(lambda: "in hog_of_the_interpreter" in server.log())
        until(lambda: f"WORKER TIMEOUT (pid:{held})" in server.log())
        until(server._answers)
        assert server.worker_pid != held


BUSY = """
import threading
import time
from server.alarms import Alarms
from server.gate import Gate
from server.watchdog import Watchdog

def deeper(left):
    return left and 1 + deeper(left - 1)

def work():
    while True:
        thread = threading.Thread(target=deeper, args=(50,))
        thread.start()
        thread.join()

Watchdog(Alarms(), Gate(1, "x"), 60, every_s=0.01, late_s=0.05).start()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
never, seen_at = threading.Event(), time.monotonic()
print("at work", flush=True)
while not never.wait(0.002):
    now = time.monotonic()
    if now - seen_at > 0.07:
        print("stood still", flush=True)
    seen_at = now
"""


def test_a_process_that_was_stopped_for_a_while_goes_on():
    asked = [sys.executable, "-c", BUSY]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "bufsize": 0}
    child = subprocess.Popen(asked, cwd=ROOT, **quiet)
    try:
        assert child.stdout.readline() == b"at work\n"
        for _ in range(40):
            child.send_signal(signal.SIGSTOP)
            with pytest.raises(subprocess.TimeoutExpired):  # how long it stands is what is tested
                child.wait(0.1)
            child.send_signal(signal.SIGCONT)
            assert select.select([child.stdout], [], [], DEADLINE_S)[0]
            assert child.stdout.readline()  # nothing, once it has crashed
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


MANY = """
import gc
import threading
from server.watchdog import stacks

never = threading.Event()

class Slow:
    def __init__(self):
        self.itself = self  # only a collection finds it

    def __del__(self):
        never.wait(0.001)  # lets go of the interpreter

def begin_and_end():
    while True:
        thread = threading.Thread(target=never.wait, args=(0,))
        thread.start()
        thread.join()

def deeper(left):
    return deeper(left - 1) if left else never.wait(0.02)

def stay():
    while True:
        deeper(3)

gc.set_threshold(50)
for _ in range(3):
    threading.Thread(target=begin_and_end, daemon=True).start()
for _ in range(200):
    threading.Thread(target=stay, daemon=True).start()
for _ in range(10):
    gc.collect()
    for _ in range(3):
        Slow()
    assert "in stay" in stacks()
assert gc.isenabled()
gc.disable()
stacks()
assert not gc.isenabled()
"""


def test_to_write_down_many_stacks_does_not_stop_the_process():
    subprocess.run([sys.executable, "-c", MANY], cwd=ROOT, timeout=DEADLINE_S, check=True)


def test_stacks_hold_lines_and_never_values(let_go):
    secret = "sk-secret-value-of-a-variable"
    thread = threading.Thread(target=lambda kept: let_go.wait(), args=(secret,), name="one")
    thread.start()
    try:
        assert "Thread one:" in stacks() and "let_go.wait()" in stacks()
        assert secret not in stacks().replace('secret = "' + secret, "")
    finally:
        let_go.set()
        thread.join()
