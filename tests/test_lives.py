"""Who is alive is told by a file that is also memory."""

import resource

import pytest

from server.stores import StoreError
from server.stores.lives import ENTRIES, Lives


@pytest.fixture
def lives(tmp_path):
    lives = Lives(tmp_path)
    yield lives
    lives.end()


def test_its_room_on_the_disk_is_taken_before_anything_is_noted(lives, tmp_path):
    # Else the first note on a full disk would be a SIGBUS, which ends the process.
    lives.begin("owner")
    (file,) = tmp_path.iterdir()
    kept = file.stat()
    assert 512 * kept.st_blocks >= kept.st_size
    notes = [lives.note(f"run {number}") for number in range(ENTRIES)]
    assert all(notes) and lives.note("one more") is None


def test_a_disk_without_that_room_is_a_failure_of_the_store_and_nothing_is_left(lives, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(StoreError):
            lives.begin("owner")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())
