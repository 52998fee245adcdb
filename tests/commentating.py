"""A job as the commentary's stages see it, small and honest: results are kept in memory,
and models are scripts."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.cancel import CancelToken
from server.commentary.base import Picture, Stretch, Window
from server.commentary.options import Options
from server.providers import PROVIDERS
from server.providers.base import Provider


class Kept:
    """What `job.results` promises, and how often something was really made."""

    def __init__(self):
        self.results, self.made = {}, []

    def once(self, stage, inputs, make):
        key = json.dumps([stage, inputs], sort_keys=True)
        if key not in self.results:
            self.made.append(stage)
            self.results[key] = json.dumps(make())
        return json.loads(self.results[key])


@dataclass
class Job:
    video: Any
    services: Any
    options: Options = field(default_factory=Options)
    token: CancelToken = field(default_factory=CancelToken)
    results: Kept = field(default_factory=Kept)


def stretch(index=0, start=0.0, end=30.0, **more):
    return Stretch(Window(index, float(start), float(end)), Picture(Path("film.mp4")), **more)


class Scripted(Provider):
    """Gives the next answer of its script, whatever it is asked, and remembers that."""

    answers: list = []
    asked: list = []

    def answer(self, question, call):
        self.asked.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield answer


MODELS = """
[scripted]
provider = "scripted"
upstream = "x"
takes = ["video", "text"]
"""


def script(monkeypatch, tmp_path, *answers):
    """The name of a list of models with one model in it, `scripted`, that says these."""
    monkeypatch.setitem(PROVIDERS, "scripted", f"{__name__}:Scripted")
    monkeypatch.setattr("server.models.provider_class", lambda name: Scripted)
    monkeypatch.setattr(Scripted, "answers", list(answers))
    monkeypatch.setattr(Scripted, "asked", [])
    path = tmp_path / "models.toml"
    path.write_text(MODELS)
    return path
