import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.commentary.windows import FIRST_S, SHORTEST_S, windows

EVERY_2_S = tuple(range(0, 600, 2))


def edges(found):
    return [found[0].start, *(window.end for window in found)]


def test_the_first_window_is_short_and_the_others_grow_to_what_was_asked():
    lengths = [window.seconds for window in windows(200.0, 30.0)]
    assert lengths[0] == FIRST_S
    assert lengths == sorted(lengths[:-1]) + lengths[-1:]
    assert max(lengths[:-1]) == 30.0


def test_borders_are_key_frames():
    found = windows(133.0, 30.0, EVERY_2_S)
    assert set(edges(found)[1:-1]) <= set(EVERY_2_S)
    assert found[0].seconds == 8.0


def test_a_far_key_frame_makes_a_long_window_and_no_hole():
    found = windows(100.0, 10.0, (0.0, 40.0, 90.0))
    assert edges(found) == [0.0, 40.0, 90.0, 100.0]


@pytest.mark.parametrize("duration", [0.04, 1.0, 8.0, 11.9])
def test_a_short_video_is_one_window(duration):
    assert edges(windows(duration, 30.0)) == [0.0, duration]


@given(
    st.floats(0.04, 4000),
    st.floats(5, 120),
    st.lists(st.floats(0, 4000), max_size=200).map(sorted).map(tuple) | st.none(),
)
def test_windows_follow_each_other_without_holes(duration, interval, keys):
    found = windows(duration, interval, keys)
    assert [window.index for window in found] == list(range(len(found)))
    assert edges(found)[0] == 0.0 and edges(found)[-1] == duration
    for one, after in zip(found, found[1:], strict=False):
        assert one.end == after.start
        assert one.seconds >= SHORTEST_S - 0.001 and after.seconds >= SHORTEST_S - 0.001
