import errno
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.cancel import CancelToken
from server.commentary.results import Results
from server.errors import Abandoned, OutOfSpace


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


@pytest.fixture
def job(results):
    return results.of(CancelToken())


def never():
    raise AssertionError("made twice")


def test_what_was_made_once_is_not_made_again(results, job):
    assert job.once("detect", {"window": [0, 8]}, lambda: {"moments": ["ä"]}) == {"moments": ["ä"]}
    assert job.once("detect", {"window": [0, 8]}, never) == {"moments": ["ä"]}
    assert results.of(CancelToken()).once("detect", {"window": [0, 8]}, never)


@pytest.mark.parametrize("stage, inputs", [("detect", {"a": 2}), ("write", {"a": 1})])
def test_other_inputs_and_other_stages_are_other_results(job, stage, inputs):
    job.once("detect", {"a": 1}, lambda: 1)
    assert job.once(stage, inputs, lambda: 2) == 2


def test_files_are_kept_with_the_value(job):
    def make(folder):
        (folder / "speech.wav").write_bytes(b"RIFF")
        return {"seconds": 1.5}

    job.once_with_files("speak", {"text": "Hello"}, make)
    value, folder = job.once_with_files("speak", {"text": "Hello"}, never)
    assert value == {"seconds": 1.5}
    assert (folder / "speech.wav").read_bytes() == b"RIFF"


def test_a_salt_hides_what_others_made(results, job):
    job.once("detect", {}, lambda: 1)
    fresh = results.of(CancelToken(), "salt")
    assert fresh.once("detect", {}, lambda: 2) == 2
    assert fresh.once("detect", {}, never) == 2
    assert job.once("detect", {}, never) == 1


def test_a_failure_leaves_nothing_and_is_tried_again(results, job):
    def fails():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        job.once("detect", {}, fails)
    assert not list(results.folder.iterdir())
    assert job.once("detect", {}, lambda: 1) == 1


def test_a_fault_in_making_is_not_told_as_one_of_the_disk(results, job):
    def fails(error):
        raise error

    with pytest.raises(FileNotFoundError):
        job.once("detect", {}, lambda: fails(FileNotFoundError("a program")))
    with pytest.raises(OutOfSpace):
        job.once("detect", {}, lambda: fails(OSError(errno.ENOSPC, "full")))
    results.folder.rmdir()
    results.folder.touch()  # where no folder can be made
    with pytest.raises(OutOfSpace):
        job.once("detect", {}, lambda: 1)


def test_of_many_at_once_one_makes_it(results):
    made = []

    def make():
        time.sleep(0.05)  # long enough for the others to come and find it being made
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(8) as pool:
        asks = [pool.submit(results.of(CancelToken()).once, "write", {}, make) for _ in range(8)]
        assert {ask.result(10) for ask in asks} == {1}
    assert len(made) == 1


def test_who_waits_for_another_can_be_called_off(results):
    began, release, token = threading.Event(), threading.Event(), CancelToken()

    def slow():
        began.set()
        release.wait(10)
        return 1

    with ThreadPoolExecutor() as pool:
        maker = pool.submit(results.of(CancelToken()).once, "write", {}, slow)
        assert began.wait(20)
        waiter = pool.submit(results.of(token).once, "write", {}, never)
        token.cancel()
        with pytest.raises(Abandoned):
            waiter.result(5)
        release.set()
        assert maker.result(5) == 1


def test_a_half_written_result_is_made_again(results, job):
    job.once("detect", {}, lambda: 1)
    (kept,) = results.folder.iterdir()
    (kept / "result.json").write_text('{"half')
    assert job.once("detect", {}, lambda: 2) == 2


def test_the_unused_are_swept(results, job):
    job.once("detect", {"n": 1}, lambda: 1)
    job.once("detect", {"n": 2}, lambda: 2)
    for path in results.folder.iterdir():
        os.utime(path, (0, 0))
    assert job.once("detect", {"n": 1}, never) == 1  # used again, just now
    results.sweep(3600, 10**9, 60)
    assert len(list(results.folder.iterdir())) == 1
    assert job.once("detect", {"n": 1}, never) == 1


def test_the_oldest_are_swept_when_they_are_too_much(results, job):
    def voice(folder):
        (folder / "voice.mp3").write_bytes(b"x" * 1000)
        return 1

    ages = {"oldest": 500, "older": 400, "old": 300, "just used": 0}
    now, folders = time.time(), {}
    for name, age in ages.items():
        _, folders[name] = job.once_with_files("speak", {"n": name}, voice)
        os.utime(folders[name], (now - age, now - age))
    results.sweep(3600, 10**6, 60)
    assert all(folder.exists() for folder in folders.values())
    results.sweep(3600, 2100, 60)
    assert [name for name in ages if folders[name].exists()] == ["old", "just used"]
    results.sweep(3600, 0, 60)
    assert [name for name in ages if folders[name].exists()] == ["just used"]


def test_what_is_used_while_others_are_looked_at_stays(results, job, monkeypatch):
    _, folder = job.once_with_files("speak", {}, lambda folder: 1)
    os.utime(folder, (0, 0))
    monkeypatch.setattr(
        "server.commentary.results.size_of", lambda path: job.once("speak", {}, never) * 10**9
    )
    results.sweep(3600, 0, 60)
    assert folder.exists()
