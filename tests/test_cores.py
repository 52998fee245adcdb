"""One core for a process that serves; all of them for what does not need its interpreter."""

import os
import sys
import threading

import pytest

from server import cores, process
from tests.live import serving, until

SEVERAL = pytest.mark.skipif(len(cores.ALL) < 2, reason="this machine has one core")
ASK = "import os; print(len(os.sched_getaffinity(0)))"


def kept_to_one(work, number=0):
    """What `work` finds in a thread that keeps to one core; this one is let alone."""
    found = []

    def look():
        cores.keep_to_one(number)
        found.append(work())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


@SEVERAL
def test_processes_share_the_cores():
    two = [kept_to_one(lambda: os.sched_getaffinity(0), number) for number in (0, 1)]
    assert len(two[0]) == len(two[1]) == 1 and two[0] != two[1]
    assert kept_to_one(lambda: os.sched_getaffinity(0), len(cores.ALL)) == two[0]


@SEVERAL
def test_within_it_has_them_all_and_then_one_again():
    def work():
        with cores.all_of_them():
            within = os.sched_getaffinity(0)
        return within, os.sched_getaffinity(0)

    within, after = kept_to_one(work)
    assert within == cores.ALL and len(after) == 1


@SEVERAL
def test_another_program_has_them_all():
    ask = lambda: b"".join(process.output([sys.executable, "-I", "-S", "-c", ASK]))  # noqa: E731
    assert int(kept_to_one(ask)) == len(cores.ALL)


@SEVERAL
def test_where_that_is_forbidden_everything_works_all_the_same(monkeypatch):
    def forbidden(*_):
        raise PermissionError()

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    cores.keep_to_one(0)
    assert int(b"".join(process.output([sys.executable, "-I", "-S", "-c", ASK]))) > 0


def kept_to(pid):
    """(how many cores, which policy) of its threads. One that starts a program has all cores for
    that moment, and one that ends may be gone already."""
    found = set()
    for thread in map(int, os.listdir(f"/proc/{pid}/task")):
        try:
            found.add((len(os.sched_getaffinity(thread)), os.sched_getscheduler(thread)))
        except ProcessLookupError:
            pass
    return found


@SEVERAL
@pytest.mark.parametrize(
    "said, count, policy", [("one", 1, "SCHED_BATCH"), ("all", len(cores.ALL), "SCHED_OTHER")]
)
def test_a_server_keeps_to_as_many_as_it_is_told(tmp_path, said, count, policy):
    with serving(tmp_path / "data", CORES=said) as server:
        assert server.get("/api/models")[0] == 200
        until(lambda: kept_to(server.worker_pid) == {(count, getattr(os, policy))})
        assert len(os.sched_getaffinity(server.process.pid)) == len(cores.ALL)
