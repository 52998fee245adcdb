"""The shapes answers are printed in. Which one is asked for, or depends on who reads.

Raw       one model: its text as it comes
Live      several models on a terminal: each line behind its model's name
Blocks    several models into a file or pipe: one whole answer after the other
Lines     the events, one JSON object a line
Document  the run as one JSON object
"""

import json
import unicodedata

from ..errors import ServerError
from ..names import TURNS
from .account import Account
from .drawing import painted


class Raw:
    def __init__(self, slots, write, terminal):
        self._write = write
        self._clean = visible if terminal else str
        self._last = "\n"

    def take(self, event, heard):
        if heard.kind == "text" and heard.text:
            self._last = heard.text
            self._write(self._clean(heard.text))

    def finish(self, run):
        if not self._last.endswith("\n"):
            self._write("\n")


class Live:
    """A line is printed when it is complete or fills the terminal, so that the words of
    several models can be read while all of them write."""

    def __init__(self, slots, write, width, colour):
        self._write = write
        self._rest = dict.fromkeys(slots, "")
        self._prefix = {
            slot: painted(f"[{slot}]", number) if colour else f"[{slot}]"
            for number, slot in enumerate(slots)
        }
        self._room = {slot: max(20, width - len(slot) - 3) for slot in slots}

    def take(self, event, heard):
        slot = heard.model
        if heard.kind == "text":
            self._rest[slot] += visible(heard.text)
            while (line := self._full_line(slot)) is not None:
                self._write(f"{self._prefix[slot]} {line}\n")
        elif heard.kind == "end" and self._rest[slot]:
            self._write(f"{self._prefix[slot]} {self._rest[slot]}\n")
            self._rest[slot] = ""

    def _full_line(self, slot):
        text, room = self._rest[slot], self._room[slot]
        line, newline, rest = text.partition("\n")
        if len(line) > room:
            cut = line.rfind(" ", 1, room + 1)
            cut = room if cut < 0 else cut
            line, rest = text[:cut], text[cut:].removeprefix(" ")
        elif not newline:
            return None
        self._rest[slot] = rest
        return line

    def finish(self, run):
        pass


class Blocks:
    """In the order the models were named, each as soon as it and those before have ended."""

    def __init__(self, slots, write):
        self._write = write
        self._waiting = list(slots)
        self._texts: dict[str, list[str]] = {slot: [] for slot in slots}
        self._ended: set[str] = set()
        self._first = True

    def take(self, event, heard):
        if heard.kind == "text":
            self._texts[heard.model].append(heard.text)
        elif heard.kind == "end":
            self._ended.add(heard.model)
            while self._waiting and self._waiting[0] in self._ended:
                self._print(self._waiting.pop(0))

    def _print(self, slot):
        text = "".join(self._texts.pop(slot))
        gap = "" if self._first else "\n"
        self._first = False
        end = "" if text.endswith("\n") or not text else "\n"
        self._write(f"{gap}==> {slot} <==\n{text}{end}")

    def finish(self, run):
        while self._waiting:  # cut short
            self._print(self._waiting.pop(0))


class Lines:
    def __init__(self, write):
        self._write = write
        self._last = None

    def take(self, event, heard):
        if event is not self._last:  # one event may say two things
            self._last = event
            self._write(json.dumps(event, ensure_ascii=False) + "\n")

    def finish(self, run):
        pass


class Document:
    """The run as the server, or the engine here, remembers it; else as it was heard."""

    def __init__(self, slots, write):
        self._write = write
        self._account = Account(slots)

    def take(self, event, heard):
        self._account.take(event, heard)

    def finish(self, run):
        try:
            told = run.summary()
        except ServerError as error:
            told = self._account.document(error.message)
        self._write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def visible(text):
    """A model's words must not steer the terminal they are shown on."""
    return "".join(
        (
            "\ufffd"
            if char in TURNS or unicodedata.category(char) == "Cc" and char not in "\n\t"
            else char
        )
        for char in text.replace("\r\n", "\n")
    )
