"""`commentate`: a spoken commentary on a video of this machine, as a file.

Exit status: 0 it is there, 1 it could not be made, 2 what was asked makes no sense, 130
after Ctrl-C, which hangs up on the vendors and leaves nothing half done.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from .. import log, names, sse
from ..commentary import options
from ..commentary.job import Film
from ..contents import describe, sampled
from ..errors import InvalidQuestion, OutOfSpace, ProviderError
from ..services import Services
from .interrupt import INTERRUPTED, stopping
from .local import file_at

BAR = 24
LOOK_AROUND_S = 1.0
CHOICES = tuple(options.READERS)


def commentate(settings, chosen):
    log.set_up("WARNING")
    services = Services(settings)
    file = file_at(Path(chosen.video))
    target = target_of(chosen.out, file)
    with open(file.path, "rb") as opened:
        digest = sampled(opened, file.size)
    probe = services.library.contents.look(file.path)
    film = Film(describe(file, probe, lambda: digest), probe, names.file_stem(file.name))
    asked = {name: getattr(chosen, name) for name in CHOICES}
    given = {name: value for name, value in asked.items() if value is not None}
    wanted = options.read(given, services)
    run = services.commentaries.private(services, film, wanted)
    progress = Progress(sys.stderr, shown=not chosen.jsonl)
    last = {"type": "error", "message": "Nothing came of it."}
    try:
        with stopping(lambda: run.cancel(ProviderError("cancelled", "Stopped."))) as interrupt:
            run.start()
            for last in events(run):
                if chosen.jsonl:
                    print(json.dumps(last), flush=True)
                progress.take(last)
        if last["type"] == "complete":
            keep(services.commentaries.sessions.final_file(last["final_video"]), target)
        progress.say(f"{target}" if last["type"] == "complete" else last["message"])
    finally:
        services.commentaries.sessions.forget(run.id)
    return INTERRUPTED if interrupt.came else 0 if last["type"] == "complete" else 1


def events(run):
    """As they are told, up to the last."""
    read = 0
    while True:
        closed = run.journal.closed
        for frame in run.journal.after(read):
            read += 1
            yield sse.decode(frame)
        if closed and read == run.journal.length:
            return
        run.journal.wait(read, LOOK_AROUND_S)


def target_of(out, file):
    target = Path(out or f"{names.file_stem(file.name)}-commentary.mp4")
    if target.is_dir():
        target /= f"{names.file_stem(file.name)}-commentary.mp4"
    if not target.absolute().parent.is_dir():
        raise InvalidQuestion(f"There is no folder {target.absolute().parent}.")
    if target.exists() and target.samefile(file.path):
        raise InvalidQuestion("The film itself is not written over; name another file with -o.")
    return target


def keep(film, target):
    """Moved, or copied to another disk: whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.move(film, part)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutOfSpace(f"{target} cannot be written: {error.strerror}.") from None


class Progress:
    """A bar that stays in its line on a terminal; elsewhere a line for what matters."""

    def __init__(self, stream, shown=True):
        self._stream = stream
        self._bar = shown and stream.isatty()
        self._shown = shown

    def take(self, event):
        if event["type"] == "line_failed":
            self.say(f"line {event['index']}: {event['stage']}: {event['message']}")
        for warning in event.get("warnings", ()):
            self.say(f"warning: {warning}")
        if "progress" not in event or not self._shown:
            return
        if self._bar:
            done = BAR * event["progress"] // 100
            message = event.get("message", "")[:48]
            bar = "#" * done + "." * (BAR - done)
            self._stream.write(f"\r[{bar}] {event['progress']:3d} %  {message:<48}")
            self._stream.flush()
        elif event["type"] in ("status", "queued"):
            self._stream.write(f"{event['progress']:3d} %  {event['message']}\n")

    def say(self, text):
        self.close()
        print(text, file=self._stream)

    def close(self):
        if self._bar:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
