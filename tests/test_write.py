"""The stage that writes lines."""

import json

import pytest

from server.commentary import prompts
from server.commentary.base import Line, Moment, StageError
from server.commentary.options import Options
from server.commentary.rooms import Room
from server.commentary.write import Write, shorten
from server.errors import ProviderError
from tests.commentating import Job, Scripted, script, stretch

ROOMS = (Room(1.0, 7.0), Room(7.25, 12.0))
SCENE = Moment(0.0, 2.0, "Dark", 0.5, ("light.dark",))
SEEN = (Moment(2.0, 3.0, "A red car arrives", 0.6), Moment(12.0, 13.0, "It stops", 0.9))


class Film:
    digest = "film"
    duration = 60.0


def job_with(make_services, monkeypatch, tmp_path, *said, **options):
    services = make_services(models_file=script(monkeypatch, tmp_path, *said))
    return Job(Film(), services, Options(writer="scripted", **options))


# -- what a model wrote

TWO = ["Here comes the car.", "It stops."]


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(TWO),
        f"```json\n{json.dumps(TWO)}\n```\nEnjoy!",
        json.dumps([{"line": 2, "text": TWO[1]}, {"line": 1, "text": TWO[0]}]),
        json.dumps([{"line": 0, "text": TWO[0]}, {"line": 1, "text": TWO[1]}]),
        json.dumps({"lines": [{"speaker": "A", "text": TWO[0]}, {"text": TWO[1]}]}),
        "1. Here comes the car.\n2) It stops.",
        json.dumps([f"<speak>{TWO[0]}</speak>", f'"{TWO[1]}"']),
    ],
)
def test_the_same_two_lines_in_many_ways(answer):
    assert prompts.read(answer, ROOMS) == TWO


def test_what_is_too_long_is_trimmed_where_a_sentence_ends():
    texts = prompts.read(json.dumps(["One two three. " * 20, "x " * 50_000]), ROOMS)
    assert texts[0] == " ".join(["One two three."] * 6), "15 words fit, a little more may"
    assert len(texts[1]) <= 400


def test_a_line_may_be_left_out_and_so_may_all():
    assert prompts.read(json.dumps(["", "It stops."]), ROOMS) == ["", "It stops."]
    assert prompts.read("[]", ROOMS) == ["", ""]


@pytest.mark.parametrize(
    "answer",
    ["", "I'm sorry, I can't do that.", '["<b>", ""]', "[" * 100_000, '[{"line": 9}]', "{}"],
)
def test_an_answer_without_a_line_is_the_models_failure(answer):
    with pytest.raises(StageError):
        prompts.read(answer, ROOMS)


# -- the stage


def test_without_a_model_rules_write_once(make_services):
    job = Job(Film(), make_services())
    written = Write(job).work(stretch(moments=(SCENE,)))
    (line,) = written.lines
    assert (line.start, line.until) == (1.0, 30.7)
    assert Write(job).work(stretch(moments=(SCENE,))) == written
    assert job.results.made == ["write"]


def test_a_model_writes_for_the_rooms_there_are(make_services, monkeypatch, tmp_path):
    job = job_with(make_services, monkeypatch, tmp_path, json.dumps(TWO), language="pt-BR")
    written = Write(job).work(stretch(moments=SEEN))
    assert [(line.start, line.text) for line in written.lines] == [(2.0, TWO[0]), (12.0, TWO[1])]
    (asked,) = Scripted.asked
    assert asked.video is None
    assert '"pt-BR"' in asked.text and "A red car arrives" in asked.text
    assert "at 2.0 s, at most 24 words" in asked.text
    assert "Do not invent names" in asked.text and "known gives" not in asked.text


def test_two_commentators_take_turns_also_across_windows(make_services, monkeypatch, tmp_path):
    answer = json.dumps(TWO)
    job = job_with(make_services, monkeypatch, tmp_path, answer, answer, voice="Ana,Bo")
    first = Write(job).work(stretch(moments=SEEN)).lines
    later = Write(job).work(stretch(index=1, moments=SEEN)).lines
    assert [line.speaker for line in (*first, *later)] == ["Ana", "Bo", "Bo", "Ana"]
    assert "said by Ana" in Scripted.asked[0].text


def test_names_are_given_to_the_model_only_with_the_context(make_services, monkeypatch, tmp_path):
    job = job_with(make_services, monkeypatch, tmp_path, json.dumps(TWO), context="{Ana} plays Bo")
    Write(job).work(stretch(moments=SEEN))
    assert "{Ana} plays Bo" in Scripted.asked[0].text
    assert "only where what is known gives them" in Scripted.asked[0].text


def test_a_window_without_room_asks_nobody(make_services, monkeypatch, tmp_path):
    job = job_with(make_services, monkeypatch, tmp_path)
    assert Write(job).work(stretch(end=3.0)).lines == ()
    assert Scripted.asked == []


@pytest.mark.parametrize("said", ["No.", ProviderError("quota", "Used up.")])
def test_a_writer_that_fails_costs_its_window(make_services, monkeypatch, tmp_path, said):
    job = job_with(make_services, monkeypatch, tmp_path, said, json.dumps(TWO))
    with pytest.raises(StageError):
        Write(job).work(stretch(moments=SEEN))
    assert len(Write(job).work(stretch(moments=SEEN)).lines) == 2, "and is not remembered"


# -- once more, shorter

LONG = Line(1.0, 4.0, "A red car arrives, slowly at first. Then it crashes.", "Ana")


def test_rules_drop_clauses(make_services):
    job = Job(Film(), make_services())
    assert shorten(job, LONG, 7).text == "A red car arrives, slowly at first."
    assert shorten(job, LONG, 5) == Line(1.0, 4.0, "A red car arrives.", "Ana")
    assert shorten(job, LONG, 3) is None


def test_a_model_is_asked_once_for_a_shorter_line(make_services, monkeypatch, tmp_path):
    job = job_with(make_services, monkeypatch, tmp_path, '["A red car crashes."]')
    assert shorten(job, LONG, 5).text == "A red car crashes."
    assert shorten(job, LONG, 5).text == "A red car crashes."
    assert len(Scripted.asked) == 1 and "at most 5 words" in Scripted.asked[0].text


@pytest.mark.parametrize(
    "said", ["No.", ProviderError("upstream", ""), '["it goes on and on and on"]']
)
def test_when_the_model_does_not_help_clauses_are_dropped(
    make_services, monkeypatch, tmp_path, said
):
    monkeypatch.setattr("server.asking.attempts.RETRIES", 0)
    job = job_with(make_services, monkeypatch, tmp_path, said)
    assert shorten(job, LONG, 5).text == "A red car arrives."
