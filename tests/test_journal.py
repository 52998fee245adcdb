import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.journal import Journal

DEADLINE_S = 5


def read(journal, cut):
    """As a follower reads: until nothing more is there."""
    found = []
    while frames := journal.after(cut + len(found)):
        found += frames
    return found


@given(st.lists(st.lists(st.binary(max_size=50)), max_size=8), st.integers(0, 60))
def test_what_was_written_is_read_back_from_any_point_open_or_closed(writes, cut):
    journal, frames = Journal(), [frame for write in writes for frame in write]
    with pytest.MonkeyPatch.context() as small:
        small.setattr("server.journal.BLOCK", 7)
        for write in writes:
            journal.extend(write)
        assert read(journal, cut) == frames[cut:]
        journal.close()
        assert read(journal, cut) == frames[cut:]
    assert journal.length == len(frames)


def test_closing_twice_is_fine():
    journal = Journal()
    journal.extend([b"a"])
    journal.close()
    journal.close()
    assert read(journal, 0) == [b"a"]


def test_a_follower_is_woken_by_a_message_and_by_the_end():
    journal = Journal()
    threading.Timer(0.03, journal.extend, [[b"a"]]).start()
    journal.wait(0, DEADLINE_S)
    assert journal.length == 1
    threading.Timer(0.03, journal.close).start()
    journal.wait(1, DEADLINE_S)
    assert journal.closed


def test_a_follower_that_left_is_woken_by_a_poke():
    journal, gone = Journal(), threading.Event()

    def leave():
        gone.set()
        journal.poke()

    threading.Timer(0.03, leave).start()
    journal.wait(0, DEADLINE_S, gone.is_set)
    assert gone.is_set()


def test_a_packed_journal_is_much_smaller_than_its_messages():
    journal = Journal()
    frames = [b'id: %d\ndata: {"event_type":"text_generation"}\n\n' % n for n in range(1000)]
    journal.extend(frames)
    journal.close()
    assert journal.size < sum(map(len, frames)) / 3
