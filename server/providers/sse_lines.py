"""Server-Sent Events, read: raw chunks in, (event name, data) out, as they come.

A chunk may hold several events, or end inside one, or inside a letter: only whole lines
are decoded. Comments and fields we have no use for are skipped.
"""

from ..errors import ProviderError

MAX_LINE = 1024 * 1024
MAX_DATA = 4 * 1024 * 1024
END = b"\n\n"  # fed last: a last event without its blank line counts


class Events:
    """Fed with chunks; gives the (name, data) of the events that end in them."""

    def __init__(self):
        self._lines = Lines()
        self._begin()

    def _begin(self):
        self._name, self._data, self._size = "", [], 0

    @property
    def between(self):
        """Nothing of an event has come that has not ended."""
        return not (self._data or self._name or self._lines.begun)

    def feed(self, chunk):
        for line in self._lines.feed(chunk):
            if line:
                self._read(line)
            else:
                name, data = self._name, self._data
                self._begin()
                if data:
                    yield name, "\n".join(data)

    def _read(self, line):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._size += len(value) + 1  # empty ones take room too
            if self._size > MAX_DATA:
                raise too_long(MAX_DATA)
            self._data.append(value)
        elif field == "event":
            self._name = value


def lines(chunks):
    """Whole lines, without their ends (LF or CRLF)."""
    read = Lines()
    for chunk in chunks:
        yield from read.feed(chunk)
    yield from read.end()


class Lines:
    """Every byte is looked at once: searching what is left of a line again with each chunk
    took 5 s of CPU for one megabyte in small chunks."""

    def __init__(self):
        self._rest = bytearray()

    def feed(self, chunk):
        """The lines that end in this chunk."""
        ends = chunk.split(b"\n")
        beginning = ends.pop()
        rest = self._rest
        if rest and ends:
            ends[0] = rest + ends[0]
            rest.clear()
        if beginning:
            rest += beginning
            if len(rest) > MAX_LINE:
                raise too_long(MAX_LINE)
        return [decoded(end) for end in ends]

    @property
    def begun(self):
        """Whether a line has begun that has not ended."""
        return bool(self._rest)

    def end(self):
        """The last one, had it no end."""
        return [decoded(self._rest)] if self._rest else []


def decoded(line):
    return line.removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff")


def too_long(limit):
    return ProviderError(
        "upstream", f"It sent a message longer than {limit} bytes.", retryable=False
    )
