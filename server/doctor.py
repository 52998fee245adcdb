"""What a user with a problem is asked first: what was found, and what is missing."""

import platform

from . import credentials, media
from .errors import MediaError
from .library import Library
from .models import Models
from .voices import Voices

AWAY = "unknown: the Redis of REDIS_URL does not answer"


def report(settings):
    """(lines to print, whether the server can do its job)."""
    lines = [f"python    {platform.python_version()}"]
    try:
        lines.append(f"ffmpeg    {media.ffmpeg()} ({media.version()})")
    except MediaError as error:
        lines.append(f"ffmpeg    missing: {error.message}")
    library = Library(settings)
    library.prepare()
    problems = library.problems()
    lines.append(f"data      {settings.data_dir.resolve()}")
    lines += [f"          problem: {problem}" for problem in problems]
    found = [name for name in credentials.KEYS if credentials.optional(name)]
    lines.append(f"keys set  {', '.join(found) or 'none'}")
    if settings.commentary_workers == "rq":
        said = workers(settings)
        lines.append(f"workers   {said}")
        problems += [said] if said == AWAY else []
    lines.append("models")
    for model in Models(settings.models_file).all:
        state = "ready" if model.needs is None else f"set {model.needs}"
        lines.append(f"  {model.name:<12} {state:<26} {model.label}")
    lines.append("voices")
    for voice in Voices(settings, None).listed():
        state = "ready" if voice["missing"] is None else f"set {voice['missing']}"
        lines.append(f"  {voice['name']:<12} {state:<26} {voice['label']}")
    return lines, not problems


def workers(settings):
    from .commentary.crew import Crew
    from .stores import StoreError

    try:
        found = Crew(settings.redis_url).size()
    except StoreError:
        return AWAY
    return str(found or "none: start `python -m server worker`")
