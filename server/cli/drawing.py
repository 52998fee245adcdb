"""Who speaks when, drawn with letters. Pure: recording in, lines out."""

FINE = {"waits": "·", "speaks": "█", "pauses": "░", "ends": "▏", "fails": "✗"}
PLAIN = {"waits": ".", "speaks": "#", "pauses": "-", "ends": "|", "fails": "x"}
COLOURS = (36, 33, 35, 32, 34, 31)
LONGEST_NAME = 32


def draw(recording, width=80, marks=FINE, colour=False):
    """A line for each model and one of times."""
    names = [shortened(slot) for slot in recording.slots]
    margin = max(map(len, names))
    columns = max(10, width - margin - 2)
    last = max((at for at, _ in recording.heard), default=0.0) or 1.0
    lines = []
    for number, (slot, name) in enumerate(zip(recording.slots, names)):
        row = "".join(cells(recording, slot, columns, last / columns, marks)).rstrip()
        lines.append(f"{name:<{margin}}  {painted(row, number) if colour else row}")
    end = f"{last:.1f} s"
    lines.append(" " * margin + "  0 s" + end.rjust(columns - 3))
    return lines


def cells(recording, slot, columns, step, marks):
    """One character for each stretch of `step` seconds."""
    start, first = recording.first("start", slot), recording.first("text", slot)
    end = recording.first("end", slot)
    spoken = {int(at / step) for at, _ in recording.of("text", slot)}
    finish = None if end is None else min(int(end / step), columns - 1)
    for column in range(columns):
        if column == finish and not recording.succeeded(slot):
            yield marks["fails"]
        elif column in spoken:
            yield marks["speaks"]
        elif column == finish:
            yield marks["ends"]
        elif start is None or column < int(start / step) or (finish or 0) < column:
            yield " "
        else:
            yield marks["waits" if first is None or column < first / step else "pauses"]


def shortened(slot):
    return slot if len(slot) <= LONGEST_NAME else slot[: LONGEST_NAME - 3] + "..."


def painted(text, number):
    return f"\x1b[{COLOURS[number % len(COLOURS)]}m{text}\x1b[0m"


def legend(marks):
    return "  ".join(f"{mark} {meaning}" for meaning, mark in marks.items())


def marks_for(encoding):
    try:
        "".join(FINE.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return FINE
