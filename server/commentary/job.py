"""What a stage may ask for: what the commentary is about, and what it works with."""

from dataclasses import dataclass
from pathlib import Path

from .. import names
from ..contents import describe
from ..media import Probe
from ..providers.base import Video
from .options import Options
from .results import JobResults
from .session import Session


@dataclass(frozen=True)
class Film:
    """The video a commentary is made on."""

    video: Video  # its digest is a fingerprint: cheap, whatever its length
    probe: Probe
    stem: str  # what the finished film is called after


def film_named(library, name):
    """The Film a client means by a name, a stem or an id."""
    file = library.locate(name)
    probe = library.contents.probe(file)
    video = describe(file, probe, lambda: library.contents.fingerprint(file))
    return Film(video, probe, names.file_stem(library.title(file)))


@dataclass
class Job:
    film: Film
    options: Options
    services: object  # settings, models, circuits, alarms ...
    session: Session
    results: JobResults
    token: object

    @property
    def video(self):
        return self.film.video

    @property
    def source_sound(self) -> Path | None:
        """Where the film's own sound is, if it has any."""
        return self.video.path if self.video.has_audio else None
