"""What flows through the pipeline, and what a stage is.

    Window -> Moment -> Line -> Clip -> Chunk

All of it is frozen and made of plain values, so that it can be kept on disk under a hash
of what it was made from, and sent to another process. Times are seconds of the video.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ServerError


@dataclass(frozen=True)
class Window:
    """A stretch of the video that is worked on as one. Windows follow each other without
    holes, and begin where the picture can be cut."""

    index: int
    start: float
    end: float

    @property
    def seconds(self):
        return self.end - self.start


@dataclass(frozen=True)
class Moment:
    """Something that happens in the picture or the sound."""

    start: float
    end: float
    text: str
    weight: float = 0.5  # how much it deserves a line: 0 to 1
    facts: tuple[str, ...] = ()  # what was measured, "colour=blue"; () when a model saw it


@dataclass(frozen=True)
class Line:
    """What is to be said. It begins at `start` and has room until `until`."""

    start: float
    until: float
    text: str
    speaker: str = ""


@dataclass(frozen=True)
class Clip:
    """A line that was spoken."""

    line: Line
    path: Path | None  # None when nobody could speak it: then it is only read
    seconds: float  # of speech, as measured
    words: tuple[tuple[float, float, str], ...] = ()  # (start, end, word), from the clip's start
    gain: float = 1.0  # brings it to the loudness of the others


@dataclass(frozen=True)
class Cue:
    """A clip in its place: where it is heard, and how fast."""

    index: int  # among all the lines of the video
    start: float
    end: float
    tempo: float
    clip: Clip


@dataclass(frozen=True)
class Loss:
    """A line that will not be heard, and why. `start` says where it would have been."""

    start: float
    stage: str
    code: str
    message: str
    index: int | None = None  # among all the lines of the video; `place` gives it


@dataclass(frozen=True)
class Picture:
    """Where a window's picture comes from: `frames` pictures of `path`, from `start` of it.
    `frames` None means all that follow."""

    path: Path
    start: float = 0.0
    frames: int | None = None


@dataclass(frozen=True)
class Chunk:
    """A window as viewers get it. The first `header` bytes of the file say how to read it."""

    path: Path
    header: int


@dataclass(frozen=True)
class Stretch:
    """A window and all that became of it so far: each stage fills in its part."""

    window: Window
    picture: Picture
    moments: tuple[Moment, ...] = ()
    lines: tuple[Line, ...] = ()
    clips: tuple[Clip, ...] = ()
    cues: tuple[Cue, ...] = ()
    # Of the window before: still spoken as this one begins, or until just before that.
    before: tuple[Cue, ...] = ()
    lost: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()
    placed: bool = False  # and told of, by a server that died since
    chunk: Chunk | None = None

    def but(self, **changes):
        return replace(self, **changes)


class StageError(ServerError):
    """One window's work in one stage failed. The window goes on without it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


@dataclass
class Stage:
    """One verb of the pipeline. Subclasses say `work`; `job` is what they may ask for:

    job.video      the Video; its `digest` is cheap here, whatever its length
    job.options    language, voice, style, context ... (`options.py`)
    job.services   settings, models, circuits, alarms
    job.token      cancelled when the job is; hand it to all that blocks
    job.results    `once(stage, inputs, make)`: what is paid for is kept
    """

    job: Any = field(repr=False)

    name = ""  # `stage` on the wire
    workers = 1
    ordered = False  # windows come in order of time
    always = False  # also works on stretches that have lost their commentary; must not fail

    def work(self, stretch):
        """The stretch with this stage's part filled in. Runs in one of the stage's threads.
        StageError, or any other exception, costs this window its commentary, no more."""
        raise NotImplementedError
