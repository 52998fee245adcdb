"""Running other programs: none is forgotten, none hangs, none outlives this server."""

import os
import sys
import threading
import time

import pytest

from server import process
from server.cancel import CancelToken
from server.errors import Abandoned

from . import clips
from .live import SOON_S, until

PYTHON = [sys.executable, "-I", "-S", "-c"]
ECHO = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
SLEEP = "import time; time.sleep(60)"


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    until(lambda: not clips.children(""), SOON_S)


def run(code, *args, **more):
    return b"".join(process.output([*PYTHON, code, *args], **more))


def test_what_it_is_fed_never_blocks_what_it_says():
    fed = os.urandom(3_000_000)  # both pipes hold 64 KiB
    assert run(ECHO, feed=fed) == fed
    loud = f"import sys; sys.stderr.write('x' * 1_000_000); sys.stderr.flush(); {ECHO}"
    assert run(loud, feed=fed) == fed


def test_it_may_leave_its_food():
    assert run("print('enough')", feed=b"x" * 3_000_000) == b"enough\n"
    assert run("import sys; print(len(sys.stdin.read()))") == b"0\n"


def test_an_argument_is_only_an_argument():
    strange = ["-x", "$(id)", "a b", "'", "%{x}", "\n"]
    assert run("import sys; print(sys.argv[1:])", *strange).decode() == f"{strange}\n"


def test_a_bad_end_is_told_with_what_was_said():
    with pytest.raises(process.Failed) as caught:
        run("import sys; sys.exit('of no use')")
    assert "of no use" in caught.value.said and "of no use" not in caught.value.message
    with pytest.raises(process.NotStarted if not process.launcher() else process.Failed):
        list(process.output(["/nowhere/program"]))


@pytest.mark.parametrize("code", [SLEEP, f"import os; os.close(1); os.close(2); {SLEEP}"])
def test_one_that_takes_too_long_is_killed(code):
    with pytest.raises(process.TooSlow, match="0.3 s"):
        run(code, limit_s=0.3)


def test_a_cancel_kills_it_and_its_children():
    process.launcher()  # it is tried once, and is no child of this test
    token, caught = CancelToken(), []
    family = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{SLEEP}'])"

    def work():
        with pytest.raises(Abandoned):
            run(family, token=token)
        caught.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    [pid] = until(lambda: clips.children(""))
    until(lambda: open(f"/proc/{pid}/task/{pid}/children").read())
    cancelled_at = time.monotonic()
    token.cancel("enough")
    thread.join(SOON_S)
    assert caught and caught[0] - cancelled_at < SOON_S


def test_it_has_only_so_much_memory():
    # The limit is there before it is fed, and not before it runs.
    greedy = "import sys; sys.stdin.read(); print(len(bytearray({} << 20)))"
    assert run(greedy.format(20), feed=b"x", memory=200 << 20) == b"20971520\n"
    with pytest.raises(process.Failed) as caught:
        run(greedy.format(400), feed=b"x", memory=200 << 20)
    assert "MemoryError" in caught.value.said


def test_it_sees_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk-canary-0123456789")
    assert b"canary" not in run("import os; print(dict(os.environ))")


def test_only_so_many_run_at_a_time_and_who_is_called_off_does_not_wait():
    places, token = threading.BoundedSemaphore(1), CancelToken()
    first = process.output([*PYTHON, "print(1, flush=True); " + SLEEP], places=places)
    next(first)
    threading.Timer(0.2, token.cancel).start()
    with pytest.raises(Abandoned):
        run("print(2)", places=places, token=token)
    first.close()
    assert run("print(3)", places=places) == b"3\n"
