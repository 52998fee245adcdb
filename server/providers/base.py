"""What a provider is: it answers a Question with pieces of text, as they come.

To add one, write a file with a subclass here and one line in `providers/__init__.py`;
`docs/add-a-model.md` walks through it.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator


@dataclass(frozen=True)
class Video:
    """A file of the library and what a probe of it said."""

    path: Path
    name: str
    size: int
    duration: float
    width: int
    height: int
    fps: float
    codec: str
    has_audio: bool
    # The others do not tell one film from another.
    hashed: Callable[[], str] = field(compare=False)
    # Whether it would answer at once.
    at_once: Callable[[], bool] = field(default=lambda: True, compare=False)
    # As far as can be told at once, nobody asked about these bytes before, in this process.
    new: bool = field(default=False, compare=False)

    @property
    def digest(self):
        """The SHA-256 of its bytes, worked out when first asked for: that reads it whole."""
        return self.hashed()


@dataclass(frozen=True)
class Question:
    """What is asked, about which stretch of which video; or a bare prompt."""

    text: str
    video: Video | None = None
    start: float | None = None
    end: float | None = None
    index_id: str | None = None
    video_id: str | None = None
    history: tuple[dict, ...] = ()
    cut: bool = False  # send the stretch alone, small, though the whole could be sent

    @property
    def window(self):
        """The stretch asked about, in seconds of the video."""
        if self.video is None:
            return None
        return (self.start or 0.0, self.video.duration if self.end is None else self.end)


@dataclass(frozen=True)
class Usage:
    """What the vendor says it counted. What it does not say stays None."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Finish:
    """Why the answer ended. Without one the engine says `stop`."""

    reason: str


class Call:
    """One question to one model, through all its attempts, as the provider sees it.

    `token` hangs up when the run is cancelled: check it in long work, hand it sockets
    and child processes. `phase("uploading")` tells the reader what the silence is; the first
    past "preparing" may have to wait for its turn, so it is told before a request is begun.
    `hears("uploading")` tells of work that another does.
    `once("stills", make)` is made by the first attempt and kept for those after it.
    """

    def __init__(self, token, on_phase=lambda phase: None, on_hears=None):
        self.token = token
        self._on_phase, self._on_hears = on_phase, on_hears or on_phase
        self._made = {}

    def phase(self, name):
        self.token.check()
        self._on_phase(name)

    def hears(self, name):
        self.token.check()
        self._on_hears(name)

    def once(self, name, make):
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


class Provider:
    env_vars: tuple[str, ...] = ()  # any one of these must be set; () needs none
    options: dict[str, Any] = {}  # option name -> how to read it from text
    remote = True  # behind a network: retried, and rested when it keeps failing
    cacheable = True  # the same question deserves the same answer

    def __init__(self, model, options):
        self.model = model
        self.chosen = options

    @classmethod
    def warm(cls):
        """Import what answering needs and takes long to import."""

    def prompt(self, question):
        """The words this model is really sent."""
        return question.text

    def preflight(self, question):
        """Raise ProviderError for what this model cannot take, before anything is paid."""

    def evidence(self, question):
        """What this model is given to judge by, for the reader to know."""
        given = {
            "kind": "text",
            "upstream_model": self.model.upstream or None,
            "prompt_sha256": hashlib.sha256(self.prompt(question).encode()).hexdigest(),
        }
        if question.window:
            given["window"] = [round(t, 3) for t in question.window]
        return given

    def answer(self, question: Question, call: Call) -> Iterator[str | Usage | Finish]:
        """Yield pieces of text as they come, a Usage when known, a Finish when told.

        Runs in a worker thread with `call.token` serving it. Raises ProviderError, with
        a code and a message of our own, for whatever the vendor does wrong.
        """
        raise NotImplementedError
