from hypothesis import given
from hypothesis import strategies as st

from server.analysis.interleave import RoundRobin


def test_each_lane_gets_one_item_per_turn():
    lanes = RoundRobin("abc")
    for item in ("a1", "a2", "a3", "b1", "c1", "c2"):
        lanes.push(item[0], item)
    assert lanes.take_all() == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_whose_turn_it_is_is_remembered_between_takes():
    lanes = RoundRobin("ab")
    lanes.push("a", "a1")
    assert lanes.take_all() == ["a1"]
    lanes.push("a", "a2")
    lanes.push("b", "b1")
    assert lanes.take_all() == ["b1", "a2"]


def test_a_flood_in_one_lane_does_not_hold_back_another():
    lanes = RoundRobin("ab")
    for number in range(5000):
        lanes.push("a", f"a{number}")
    lanes.push("b", "b0")
    assert "b0" in lanes.take_all()[:2]


def test_nothing_buffered_is_nothing_taken():
    assert RoundRobin("ab").take_all() == []


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers()))))
def test_nothing_is_lost_or_reordered_within_a_lane(batches):
    lanes = RoundRobin("abc")
    taken = []
    for batch in batches:
        for item in batch:
            lanes.push(item[0], item)
        taken += lanes.take_all()
    everything = [item for batch in batches for item in batch]
    for lane in "abc":
        assert [i for i in taken if i[0] == lane] == [i for i in everything if i[0] == lane]


@given(st.integers(1, 30))
def test_equal_lanes_never_speak_more_than_twice_in_a_row(pieces):
    lanes = RoundRobin("ab")
    for number in range(pieces):
        lanes.push("a", ("a", number))
        lanes.push("b", ("b", number))
    order = "".join(lane for lane, _ in lanes.take_all())
    assert "aaa" not in order and "bbb" not in order
