"""The smoke test passes on the product and fails, for the right reason, on servers that
only look like it."""

import json
import re

import pytest

from server import sample
from server.__main__ import main
from server.cli import checks, drawing, table
from server.cli.arguments import slots_of
from server.cli.heard import understand
from server.cli.lines import Message, parse
from server.cli.recording import Recording
from server.cli.remote import Server as Remote
from server.cli.smoke import Witness
from tests import sabotage
from tests.live import free_port, serving
from tests.sabotage import playing

# Of 0.6, 0.8 and 1.0 s: three that take long enough to tell what happens.
QUICK = ",".join(f"demo@first=0.1,rate=50,tokens={n}" for n in (25, 35, 45))

ANSWER = "every model answers"
START = "all start within 500 ms"
INTERLEAVE = "pieces of different models interleave"
LIVE = "pieces arrive as they are made"
TOTAL = "the total is near the slowest"
FORM = "the stream is well-formed"
LAST = "the last piece is there"
ISOLATION = checks.ISOLATION

SYSTEMS = pytest.mark.parametrize("system", ["analysis", "compare"])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no `.env` is


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("smoke") / "data"
    (data / "videos").mkdir(parents=True)
    sample.make(data / "videos" / "sample.mp4")
    with serving(data) as server:
        yield server


def url_of(server):
    return f"http://127.0.0.1:{server.port}"


def smoke(capsys, url, *more):
    """(exit status, what it says as JSON)"""
    status = main(["smoke", "--url", url, "--models", QUICK, "--json", *more])
    return status, json.loads(capsys.readouterr().out)


def failed(told):
    return {check["name"] for check in told["checks"] if check["passed"] is False}


def figure(told, name):
    return next(check["figure"] for check in told["checks"] if check["name"] == name)


@SYSTEMS
def test_the_product_passes(server, capsys, system):
    status, told = smoke(capsys, url_of(server), "--system", system)
    assert (status, failed(told), told["passed"]) == (0, set(), True), told
    assert [check["passed"] for check in told["checks"]] == [True] * 8
    assert [model["pieces"] for model in told["models"].values()] == [25, 35, 45]


@SYSTEMS
def test_an_honest_server_of_the_same_vocabulary_passes(capsys, system):
    with playing(sabotage.Honest()) as url:
        status, told = smoke(capsys, url, "--system", system)
    assert (status, failed(told)) == (0, set()), told


def check_wrong(capsys, system, wrong, reasons, words):
    with playing(wrong()) as url:
        status, told = smoke(capsys, url, "--system", system)
    assert status == 1 and not told["passed"]
    assert failed(told) == reasons, told
    assert any(words in figure(told, name) for name in reasons), told


@SYSTEMS
@pytest.mark.parametrize(
    "wrong, reasons, words",
    [
        (sabotage.OneAfterAnother, {START, INTERLEAVE, TOTAL}, "changed 2 times"),
        (sabotage.StartedTogetherOneAfterAnother, {INTERLEAVE, TOTAL}, "did not speak together"),
        (sabotage.CollectsBeforeSending, {START, LIVE}, "was held back for"),
        (sabotage.LosesTheLastPiece, {LAST}, "characters came, the server counts"),
        (sabotage.ErrorsAsText, {ISOLATION}, "as text: 'Error: upstream"),
        (sabotage.BreaksBesideAFailure, {ISOLATION}, "there was no run: HTTP 500"),
    ],
)
def test_a_server_that_is_wrong_fails_for_the_right_reason(capsys, system, wrong, reasons, words):
    check_wrong(capsys, system, wrong, reasons, words)


@pytest.mark.parametrize(
    "wrong, reasons, words",
    [
        (sabotage.CollectsEachAnswer, {LIVE}, "was held back for"),
        (sabotage.CollectsEachModel, {LIVE, INTERLEAVE}, "did not speak together"),
        (sabotage.FailureStopsAll, {ISOLATION}, "did not end as without it"),
        (sabotage.PrettyPrints, {FORM}, "several `data: ` lines"),
        (sabotage.SpillsItsLog, {FORM}, "no `id: N` and no `data: `: 'Traceback"),
        (sabotage.SendsPython, {FORM}, "no JSON object"),
        (sabotage.ForgetsToCount, {FORM}, "do not count 1, 2, 3"),
        (sabotage.StartsLate, {START}, "ms after the request"),
    ],
)
def test_so_does_one_that_is_wrong_in_a_subtler_way(capsys, wrong, reasons, words):
    check_wrong(capsys, "analysis", wrong, reasons, words)


def test_a_server_without_a_model_that_can_fail_is_not_failed_for_it(capsys):
    with playing(sabotage.KnowsNoFailingModel()) as url:
        status, told = smoke(capsys, url)
    assert (status, failed(told)) == (0, set()), told
    assert "no failing model to be had" in figure(told, ISOLATION)


def test_with_a_baseline_each_model_is_measured(capsys):
    with playing(sabotage.StartedTogetherOneAfterAnother()) as url:
        status, told = smoke(capsys, url, "--baseline")
    assert (status, failed(told)) == (1, {INTERLEAVE, TOTAL})
    assert "measured" in figure(told, TOTAL)


def test_what_a_person_reads_shows_who_speaks_when_and_a_line_for_each_check(server, capsys):
    status = main(["smoke", "--url", url_of(server), "--models", QUICK, "--baseline"])
    out = capsys.readouterr().out
    assert status == 0
    assert len(re.findall("^demo@.*█████", out, re.MULTILINE)) == 3
    assert len(re.findall("^PASS  ", out, re.MULTILINE)) == 8
    speed_up = float(re.search(r"([\d.]+)x faster", out)[1])
    assert 1.5 < speed_up < 3
    assert "\x1b" not in out


def test_where_nothing_answers_it_says_how_to_start_one(capsys):
    assert main(["smoke", "--url", f"http://127.0.0.1:{free_port()}"]) == 1
    assert "make run" in capsys.readouterr().err


def test_a_server_that_demands_a_token_gets_it(tmp_path, capsys, monkeypatch):
    with serving(tmp_path / "data", AUTH_TOKEN="open sesame") as server:
        ask = ["--url", url_of(server), "--system", "compare"]
        assert main(["smoke", *ask, "--models", QUICK]) == 1
        assert "401" in capsys.readouterr().err
        assert main(["smoke", *ask, "--models", QUICK, "--token", "open sesame"]) == 0
        monkeypatch.setenv("AUTH_TOKEN", "open sesame")
        assert main(["ask", "hi", "-m", "demo@tokens=1", *ask[:2]]) == 0


def test_without_a_video_it_says_what_to_do(tmp_path, capsys):
    with serving(tmp_path / "data") as server:
        assert main(["smoke", "--url", url_of(server)]) == 2
    assert "python -m server sample" in capsys.readouterr().err


def test_the_table_measures_and_running_at_once_costs_the_slowest_and_little_more(server, capsys):
    witness = Witness(Remote(url_of(server)), "compare", None)
    assert table.measure(witness, table.COUNTS, 0.3, 0.8) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[2:]]
    assert [int(row[0]) for row in rows] == [3, 6, 9]
    for row in rows:
        apart, together, slowest = (float(cell.strip(" s")) for cell in row[1:4])
        assert together <= slowest + 0.3 + 0.01  # the figures are rounded
        assert apart > 1.5 * together


@SYSTEMS
def test_a_client_that_only_reads_data_lines_works(server, system):
    """As clients in the field do it: lines that begin with `data: `, and json.loads."""
    path = {"analysis": "/api/analyze/stream/parallel", "compare": "/api/compare-stream"}[system]
    asked = {"query": "What?", "input_data": "What?", "video_path": "sample.mp4"}
    slots = ["demo@tokens=4", "demo@tokens=3,fail_after=1,fail=quota"]
    body = json.dumps({**asked, "models": slots, "execution_mode": "parallel"})
    _, _, raw = server.request("POST", path, body, {"Content-Type": "application/json"})
    said, done = dict.fromkeys(slots, ""), False
    for line in raw.decode().split("\n"):
        if line.startswith("data: "):
            if line[6:] == "[DONE]":
                done = True
                break
            event = json.loads(line[6:])
            if event.get("event_type") == "text_generation":
                said[event["model_name"]] += event["text"]
            elif event.get("type") == "chunk":
                said[event["model"]] += event["content"]
    assert done
    assert list(said.values()) == ["This is a demo ", "This "]


def test_a_slots_own_commas_stay_with_it():
    assert slots_of("a,demo@x=1,y=2,b,gemini@fps=4") == ["a", "demo@x=1,y=2", "b", "gemini@fps=4"]


# -- the pure part


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
