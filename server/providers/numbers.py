"""Values as they come from outside: options in a client's text, counts in a vendor's JSON."""


class Reader:
    """Reads an option: ValueError for what it cannot be; `which` says in words what it can."""

    def __init__(self, read, which):
        self._read = read
        self.which = which

    def __call__(self, text):
        return self._read(text)


def between(kind, least, most):
    def read(text):
        value = kind(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    whole = "whole " if kind is int else ""
    return Reader(read, f"a {whole}number from {least} to {most}")


def one_of(*words):
    def read(text):
        if text not in words:
            raise ValueError(text)
        return text

    return Reader(read, f"one of: {', '.join(words)}")


def count(value):
    """How many of something a vendor says there are; None when it says nothing of the sort."""
    return value if type(value) is int and 0 <= value < 10**12 else None
