"""Server-Sent Events, read: raw chunks in, (event name, data) out, as they come.

A chunk may hold several events, or end inside one, or inside a letter: only whole lines
are decoded. Comments and fields we have no use for are skipped, a last event without
its blank line counts.
"""

from ..errors import ProviderError

MAX_LINE = 1024 * 1024
MAX_DATA = 4 * 1024 * 1024


def events(chunks):
    name, data, size = "", [], 0
    for line in lines(chunks):
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data, size = "", [], 0
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            size += len(value)
            if size > MAX_DATA:
                raise too_long(MAX_DATA)
            data.append(value)
        elif field == "event":
            name = value
    if data:
        yield name, "\n".join(data)


def lines(chunks):
    """Whole lines, without their ends (LF or CRLF)."""
    rest = b""
    for chunk in chunks:
        whole = (rest + chunk).split(b"\n")
        rest = whole.pop()
        if len(rest) > MAX_LINE:
            raise too_long(MAX_LINE)
        for line in whole:
            yield decoded(line)
    if rest:
        yield decoded(rest)


def decoded(line):
    return line.removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff")


def too_long(limit):
    return ProviderError(
        "upstream", f"It sent a message longer than {limit} bytes.", retryable=False
    )
