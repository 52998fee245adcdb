"""What was worked out about a file is worked out once."""

import threading

import pytest

from server.errors import MediaError
from server.memo import Memo


def test_what_two_ask_for_at_once_is_worked_out_once():
    memo, inside, go = Memo(), threading.Event(), threading.Event()
    worked = []

    def work():
        worked.append(1)
        inside.set()
        assert go.wait(10)
        return "known"

    answers = []
    asking = [
        threading.Thread(target=lambda: answers.append(memo.get("key", work))) for _ in range(3)
    ]
    for thread in asking:
        thread.start()
    assert inside.wait(10)
    go.set()
    for thread in asking:
        thread.join(10)
    assert answers == ["known"] * 3 and worked == [1]


def test_a_failure_is_remembered_only_briefly(monkeypatch):
    memo, tries = Memo(), []

    def fail():
        tries.append(1)
        raise MediaError("no")

    for _ in range(2):
        with pytest.raises(MediaError):
            memo.get("key", fail)
    assert len(tries) == 1
    monkeypatch.setattr("server.memo.FAILURE_KEPT_S", 0)
    assert memo.get("key", lambda: "better") == "better"
