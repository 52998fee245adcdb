"""How long a socket may wait, kept by the system instead of by Python.

A timeout of Python's own (`settimeout`) costs a second system call for every read and
write, and giving up and winning back the interpreter's lock twice. With many streams that
lock is what there is least of. When the time is up, what the socket was waiting for raises
BlockingIOError. It is for each stretch in which nothing moves, and not for all of a long
write. TLS keeps time in no other way than Python's.
"""

import socket
import ssl
import struct


def read_within(sock, seconds):
    _within(sock, seconds, socket.SO_RCVTIMEO)


def write_within(sock, seconds):
    _within(sock, seconds, socket.SO_SNDTIMEO)


def _within(sock, seconds, option):
    by_system = seconds is not None and not isinstance(sock, ssl.SSLSocket)
    by_python = None if by_system else seconds
    if sock.gettimeout() != by_python:  # what it is already would be a system call as well
        sock.settimeout(by_python)
    if not by_system:
        return
    whole, part = divmod(seconds, 1)
    # Zero would be for ever.
    span = struct.pack("ll", int(whole), max(int(part * 1_000_000), 0 if whole else 1))
    sock.setsockopt(socket.SOL_SOCKET, option, span)
