"""A run of the engine in this process."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .. import sse
from ..analysis.run import AnalysisRun
from ..contents import describe
from ..errors import BadRequest, InvalidQuestion, ProviderError, VideoNotFound
from ..events import Analysis, Comparison
from ..library import File
from ..memo import Memo
from ..providers.base import Question


class LocalRun:
    def __init__(self, services, question, names, vocabulary):
        if len(set(names)) < len(names):
            raise InvalidQuestion("Name each model once; options (`model@name=value`) tell apart.")
        slots = [services.models.slot(name) for name in names]
        self._run, _ = services.runs.admit(
            lambda: AnalysisRun(question, slots, services, vocabulary=vocabulary)
        )
        self._executor = ThreadPoolExecutor(len(slots), thread_name_prefix=vocabulary.kind)

    def events(self):
        self._run.attach()
        reader = self._run.start(self._executor)
        try:
            for frames in reader:
                for frame in frames:
                    yield sse.decode(frame)
        finally:
            self.stop()  # unless it has ended; whoever reads no more wants no more
            reader.close()
            self._run.detach()

    def stop(self):
        self._run.cancel(ProviderError("cancelled", "Stopped on request."))

    def summary(self):
        return self._run.summary()


def ask(services, prompt, names, history):
    return LocalRun(services, Question(prompt, history=history), names, Comparison)


def watch(services, prompt, names, path, start, end):
    """About any file of this machine; it is read where it is."""
    file = file_at(Path(path))
    digests = Memo()  # several models ask for it at once, and a film is long to read
    video = describe(
        file,
        services.library.contents.look(file.path),
        lambda: digests.get(file, lambda: digest(file.path)),
    )
    if start is not None and not 0 <= start < video.duration:
        raise InvalidQuestion(f"--start must be within the video ({video.duration:.2f} s).")
    if end is not None and not end > (start or 0.0):
        raise InvalidQuestion("--end must be after --start.")
    if end is not None:
        end = min(end, video.duration)
    return LocalRun(services, Question(prompt, video, start, end), names, Analysis)


def digest(path):
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def file_at(path):
    try:
        found = path.stat()
    except OSError:
        raise VideoNotFound(f"There is no file {path}.") from None
    if not path.is_file():
        raise BadRequest(f"{path} is no file.")
    if not os.access(path, os.R_OK):
        raise BadRequest(f"{path} may not be read by you.")
    return File(path.name, path.absolute(), found.st_size, found.st_mtime_ns)
