"""The short form of `make soak`, and that the long one would notice."""

from dataclasses import replace

import pytest

from tests.soak.plans import FAULTS, KINDS, WAYS, plan
from tests.soak.soaking import Soak
from tests.soak.standing import ALLOWED, Standing
from tests.soak.visiting import Broken, check

SEED = 1


def test_nothing_is_lost_and_nothing_is_left_over():
    soak = Soak(150, SEED, reloads=1, said=lambda text: None)
    assert soak.run(), "\n".join(soak.faults)
    assert sum(soak.visitors.done.values()) == 150 and len(soak.standings) == 2


def test_plans_are_made_of_everything_and_can_be_repeated():
    plans = [plan(SEED, number) for number in range(1000)]
    assert plans == [plan(SEED, number) for number in range(1000)]
    assert {each.kind for each in plans} == set(KINDS)
    assert {each.way for each in plans} == set(WAYS)
    assert all(any(f"={fault}" in each.question for each in plans) for fault in FAULTS)


WHOLE = [
    (1, {"type": "start", "model": "m1"}),
    (2, {"type": "done", "model": "m1", "error": False}),
    (3, {"type": "complete"}),
    (None, "[DONE]"),
]


def test_a_story_told_to_its_end_is_one():
    check(WHOLE, replace(plan(SEED, 0), models=("m1",)), "type")


@pytest.mark.parametrize("lost", range(len(WHOLE)))
def test_a_message_that_is_missing_is_noticed(lost):
    told = WHOLE[:lost] + WHOLE[lost + 1 :]
    with pytest.raises(Broken):
        check(told, replace(plan(SEED, 0), models=("m1",)), "type")


@pytest.mark.parametrize("name", ALLOWED)
def test_what_grows_is_noticed(name):
    before = Standing(*range(len(ALLOWED)))
    grown = replace(before, **{name: getattr(before, name) + ALLOWED[name] + 1})
    assert [said.split(":")[0] for said in grown.more_than(before)] == [name]
    assert before.more_than(before) == []
