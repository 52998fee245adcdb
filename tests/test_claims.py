"""A key that several requests bring at once, here and in another process."""

import pytest

from server.errors import RunNotFound, TooBusy
from server.runs import Run, Runs
from server.settings import Settings


class Waiting(Run):
    remembered = True

    def asked(self):
        return {}


class Slower:
    """A ledger in which another process was first, and in which something happens meanwhile."""

    def __init__(self):
        self.forgotten, self.meanwhile = [], lambda: None

    def claimed(self, key):
        return None

    def claim(self, key, fingerprint, id):
        self.meanwhile()
        return fingerprint, "first"

    def forget(self, run):
        self.forgotten.append(run)

    def find(self, id):
        return None


class Shelf:
    def find(self, id):
        return "the first" if id == "first" else None


class Nowhere:
    def find(self, id):
        raise RunNotFound()


@pytest.fixture
def ledger():
    return Slower()


@pytest.fixture
def runs(ledger):
    return Runs(Settings(), ledger, Shelf(), Nowhere())


def test_who_attached_to_a_run_that_is_taken_back_does_not_wait_for_ever(runs, ledger):
    attached = []
    ledger.meanwhile = lambda: attached.append(runs.made_by("key", "print"))
    run = Waiting(None)
    assert runs.admit(lambda: run, "key", "print") == ("the first", False)
    assert attached == [run] and ledger.forgotten == [run]
    assert run.journal.closed and run.ended
    assert not runs.live() and runs.made_by("key", "print") is None


def test_a_run_that_its_process_never_began_is_asked_for_again(runs, monkeypatch):
    monkeypatch.setattr("server.runs.CLAIMED_S", 0.1)
    monkeypatch.setattr(Shelf, "find", lambda shelf, id: None)
    with pytest.raises(TooBusy):
        runs.admit(lambda: Waiting(None), "key", "print")
    assert not runs.live()
