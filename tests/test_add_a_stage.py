"""Does what docs/add-a-stage.md says, word for word."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server import commentary
from server.commentary import STAGES, make_stages
from server.commentary.base import Clip, Line, Stage
from server.commentary.options import Options
from server.commentary.pipeline import Pipeline
from server.commentary.telling import Telling
from server.errors import ProviderError
from tests.commentating import Job, Scripted, script, stretch

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-stage.md").read_text("utf-8")
LATIN = ("Pila volvitur.", "Navis navigat.", "Canis currit.")


class Writes(Stage):
    """Stands in for the stages before: one line for each window."""

    name = "write"

    def work(self, stretch):
        start = stretch.window.start + 1
        return stretch.but(lines=(Line(start, start + 8, f"Line {stretch.window.index}."),))


class Speaks(Stage):
    """Every line takes two seconds."""

    name = "speak"

    def work(self, stretch):
        return stretch.but(clips=tuple(Clip(line, None, 2.0) for line in stretch.lines))


@pytest.fixture
def stages(tmp_path, monkeypatch):
    """STAGES as the page says: the new line between `write` and `speak`."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (line,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    name, where = re.fullmatch(r'"(\w+)": "(\S+)",', line.strip()).groups()
    (tmp_path / f"{name}.py").write_text(code)
    (tmp_path / "standing_in.py").write_text(f"from {__name__} import Speaks, Writes\n")
    monkeypatch.setattr(commentary, "__path__", [*commentary.__path__, str(tmp_path)])
    before = list(STAGES)
    assert before.index("speak") == before.index("write") + 1
    chosen = {"write": "standing_in:Writes", name: where, "speak": "standing_in:Speaks"}
    monkeypatch.setattr(commentary, "STAGES", {**chosen, "place": STAGES["place"]})


@pytest.fixture
def job(make_services, monkeypatch, tmp_path):
    def make(*answers):
        models = script(monkeypatch, tmp_path, *answers)
        return Job(None, make_services(models_file=models), Options(writer="scripted"))

    return make


def told(job, windows=3):
    """What a client is told of so many windows."""
    stages = make_stages(job)
    stages[1].workers = 1  # so that the script's answers go to their windows
    telling, events = Telling(windows, [stage.name for stage in stages], str), []

    def passed(stage, stretch):
        events.extend(telling.passed(stage.name, stretch))

    film = [stretch(index, index * 10.0, index * 10.0 + 10) for index in range(windows)]
    with ThreadPoolExecutor(Pipeline.threads(stages)) as executor:
        stretches = (stretch for stretch in film)
        list(Pipeline(stages, executor, job.token, passed).run(stretches))
    return [event for event in events if event["type"] != "status"]


def test_the_new_stage_works_in_its_place(stages, job):
    lines = told(job(*LATIN))
    assert [line["text"] for line in lines] == list(LATIN)
    assert [question.text.splitlines()[-1] for question in Scripted.asked] == [
        f"Line {index}." for index in range(3)
    ]


def test_where_it_fails_only_that_window_is_without_commentary(stages, job):
    refused = ProviderError("blocked", "The vendor refuses.")
    first, second, third = told(job(LATIN[0], refused, LATIN[2]))
    assert (first["text"], third["text"]) == (LATIN[0], LATIN[2])
    assert second["type"] == "line_failed"
    assert (second["stage"], second["code"], second["index"]) == ("translate", "blocked", 1)


def test_what_it_made_is_kept(stages, job):
    made = job(*LATIN)
    assert told(made) == told(made)
    assert made.results.made == ["translate"] * 3


def test_without_a_model_lines_stay_as_they_are(stages, job):
    made = job()
    made.options = Options(writer="rules")
    assert [line["text"] for line in told(made)] == ["Line 0.", "Line 1.", "Line 2."]
