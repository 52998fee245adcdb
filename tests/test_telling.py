import itertools
import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from server.commentary.base import Clip, Cue, Line, Loss, Moment, Picture, Stretch, Window
from server.commentary.telling import Telling

STAGES = ["detect", "write", "speak", "place", "cut"]


def stretch(index, lost=False):
    start = index * 10.0
    line = Line(start + 1, start + 9, f"Line {index}.", "A")
    clip = Clip(line, Path("speech.wav"), 3.0)
    return Stretch(
        Window(index, start, start + 10),
        Picture(Path("film.mp4")),
        moments=(Moment(start, start + 1, "A cut."),),
        cues=() if lost else (Cue(index, start + 1, start + 4, 1.0, clip),),
        lost=(Loss(start, "speak", "quota", "Used up.", index),) if lost else (),
    )


def telling(total, history=()):
    return Telling(total, STAGES, lambda index: f"/chunk_{index}.mp4", history)


def schedule(total, seed, losses=()):
    """(stage, stretch) in an order that a pipeline could make."""
    random_ = random.Random(seed)
    steps = {index: iter(STAGES) for index in range(total)}
    while steps:
        index = random_.choice(list(steps))
        stage = next(steps[index], None)
        if stage is None:
            del steps[index]
        else:
            yield stage, stretch(index, index in losses)


def of(events, kind):
    return [event for event in events if event["type"] == kind]


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(), st.sets(st.integers(0, 11)))
def test_each_kind_is_told_in_order_of_time_without_holes(total, seed, losses):
    teller = telling(total)
    events = list(
        itertools.chain.from_iterable(
            teller.passed(*step) for step in schedule(total, seed, losses)
        )
    )
    assert [event["index"] for event in of(events, "chunk_ready")] == list(range(total))
    lines = [event for event in events if event["type"] in ("commentary_ready", "line_failed")]
    assert [event["index"] for event in lines] == list(range(total))
    assert [event["type"] == "line_failed" for event in lines] == [
        index in losses for index in range(total)
    ]
    progress = [event["progress"] for event in events if "progress" in event]
    assert progress == sorted(progress) and max(progress) < 100
    assert teller.in_order("cut") == total


def test_a_chunk_says_where_in_the_video_it_belongs():
    teller = telling(400)
    for index in range(366):
        events = teller.passed("cut", stretch(index))
    chunk = of(events, "chunk_ready")[0]
    assert (chunk["start_time"], chunk["end_time"]) == ("01:00:50", "01:01:00")
    assert (chunk["start_s"], chunk["end_s"]) == (3650.0, 3660.0)
    assert chunk["url"] == "/chunk_365.mp4"


@settings(max_examples=30)
@given(st.integers(1, 8), st.integers(), st.integers(0, 200))
def test_after_a_crash_nothing_is_told_twice_and_nothing_is_missing(total, seed, cut_at):
    teller = telling(total)
    before = [event for step in schedule(total, seed) for event in teller.passed(*step)][:cut_at]
    again = telling(total, before)
    after = [event for step in schedule(total, seed + 1) for event in again.passed(*step)]
    whole = before + after
    for kind in ("chunk_ready", "commentary_ready"):
        assert [event["index"] for event in of(whole, kind)] == list(range(total))
    assert len(of(whole, "events_detected")) == total
    progress = [event["progress"] for event in whole if "progress" in event]
    assert progress == sorted(progress)
