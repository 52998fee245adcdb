"""The smoke test's verdicts about time, over recordings of models that nobody simulates."""

import pytest

from server.cli import timing
from server.cli.lines import Message
from server.cli.pace import written
from server.cli.recording import Recording


def evenly(first, last, pieces=20):
    return [first + (last - first) * n / (pieces - 1) for n in range(pieces)]


def recording(start=0.01, fails=(), **models):
    """Of models that spoke at these times, with the (first, duration) the server counts."""
    events = []
    for slot, (times, end, figures) in models.items():
        told = {"model": slot, "event_type": "performance_metrics", "metrics": {}}
        if figures:
            told["metrics"] = dict(zip(("time_to_first_text", "duration"), figures))
        kind = "error" if slot in fails else "model_end"
        events += [
            (start, {"model": slot, "event_type": "model_start"}),
            *((at, {"model": slot, "event_type": "text_generation", "text": "x"}) for at in times),
            (end, told),
            (end, {"model": slot, "event_type": kind}),
        ]
    events.sort(key=lambda event: event[0])
    messages = [Message(at, number, event) for number, (at, event) in enumerate(events, 1)]
    return Recording(tuple(models), tuple(messages))


def verdicts(heard, alone=None):
    return {
        "interleave": timing.interleave(heard).passed,
        "live": timing.arrive_live(heard).passed,
        "slowest": timing.near_slowest(heard, alone).passed,
    }


ALL_WELL = {"interleave": True, "live": True, "slowest": True}

GOOD = {
    "one of many words and one that takes its time": recording(
        a=(evenly(0.3, 1.5, 500), 1.5, (0.3, 1.5)), b=(evenly(1.0, 30.0), 30.1, (1.0, 30.1))
    ),
    "one that speaks in bursts, another in between": recording(
        a=([1.0] * 9 + [10.0] * 9, 10.0, (1.0, 10.0)), b=(evenly(3.0, 8.0), 8.0, (3.0, 8.0))
    ),
    "one that has the last word long before its end": recording(
        a=(evenly(1.0, 3.0), 11.0, (1.0, 11.0)), b=(evenly(0.5, 4.0), 4.0, (0.5, 4.0))
    ),
    "a long way to us": recording(
        a=(evenly(1.7, 5.7), 5.7, (1.0, 5.0)), b=(evenly(1.2, 4.7), 4.7, (0.5, 4.0))
    ),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_server_passes_however_different_its_models_are(kind):
    assert verdicts(GOOD[kind]) == ALL_WELL


FAST_THEN_SLOW = recording(
    a=(evenly(0.2, 0.6), 0.6, (0.2, 0.6)), b=(evenly(8.0, 8.4), 8.4, (8.0, 8.4))
)


def test_models_that_have_no_time_to_speak_together_tell_nothing_and_fail_nothing():
    assert verdicts(FAST_THEN_SLOW) == {"interleave": None, "live": None, "slowest": None}
    assert verdicts(FAST_THEN_SLOW, alone={"a": 0.6, "b": 8.2})["slowest"] is True


def test_a_model_that_comes_to_its_end_long_after_its_last_word_is_not_missed_meanwhile():
    heard = recording(a=([0.2], 9.0, (0.2, 9.0)), b=(evenly(2.0, 8.0), 8.0, (2.0, 8.0)))
    assert verdicts(heard) == {"interleave": None, "live": True, "slowest": None}


def test_a_model_whose_start_was_not_told_breaks_nothing():
    heard = FAST_THEN_SLOW
    unstarted = [m for m in heard.messages if m.event["event_type"] != "model_start"]
    assert verdicts(Recording(heard.slots, tuple(unstarted)))["slowest"] is False


def test_where_the_server_counts_nothing_only_what_is_heard_can_pass():
    spoken = {"a": (evenly(0.3, 2.0), 2.0, None), "b": (evenly(0.5, 4.0), 4.0, None)}
    assert verdicts(recording(**spoken)) == {**ALL_WELL, "slowest": None}
    at_its_end = {"a": ([2.0] * 9, 2.0, None), "b": ([4.0] * 9, 4.0, None)}
    assert set(verdicts(recording(**at_its_end)).values()) == {None}


def one_after_another(figures_of_a, figures_of_b):
    return recording(
        a=(evenly(1.0, 4.0), 4.0, figures_of_a), b=(evenly(5.0, 9.0), 9.0, figures_of_b)
    )


def test_a_server_that_asks_one_after_another_is_found_by_its_own_figures():
    heard = one_after_another((1.0, 4.0), (1.0, 5.0))
    assert verdicts(heard) == {"interleave": False, "live": True, "slowest": False}


def test_or_does_not_pass_where_it_counts_the_time_in_the_queue():
    heard = one_after_another((1.0, 4.0), (5.0, 9.0))
    assert verdicts(heard) == {"interleave": None, "live": True, "slowest": None}
    assert verdicts(heard, alone={"a": 4.0, "b": 5.0})["slowest"] is False


def test_a_server_that_keeps_an_answer_until_it_is_whole_is_found_by_its_own_figures():
    heard = recording(a=(evenly(1.0, 6.0), 6.0, (1.0, 6.0)), b=([7.0] * 20, 7.0, (1.0, 7.0)))
    verdict = timing.arrive_live(heard)
    assert verdict.passed is False and "b was held back for 5.99 s" in verdict.figure


def test_also_where_it_keeps_the_starts_as_well():
    heard = recording(start=7.0, a=([7.0] * 20, 7.0, (1.0, 7.0)))
    assert timing.arrive_live(heard).passed is None  # 7 s in no time: not to be believed
    named = "demo@first=1,rate=10,tokens=60"
    heard = recording(start=7.0, **{named: ([7.0] * 60, 7.0, None)})
    assert timing.arrive_live(heard).passed is False


@pytest.mark.parametrize(
    "figures", [("1", 3.0), (1.0, True), (1.0, float("nan")), (-1.0, 3.0), (3.0, 1.0), (0.1, 99.0)]
)
def test_figures_that_cannot_be_are_as_good_as_none(figures):
    heard = recording(a=(evenly(1.0, 3.0), 3.0, figures), b=(evenly(1.0, 2.0), 2.0, figures))
    assert verdicts(heard) == {**ALL_WELL, "slowest": None}


def test_a_model_that_failed_is_no_measure_of_time():
    spoken = {"a": (evenly(0.3, 2.0), 2.0, (0.3, 2.0)), "b": (evenly(0.5, 9.0), 9.0, (0.5, 9.0))}
    assert timing.near_slowest(recording(fails="b", **spoken)).passed is None


def test_vendors_that_were_faster_when_asked_alone_are_not_held_against_the_server():
    heard = GOOD["one of many words and one that takes its time"]
    assert timing.near_slowest(heard, {"a": 1.0, "b": 20.0}).passed is True


@pytest.mark.parametrize(
    "slot, seconds",
    [
        ("demo@first=1,rate=10,tokens=20", 3.0),
        ("demo@tokens=20,rate=10,first=1,start=4", 3.0),
        ("demo@first=1,rate=10", None),
        ("demo@first=1,rate=0,tokens=20", None),
        ("demo-slow", None),
        ("gemini@first=1,rate=10,tokens=20", None),
    ],
)
def test_only_a_simulation_whose_name_says_it_all_has_a_pace_of_its_own(slot, seconds):
    own = written(slot)
    assert (own and own.total) == seconds
