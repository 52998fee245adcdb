"""Numbers as they come from outside: options in a client's text, counts in a vendor's JSON."""


def between(kind, least, most):
    """How to read an option of that kind; ValueError when it is not within the bounds."""

    def read(text):
        value = kind(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return read


def count(value):
    """How many of something a vendor says there are; None when it says nothing of the sort."""
    return value if type(value) is int and 0 <= value < 10**12 else None
