"""A block of a stream's lines -> a Message, with whatever is wrong about it. Pure."""

import json
from dataclasses import dataclass

DONE = "[DONE]"


@dataclass(frozen=True)
class Message:
    at: float
    number: int | None
    event: dict | str | None  # an object, DONE, or None where there was no data
    faults: tuple[str, ...] = ()


def parse(at, block):
    """What the lines up to an empty one say. Comments are nobody's business."""
    number, data, faults = None, [], []
    for line in block.split("\n"):
        if line.startswith("data: "):
            data.append(line[6:])
        elif line.startswith("id: ") and line[4:].isdigit():
            number = int(line[4:])
        elif line and not line.startswith((":", "retry: ")):
            faults.append(f"a line that is no `id: N` and no `data: `: {line[:40]!r}")
    if len(data) > 1:
        faults.append("several `data: ` lines in one message")
    event = read("\n".join(data)) if data else None
    if data and event is None:
        faults.append(f"data that is no JSON object: {data[0][:40]!r}")
    if isinstance(event, dict) and number is None:
        faults.append("a message without `id: N`")
    if number is not None and not data:
        faults.append("an id without data")
    return Message(at, number, event, tuple(faults))


def read(data):
    if data == DONE:
        return DONE
    try:
        event = json.loads(data)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
