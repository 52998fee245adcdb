"""What a local Ollama has is offered, and one that does not answer holds nobody up."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from server.models import Models
from server.ollama import PATIENCE_S, Ollama
from server.settings import SHIPPED_MODELS
from tests.live import SOON_S, until

TAGS = json.dumps({"models": [{"name": "llava:7b"}, {"name": "a"}]}).encode()


@contextmanager
def host(monkeypatch, answer):
    """OLLAMA_HOST is a server that answers each caller so; the list of its callers."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                callers.append(caller)
                threading.Thread(target=serve_one, args=(caller,)).start()

        def serve_one(caller):
            with caller:
                asked = caller.recv(1000)
                try:
                    answer(caller, asked)
                except OSError:
                    pass  # it was hung up on

        accepting = threading.Thread(target=serve)
        accepting.start()
        monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:%d" % listening.getsockname()[1])
        yield callers
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


def answers(caller, asked):
    assert asked.startswith(b"GET /api/tags HTTP/1.1")
    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(TAGS) + TAGS)


def drips(caller, _):
    """Never silent for long, and never done."""
    caller.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        caller.sendall(b"X-Still: here\r\n")
        time.sleep(0.05)


def is_of_another_kind(caller, _):
    caller.sendall(b"220 mail.example ESMTP\r\n")


def is_broken(caller, _):
    caller.sendall(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(TAGS) + TAGS)


def test_what_it_has_is_offered_and_asked_for_directly(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setattr("server.ollama.PATIENCE_S", 20.0)
    with host(monkeypatch, answers) as callers:
        models = Models(SHIPPED_MODELS)
        for _ in range(3):
            offered = {model.name: model.needs for model in models.listed()}
    assert (offered["ollama/llava:7b"], offered["ollama/a"]) == (None, None)
    assert len(callers) == 1


@pytest.mark.parametrize("answer", [is_of_another_kind, is_broken])
def test_an_address_where_no_ollama_lives_offers_nothing(monkeypatch, answer):
    with host(monkeypatch, answer):
        assert Ollama().models() == []
    monkeypatch.setenv("OLLAMA_HOST", "not a host:x")
    assert Ollama().models() == []


def test_one_that_drips_is_hung_up_on_when_its_time_is_over(monkeypatch):
    with host(monkeypatch, drips) as callers:
        began = time.monotonic()
        assert Ollama().models() == []
        assert time.monotonic() - began < PATIENCE_S + SOON_S
        until(lambda: callers[0].fileno() < 0)  # it noticed


def test_a_look_up_that_hangs_holds_nobody_up(monkeypatch):
    found = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found.wait(20) and [])
    monkeypatch.setenv("OLLAMA_HOST", "ollama.example")
    try:
        began = time.monotonic()
        assert Ollama().models() == []
        assert time.monotonic() - began < PATIENCE_S + SOON_S
    finally:
        found.set()


def test_those_who_come_together_wait_together_and_only_once(monkeypatch):
    with host(monkeypatch, drips) as callers:
        ollama, began = Ollama(), time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            assert [*pool.map(lambda _: ollama.models(), range(8))] == [[]] * 8
        assert time.monotonic() - began < PATIENCE_S + SOON_S
        assert len(callers) == 1
