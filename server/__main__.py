"""`python -m server`: doctor, sample, smoke, ask, watch, commentate, worker."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from . import settings as settings_module
from .cli.arguments import add_commands
from .cli.interrupt import INTERRUPTED, leave, nobody_reads
from .disk import FULL
from .errors import ServerError
from .models import InvalidModels

USAGE = (400, 404, 409, 413, 415, 422)  # statuses of what the user must say otherwise


def main(arguments=None):
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed from the start
            setattr(sys, name, open(os.devnull, "w"))
    try:
        try:
            return obey(arguments)
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        return nobody_reads()
    except OSError as error:
        if error.errno not in FULL:
            raise
        nobody_reads()
        print(f"Not all could be written: {error.strerror}. Free some space.", file=sys.stderr)
        return 1


def obey(arguments):
    parser = argparse.ArgumentParser(prog="python -m server", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="what was found, which models are ready, what others lack")
    commands.add_parser("sample", help="make the sample video, unless it is there")
    commands.add_parser("worker", help="make the commentaries that servers queue in Redis")
    add_commands(commands)
    chosen = parser.parse_args(arguments)
    try:
        settings_module.load_dotenv()
        return COMMANDS[chosen.command](settings_module.load(), chosen)
    except ServerError as error:
        words = str(error)
        if not getattr(chosen, "url", None):  # then there may be no server to GET it from
            words = words.replace("GET /api/models lists", "`python -m server doctor` lists")
        print(words, file=sys.stderr)
        return 2 if error.status in USAGE else 1
    except (settings_module.InvalidSetting, InvalidModels) as error:
        print(error, file=sys.stderr)
        return 1


def doctor(settings, chosen):
    from .doctor import report

    lines, healthy = report(settings)
    print("\n".join(lines))
    return 0 if healthy else 1


def sample(settings, chosen):
    from . import sample

    path = settings.videos_dir / "sample.mp4"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # What is unfinished right beside its place is cleared by a server that starts.
            with tempfile.TemporaryDirectory(prefix=".sample-", dir=path.parent) as folder:
                made = Path(folder) / path.name
                sample.make(made)
                os.replace(made, path)
            print(f"Made {path}.")
    except OSError as error:  # the server starts all the same, and says why it is not ready
        print(f"No sample video: {path.parent} cannot be written to ({error.strerror}).")
    return 0


def smoke(settings, chosen):
    from .cli.smoke import smoke

    return smoke(settings, chosen)


def ask(settings, chosen):
    from .cli.asking import ask

    return ask(settings, chosen)


def watch(settings, chosen):
    from .cli.asking import watch

    return watch(settings, chosen)


def commentate(settings, chosen):
    from .cli.commentating import commentate

    return commentate(settings, chosen)


def worker(settings, chosen):
    if settings.commentary_workers != "rq":
        print(
            "A worker needs COMMENTARY_WORKERS=rq and REDIS_URL, as its server has them.",
            file=sys.stderr,
        )
        return 2
    from .commentary.worker import work

    return work(settings)


COMMANDS = {
    "doctor": doctor,
    "sample": sample,
    "smoke": smoke,
    "ask": ask,
    "watch": watch,
    "commentate": commentate,
    "worker": worker,
}

if __name__ == "__main__":
    leave(main())
