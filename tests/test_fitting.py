"""Where lines are heard, once their real length is known."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.commentary.base import Clip, Line, Loss
from server.commentary.fitting import EARLY_S, LATE_S, MOST_TEMPO, fit
from server.commentary.place import Place
from tests.commentating import stretch

TEXT = "one two three four five six seven eight nine ten"


def clip(start, until, seconds, text=TEXT):
    return Clip(Line(start, until, text), Path("clip.wav"), seconds)


def placed(*clips, earliest=0.0):
    return [
        (found.start and round(found.start, 3), round(found.tempo, 3))
        for found in fit(clips, earliest)
    ]


def test_what_fits_begins_where_it_should():
    assert placed(clip(1, 6, 4), clip(8, 12, 4)) == [(1, 1), (8, 1)]


def test_a_long_line_makes_the_next_wait_if_that_has_time():
    assert placed(clip(1, 6.75, 7), clip(7, 13, 3)) == [(1, 1), (8.1, 1)]


def test_a_next_line_without_time_to_spare_is_not_made_to_wait():
    assert placed(clip(3, 8.75, 6.2), clip(9, 13, 4)) == [(2.7, 1), (9, 1)]


def test_a_line_that_cannot_begin_early_either_is_spoken_faster():
    ((start, tempo),) = placed(clip(1, 6, 5.5), earliest=1.0)
    assert start == 1 and tempo == pytest.approx(1.1)


def test_nothing_is_spoken_faster_than_that():
    assert placed(clip(1, 6, 5.75), earliest=1.0) == [(1, 1.15)]
    (found,) = fit([clip(1, 6, 5.8)], 1.0)
    assert found.start is None
    assert found.words == 8, "ten words in 5.8 s are eight in 5"


def test_what_does_not_fit_leaves_its_time_to_the_next():
    assert placed(clip(1, 3, 9), clip(4, 9, 4), earliest=1.0) == [(None, 1), (4, 1)]


CLIPS = st.lists(
    st.tuples(st.floats(0, 2), st.floats(0.3, 8), st.floats(0.05, 12)), min_size=1, max_size=8
)


def lines_of(drawn, begin=1.0):
    """Rooms as they come: one after the other, each with a clip of any length."""
    clips, at = [], begin
    for pause, room, seconds in drawn:
        start = at + pause
        clips.append(clip(start, start + room, seconds))
        at = start + room + 0.25
    return clips


@given(CLIPS, st.floats(0, 5))
def test_no_two_overlap_and_none_is_hurried_or_out_of_its_time(drawn, earliest):
    clips = lines_of(drawn)
    fits = fit(clips, earliest)
    assert [found.clip for found in fits] == clips
    heard = [found for found in fits if found.start is not None]
    nexts = [*(each.line.start + LATE_S for each in clips[1:]), 0.0]
    for found, latest in zip(fits, nexts, strict=True):
        if found.start is None:
            continue
        line = found.clip.line
        assert 1 <= found.tempo <= MOST_TEMPO
        assert found.start >= line.start - EARLY_S - 1e-9
        assert found.end <= max(line.until, latest) + 1e-6
    for one, other in zip(heard, heard[1:], strict=False):
        assert other.start >= one.end + 0.1 - 1e-6
    if heard:
        assert heard[0].start >= earliest - 1e-9
        assert heard[-1].end <= clips[-1].line.until + 1e-6
    for found in fits:
        assert found.start is not None or found.words <= 10


@given(CLIPS)
def test_what_is_within_its_room_is_always_heard_in_time(drawn):
    clips = lines_of([(pause, room, min(room, seconds)) for pause, room, seconds in drawn])
    for found in fit(clips, 0.0):
        assert (found.start, found.tempo) == (found.clip.line.start, 1.0)


# -- over the whole video


def test_lines_heard_and_lost_are_numbered_in_one_count():
    place = Place(job=None)
    first = place.work(stretch(0, 0, 20, clips=(clip(1, 6, 4), clip(7, 8, 9), clip(9, 14, 4))))
    second = place.work(stretch(1, 20, 40, lost=(Loss(20.0, "detect", "quota", "Used up."),)))
    third = place.work(stretch(2, 40, 60, clips=(clip(41, 50, 4),)))
    assert [cue.index for cue in first.cues] == [0, 2]
    assert [(loss.index, loss.code) for loss in first.lost] == [(1, "too_long")]
    assert [loss.index for loss in second.lost] == [3]
    assert [cue.index for cue in third.cues] == [4]


def test_what_is_still_spoken_is_told_to_the_next_window():
    place = Place(job=None)
    first = place.work(stretch(0, 0, 10, clips=(clip(1, 5, 4), clip(6, 10.7, 4.6))))
    second = place.work(stretch(1, 10, 20))
    assert second.before == first.cues[1:]
    assert place.work(stretch(2, 20, 30)).before == ()


def test_a_line_goes_on_over_windows_shorter_than_itself():
    place = Place(job=None)
    first = place.work(stretch(0, 0, 10, clips=(clip(6, 10.7, 4.6),)))
    assert place.work(stretch(1, 10, 10.3)).before == first.cues
    assert place.work(stretch(2, 10.3, 10.5)).before == first.cues


@given(st.lists(st.tuples(st.floats(0.2, 30), CLIPS), min_size=1, max_size=5))
def test_no_two_lines_of_the_video_overlap(windows):
    place, at, cues, indices = Place(job=None), 0.0, [], []
    for number, (seconds, drawn) in enumerate(windows):
        end = at + seconds
        clips = [each for each in lines_of(drawn, at + 1) if each.line.start < end]
        done = place.work(stretch(number, at, end, clips=tuple(clips)))
        assert len(done.cues) + len(done.lost) == len(clips)
        for cue in done.cues:
            assert cue.start >= at + 1 - 1e-9
            assert cue.end == pytest.approx(cue.start + cue.clip.seconds / cue.tempo)
        cues += done.cues
        both = sorted([*done.cues, *done.lost], key=lambda each: each.start)
        indices += [each.index for each in both]
        at = end
    assert indices == list(range(len(indices)))
    for one, other in zip(cues, cues[1:], strict=False):
        assert other.start >= one.end + 0.1 - 1e-6
