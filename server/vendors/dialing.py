"""A connection that can be hung up on while it is being made.

`socket.create_connection` hands over a socket once it is connected. To where a firewall
drops what is sent that takes until its time is up, for each address of a name, and no
cancel and no deadline reached it.
"""

import os
import select
import socket
from errno import EINPROGRESS

from .. import cancel

NOT_BLOCKING = getattr(socket, "SOCK_NONBLOCK", 0)  # from the start, for one system call less


def connected(host, port, seconds):
    """A socket to the first of the host's addresses that takes one, each tried for so long.
    The token of the call watches it from the beginning."""
    error = OSError("the name has no address")
    token = cancel.current()
    for family, kind, protocol, _, address in looked_up(host, port):
        sock = None
        try:
            # Fails where there is no IPv6.
            sock = socket.socket(family, kind | NOT_BLOCKING, protocol)
            reach(sock, address, seconds, token)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as caught:
            error = caught
            if sock:
                sock.close()
        if token and token.cancelled:
            break
    try:
        raise error
    finally:
        del error  # or it and this frame would keep each other, and the callers' requests


def looked_up(host, port):
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except UnicodeError:  # no name at all, as `api..vendor.com`
        raise socket.gaierror(socket.EAI_NONAME, "this cannot be a name") from None


def reach(sock, address, seconds, token):
    # Begun before it is watched: a shutdown before that would be lost.
    if sock.getblocking():
        sock.setblocking(False)
    failure = sock.connect_ex(address)
    if token:
        token.watch(sock)
    if failure == EINPROGRESS:
        ready = select.poll()
        ready.register(sock, select.POLLOUT)
        if not ready.poll(None if seconds is None else seconds * 1000):
            raise TimeoutError("connecting took too long")
        failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failure:
        raise OSError(failure, os.strerror(failure))
    sock.settimeout(seconds)
