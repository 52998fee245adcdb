"""The smoke test's verdicts about form, over recordings; and how it reads, draws and is asked."""

import pytest

from server.cli import checks, drawing
from server.cli.arguments import slots_of
from server.cli.heard import understand
from server.cli.lines import Message, parse
from server.cli.recording import Recording


def test_a_slots_own_commas_stay_with_it():
    assert slots_of("a,demo@x=1,y=2,b,gemini@fps=4") == ["a", "demo@x=1,y=2", "b", "gemini@fps=4"]


def recording(*events, slots=("a",), **more):
    messages = [Message(n / 10, n, event) for n, event in enumerate(events, 1)]
    messages.append(Message(len(messages) / 10, None, "[DONE]"))
    return Recording(slots, tuple(messages), **more)


START_A = {"type": "start", "model": "a"}
WORD_A = {"type": "chunk", "model": "a", "content": "x"}
DONE_A = {"type": "done", "model": "a", "error": False}
COMPLETE = {"type": "complete"}


@pytest.mark.parametrize(
    "events, fault",
    [
        ([START_A, WORD_A, DONE_A, DONE_A, COMPLETE], "ends 2 times"),
        ([START_A, WORD_A, COMPLETE], "ends 0 times"),
        ([START_A, DONE_A, WORD_A, COMPLETE], "goes on after its end"),
        ([WORD_A, START_A, DONE_A, COMPLETE], "speaks before its start"),
        ([WORD_A, DONE_A, COMPLETE], "starts 0 times"),
        ([START_A, DONE_A], "`complete` comes 0 times"),
        ([START_A, COMPLETE, DONE_A], "after `complete`"),
        ([START_A, DONE_A, {**WORD_A, "model": "b"}, COMPLETE], "not asked: 'b'"),
        ([START_A, {**DONE_A, "error": True}, COMPLETE], "either well or with one error"),
        ([START_A, {**WORD_A, "content": 3}, DONE_A, COMPLETE], "`chunk` message whose fields"),
    ],
)
def test_every_breach_of_the_order_is_named(events, fault):
    verdict = checks.well_formed(recording(*events))
    assert verdict.passed is False and fault in verdict.figure


def test_a_stream_in_order_is_well_formed():
    assert checks.well_formed(recording(START_A, WORD_A, DONE_A, COMPLETE)).passed


def test_a_stream_that_breaks_off_or_is_of_another_type_is_not():
    events = START_A, WORD_A, DONE_A, COMPLETE
    assert not checks.well_formed(recording(*events, cut=True)).passed
    assert not checks.well_formed(recording(*events, content_type="text/html")).passed


def test_without_the_servers_own_copy_its_count_of_characters_tells_of_a_lost_piece():
    figures = {"type": "complete", "metadata": {"models": {"a": {"char_count": 2}}}}
    assert not checks.nothing_lost(recording(START_A, WORD_A, DONE_A, figures), None).passed
    assert checks.nothing_lost(recording(START_A, WORD_A, WORD_A, DONE_A, figures), None).passed
    assert checks.nothing_lost(recording(START_A, WORD_A, DONE_A, COMPLETE), None).passed is None


def test_the_networks_own_time_is_not_held_against_the_server():
    late = Recording(("a",), (Message(0.6, 1, START_A),))
    assert not checks.start_together(late).passed
    assert checks.start_together(Recording(("a",), late.messages, round_trip=0.2)).passed


@pytest.mark.parametrize(
    "block, fault",
    [
        ("id: 1\nevent: x\ndata: {}", "event: x"),
        ("data: {}", "without `id: N`"),
        ("id: 1\ndata: {}\ndata: {}", "several"),
        ("id: 1\ndata: [1]", "no JSON object"),
        ("id: 1", "id without data"),
        ("data:{}", "no `id: N` and no `data: `"),
    ],
)
def test_every_breach_of_the_framing_is_named(block, fault):
    assert fault in "; ".join(parse(0, block).faults)


def test_comments_and_retry_are_nobodys_business():
    assert parse(0, ":hb\nretry: 2000").faults == ()
    assert parse(0, ':hb\nid: 4\ndata: {"a": 1}') == Message(0, 4, {"a": 1})


def test_events_nobody_knows_mean_nothing():
    for event in ({}, {"type": "model_dance", "model": "a"}, {"event_type": 3}, {"type": None}):
        assert [heard.kind for heard in understand(event)] == [""]


def test_the_drawing_fits_its_width_and_can_do_without_blocks():
    events = [START_A, WORD_A, WORD_A, DONE_A, COMPLETE]
    lines = drawing.draw(recording(*events), 40, drawing.PLAIN)
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("a  ") and "#" in lines[0] and lines[0].endswith("|")
    assert drawing.marks_for("ascii") is drawing.PLAIN
    assert drawing.marks_for("utf-8") is drawing.FINE
