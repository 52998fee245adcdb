import socket
import threading

import pytest

from server import cancel
from server.cancel import CancelToken
from server.errors import Abandoned

DEADLINE_S = 20


def test_cancelling_wakes_a_thread_blocked_in_a_read():
    ours, theirs = socket.socketpair()
    token = CancelToken()
    token.watch(ours)
    got = []
    reader = threading.Thread(target=lambda: got.append(ours.recv(10)))
    reader.start()
    token.cancel()
    reader.join(DEADLINE_S)
    assert got == [b""]
    assert theirs.recv(10) == b""  # the other side sees the hang-up
    ours.close()
    theirs.close()


def test_a_socket_that_comes_after_the_cancel_is_shut_at_once():
    ours, theirs = socket.socketpair()
    token = CancelToken()
    token.cancel()
    token.watch(ours)
    assert theirs.recv(10) == b""
    ours.close()
    theirs.close()


def test_the_first_reason_stays():
    token = CancelToken()
    token.cancel("first")
    token.cancel("second")
    assert token.reason == "first"


def test_a_wait_ends_with_the_cancel():
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    with pytest.raises(Abandoned):
        token.wait(DEADLINE_S)


def test_a_socket_closed_before_the_cancel_does_no_harm():
    ours, theirs = socket.socketpair()
    token = CancelToken()
    token.watch(ours)
    ours.close()
    theirs.close()
    token.cancel()
    assert token.cancelled


def test_a_hang_up_that_fails_does_not_keep_the_others_connected():
    token, called = CancelToken(), []
    token.on_cancel(lambda: 1 / 0)
    token.on_cancel(lambda: called.append(1))
    token.cancel()
    assert called == [1]


def test_closed_sockets_are_forgotten_as_others_come():
    token = CancelToken()
    for _ in range(30):
        ours, theirs = socket.socketpair()
        token.watch(ours)
        ours.close()
        theirs.close()
    assert len(token._sockets) == 1


def test_a_forgotten_hook_is_not_called():
    token, called = CancelToken(), []
    forget = token.on_cancel(lambda: called.append(1))
    forget()
    forget()
    token.cancel()
    assert called == []


def test_each_thread_serves_its_own_token():
    token = CancelToken()
    seen = []
    with token.serving():
        assert cancel.current() is token
        other = threading.Thread(target=lambda: seen.append(cancel.current()))
        other.start()
        other.join(DEADLINE_S)
    assert seen == [None]
    assert cancel.current() is None
