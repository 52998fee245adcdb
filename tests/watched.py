"""A run of some models beside the demo model, which must never notice how those fare."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from server.analysis.run import AnalysisRun
from server.providers.base import Question
from server.providers.demo import WORDS
from tests.live import until

DEMO = "demo@first=0.05,rate=200,tokens=20"
DEMO_TEXT = "".join(word + " " for word in WORDS[:20])
QUESTION = Question("What happens?")
SECRETS = ("canary", "/srv/app")  # what vendors in tests let slip


class Watched:
    """A run beside the demo model, and every event of it with the time it came."""

    def __init__(
        self,
        services,
        *slots,
        question=QUESTION,
        on_event=lambda run, event: None,
    ):
        self.slots = [*slots, services.models.slot(DEMO)]
        self.run, _ = services.runs.admit(lambda: AnalysisRun(question, self.slots, services))
        executor = ThreadPoolExecutor(len(self.slots), thread_name_prefix="analysis")
        self.run.attach()
        self.began = time.monotonic()
        self.events, self.at = [], []
        for frames in self.run.start(executor):
            for frame in frames:
                event = json.loads(frame.decode().partition("data: ")[2])
                self.events.append(event)
                self.at.append(time.monotonic() - self.began)
                on_event(self.run, event)
        self.run.detach()
        self.check()

    def check(self):
        """What holds for every run, whatever its models did."""
        assert self.text(DEMO) == DEMO_TEXT
        assert self.kinds(DEMO)[-1] == "model_end"
        for each in self.slots:
            kinds = self.kinds(each.name)
            assert kinds.count("model_start") == 1
            assert kinds.count("model_end") + kinds.count("error") == 1
            assert kinds[-1] in ("model_end", "error")
        assert self.events[-1]["event_type"] == "complete"
        assert not [secret for secret in SECRETS if secret in str(self.events)]
        until(lambda: not workers(), 8)

    def of(self, name):
        return [event for event in self.events if event.get("model") == name]

    def kinds(self, name):
        return [event["event_type"] for event in self.of(name)]

    def text(self, name):
        return "".join(event.get("text", "") for event in self.of(name))

    def error(self, name="gpt"):
        return next(event for event in self.of(name) if event["event_type"] == "error")

    def error_at(self, name):
        return self.at[self.events.index(self.error(name))]


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("analysis")]
