"""Which stills of a video are shown, worked out before any is made."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.providers import frames
from server.providers.base import Video


@pytest.fixture
def video():
    return Video(Path("a.mp4"), "a.mp4", 1, 4.0, 640, 360, 20.0, "h264", False, lambda: "digest")


def test_stills_are_the_middles_of_equal_parts(video):
    assert frames.plan(video, (0.0, 4.0), 4).times == (0.5, 1.5, 2.5, 3.5)
    assert frames.plan(video, (2.0, 3.0), 2).times == (2.25, 2.75)


def test_no_still_lies_beyond_the_end_or_is_asked_for_twice(video):
    plan = frames.plan(video, (3.9, 9.0), 24)
    assert len(plan.times) == 2 and all(3.9 < time < 4.0 for time in plan.times)
    one_frame = replace(video, duration=0.04, fps=25.0)
    assert frames.plan(one_frame, (0.0, 0.04), 24).times == (0.02,)


def test_stills_become_smaller_when_they_would_be_too_much_and_never_larger(video):
    assert frames.plan(video, (0, 4), 8, 2048).long_side == 640
    crowd = frames.plan(replace(video, width=3840, height=2160), (0, 4), 80, 2048)
    assert crowd.long_side < 2048
    assert crowd.width * crowd.height * 80 * frames.BYTES_PER_PIXEL <= frames.BUDGET_BYTES * 1.02
    portrait = frames.plan(replace(video, width=1080, height=1920), (0, 4), 8, 512)
    assert (portrait.width, portrait.height) == (288, 512)


def test_times_are_written_as_people_write_them(video):
    assert frames.clock(42.9) == "0:42"
    assert frames.clock(3909) == "1:05:09"
    plan = frames.plan(video, (0.0, 4.0), 8)
    assert [plan.label(time) for time in plan.times[:3]] == ["0:00.2", "0:00.8", "0:01.2"]
