"""What the text of a setting may be: each of these reads one kind, or raises ValueError."""

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit


def whole(least, most=10**9):
    def read(text):
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


at_least_one = whole(1)


def one_of(*known):
    def read(text):
        if text not in known:
            raise ValueError(text)
        return text

    return read


def notation(text):
    from .rates import notation as read  # the library is not for everybody who reads settings

    return read(text)


def token(text):
    if not (text.isascii() and text.isprintable()):
        raise ValueError(text)  # a header could not carry it
    return text


def path_prefix(text):
    if not re.fullmatch(r"(/[\w.-]+)+", text, re.ASCII):
        raise ValueError(text)
    return text


def names(text):
    found = tuple(filter(None, (name.strip() for name in text.split(","))))
    if not found or not text.isprintable():
        raise ValueError(text)
    return found


def path(text):
    return Path(text).expanduser()  # where no shell did


def proxies(text):
    for address in names(text):
        if address != "*":
            ip_address(address)
    return text


def redis_address(text):
    address = urlsplit(text)
    if address.scheme not in ("redis", "rediss") or address.port == 0:  # or no number at all
        raise ValueError(text)
    return text


def number(most=1e9, zero=False):
    """What is longer than `most`, no clock of the system can wait for."""

    def read(text):
        found = float(text)
        if not (0 < found <= most or (zero and found == 0)):
            raise ValueError(text)
        return found

    return read


above_zero = number()
not_negative = number(zero=True)
