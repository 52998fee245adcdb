"""The smoke test passes on the product and fails, for the right reason, on servers that
only look like it."""

import json
import re

import pytest

from server import sample
from server.__main__ import main
from server.cli import checks, table
from server.cli.remote import Server as Remote
from server.cli.smoke import Witness
from tests import sabotage
from tests.live import free_port, serving
from tests.measured import measured
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
TIMED = {START, INTERLEAVE, LIVE, TOTAL}
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


def smoke(capsys, url, *more, wrong=frozenset()):
    """(exit status, what it says as JSON). `wrong` is what is to fail: a machine that was busy
    with something else is measured again."""
    for _ in range(3):
        status = main(["smoke", "--url", url, "--models", QUICK, "--json", *more])
        told = json.loads(capsys.readouterr().out)
        if not TIMED & (failed(told) ^ wrong):
            break
    return status, told


def failed(told):
    return {check["name"] for check in told["checks"] if check["passed"] is False}


def figure(told, name):
    return next(check["figure"] for check in told["checks"] if check["name"] == name)


@SYSTEMS
@measured
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
        status, told = smoke(capsys, url, "--system", system, wrong=reasons)
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
        status, told = smoke(capsys, url, "--baseline", wrong={INTERLEAVE, TOTAL})
    assert (status, failed(told)) == (1, {INTERLEAVE, TOTAL})
    assert "measured" in figure(told, TOTAL)


@measured
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


@measured
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


@measured
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
