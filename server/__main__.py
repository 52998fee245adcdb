"""`python -m server`: doctor, sample."""

import argparse
import sys

from . import settings as settings_module
from .errors import ServerError


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m server", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="what was found, which models are ready, what others lack")
    commands.add_parser("sample", help="make the sample video, unless it is there")
    chosen = parser.parse_args(arguments)
    settings_module.load_dotenv()
    try:
        return COMMANDS[chosen.command](settings_module.load())
    except (ServerError, settings_module.InvalidSetting) as error:
        print(error, file=sys.stderr)
        return 1


def doctor(settings):
    from .doctor import report

    lines, healthy = report(settings)
    print("\n".join(lines))
    return 0 if healthy else 1


def sample(settings):
    from . import sample

    path = settings.videos_dir / "sample.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        sample.make(path)
        print(f"Made {path}.")
    return 0


COMMANDS = {"doctor": doctor, "sample": sample}

if __name__ == "__main__":
    sys.exit(main())
