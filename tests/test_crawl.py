"""A client that hardly moves is hung up on."""

import socket

from server.alarms import Alarm
from server.views.crawl import Crawl


class Bell:
    """Alarms that ring when the test says so."""

    def __init__(self):
        self.rings = []

    def after(self, seconds, ring):
        self.rings.append(ring)
        return Alarm(ring)

    def ring(self):
        rings, self.rings = self.rings, []
        for ring in rings:
            ring()


def hung_up(sock):
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False


def test_a_client_is_hung_up_on_when_it_crawls_and_not_before():
    ours, theirs = socket.socketpair()
    bell = Bell()
    with ours, theirs:
        crawl = Crawl({"gunicorn.socket": ours}, bell, every_s=1, least=100)
        for _ in range(3):
            crawl.moved += 100
            bell.ring()
            assert not hung_up(theirs)
        crawl.moved += 99
        bell.ring()
        assert hung_up(theirs) and not bell.rings


def test_a_client_that_is_done_is_left_alone():
    ours, theirs = socket.socketpair()
    bell = Bell()
    with ours, theirs:
        Crawl({"gunicorn.socket": ours}, bell, every_s=1, least=100).over()
        bell.ring()
        assert not hung_up(theirs) and not bell.rings
