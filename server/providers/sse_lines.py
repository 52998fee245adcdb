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
            size += len(value) + 1  # empty ones take room too
            if size > MAX_DATA:
                raise too_long(MAX_DATA)
            data.append(value)
        elif field == "event":
            name = value
    if data:
        yield name, "\n".join(data)


def lines(chunks):
    """Whole lines, without their ends (LF or CRLF).

    Every byte is looked at once: searching what is left of a line again with each chunk
    took 5 s of CPU for one megabyte in small chunks.
    """
    rest = bytearray()
    for chunk in chunks:
        ends = chunk.split(b"\n")
        beginning = ends.pop()
        for end in ends:
            if rest:
                end = rest + end
                rest.clear()
            yield decoded(end)
        if beginning:
            rest += beginning
            if len(rest) > MAX_LINE:
                raise too_long(MAX_LINE)
    if rest:
        yield decoded(rest)


def decoded(line):
    return line.removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff")


def too_long(limit):
    return ProviderError(
        "upstream", f"It sent a message longer than {limit} bytes.", retryable=False
    )
