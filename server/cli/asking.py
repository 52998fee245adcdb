"""`ask` and `watch`: one question to several models, answers on standard output.

Exit status: 0 every model answered, 3 some did, 1 none did, 2 what was asked makes no
sense, 130 after Ctrl-C, 141 when whoever read the output left.
"""

import json
import shutil
import sys
from contextlib import closing

from .. import log
from ..errors import InvalidQuestion
from ..services import Services
from . import distant, local, shapes
from .heard import understand
from .interrupt import INTERRUPTED, stopping
from .remote import Server, Unreachable


def ask(settings, chosen):
    prompt, history = prompt_of(chosen, sys.stdin), history_of(chosen.history)
    if chosen.url:
        run = distant.ask(server(settings, chosen), prompt, chosen.models, history)
    else:
        run = local.ask(engine(settings), prompt, chosen.models, history)
    return present(run, settings, chosen)


def watch(settings, chosen):
    prompt = prompt_of(chosen, sys.stdin)
    asked = (prompt, chosen.models, chosen.video, chosen.start, chosen.end)
    if chosen.url:
        run = distant.watch(server(settings, chosen), *asked, say)
    else:
        run = local.watch(engine(settings), *asked)
    return present(run, settings, chosen)


def server(settings, chosen):
    return Server(chosen.url, chosen.token or settings.auth_token)


def engine(settings):
    log.set_up("WARNING")
    return Services(settings)


def prompt_of(chosen, stdin):
    try:
        if chosen.prompt not in (None, "-"):
            prompt = chosen.prompt
        elif stdin.isatty():
            raise InvalidQuestion("Write a prompt, or pipe one in.")
        else:
            prompt = stdin.read()
        prompt.encode()  # bytes of the command line that are no text came as half characters
    except UnicodeError:
        raise InvalidQuestion("The prompt is not text in UTF-8.") from None
    if not prompt.strip():
        raise InvalidQuestion("The prompt is empty.")
    return prompt


def history_of(path):
    if path is None:
        return ()
    try:
        with open(path, encoding="utf-8") as file:
            messages = json.load(file)
    except OSError as error:
        raise InvalidQuestion(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise InvalidQuestion(f"{path} is not JSON in UTF-8.") from None
    if not isinstance(messages, list) or not all(map(is_message, messages)):
        raise InvalidQuestion(
            f'{path} must hold a list of {{"role": "user", "content": "..."}}; '
            "a role is user, assistant or system."
        )
    return tuple(messages)


def is_message(said):
    return (
        isinstance(said, dict)
        and said.get("role") in ("user", "assistant", "system")
        and isinstance(said.get("content"), str)
    )


def present(run, settings, chosen):
    """Print what comes, as it comes; the exit status."""
    # Half a character of a model's, or a terminal that cannot show one, is no reason to end.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    shape = shape_for(chosen, settings)
    outcome = Outcome(chosen.models, verbose=sys.stderr.isatty())
    with stopping(run.stop) as interrupt, closing(run.events()) as events:
        try:
            for event in events:
                for heard in understand(event):
                    shape.take(event, heard)
                    outcome.take(heard)
        except Unreachable as error:
            say(error.message)  # what came before is worth something
        shape.finish(run)
    return INTERRUPTED if interrupt.came else outcome.status


def shape_for(chosen, settings):
    terminal = sys.stdout.isatty()
    if chosen.json:
        return shapes.Document(chosen.models, write)
    if chosen.jsonl:
        return shapes.Lines(write)
    if len(chosen.models) == 1:
        return shapes.Raw(chosen.models, write, terminal)
    if terminal:
        width = shutil.get_terminal_size().columns
        return shapes.Live(chosen.models, write, width, not settings.no_color)
    return shapes.Blocks(chosen.models, write)


class Outcome:
    """How each model fares, told on standard error."""

    def __init__(self, slots, verbose):
        self._slots, self._verbose = slots, verbose
        self._succeeded: set[str] = set()
        self._phases: dict[str, str] = {}

    def take(self, heard):
        slot = heard.model
        if heard.kind == "error":
            say(f"{slot or 'The run'}: {heard.code}: {shapes.visible(heard.message)}")
        elif heard.kind == "end" and heard.ok:
            self._succeeded.add(slot)
        elif heard.kind == "waiting" and self._verbose and self._phases.get(slot) != heard.text:
            self._phases[slot] = heard.text
            say(f"{slot}: {shapes.visible(heard.text)} ...")
        elif heard.kind == "figures" and self._verbose:
            say(f"{slot}: {figures(heard.figures)}")

    @property
    def status(self):
        if len(self._succeeded) == len(self._slots):
            return 0
        return 3 if self._succeeded else 1


def figures(told):
    parts = [
        told.get("duration") is not None and f"{told['duration']:.1f} s",
        told.get("word_count") is not None and f"{told['word_count']} words",
        told.get("cost") is not None and f"${told['cost']:.4f}",
    ]
    return ", ".join(part for part in parts if part)


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def say(text):
    print(text, file=sys.stderr)
