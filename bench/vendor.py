"""A vendor of Chat Completions whose every piece says when it was written.

    python -m bench.vendor PORT

What it answers is in the model's name: `50x5` says 50 pieces a second for 5 seconds, `0x5`
nothing for 5 seconds. `GET /` tells which models were asked and when. One loop and one
schedule, no task per stream: it must not be what is measured.
"""

import contextlib
import heapq
import json
import random
import select
import socket
import sys
import time

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
)
# As much around a piece as OpenAI sends.
AROUND = {
    "id": "chatcmpl-CdEfGhIjKlMnOpQrStUvWxYzAbCdEf",
    "object": "chat.completion.chunk",
    "created": 1764000000,
    "model": "bench",
    "service_tier": "default",
    "system_fingerprint": "fp_0123456789",
}


def message(text, finish=None):
    choice = {
        "index": 0,
        "delta": {"content": text} if text else {},
        "logprobs": None,
        "finish_reason": finish,
    }
    data = {**AROUND, "choices": [choice], "usage": None, "obfuscation": "Zq3xW"}
    return b"data: %s\n\n" % json.dumps(data, separators=(",", ":")).encode()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


BEFORE, AFTER = chunk(message(f"{0:015.6f} ")).split(b"%015.6f" % 0)
END = chunk(message("", "stop")) + chunk(b"data: [DONE]\n\n") + chunk(b"")


class Vendor:
    def __init__(self, port):
        self._door = socket.create_server(("127.0.0.1", port), backlog=2048)
        self._door.setblocking(False)
        self._epoll = select.epoll()
        self._epoll.register(self._door, select.EPOLLIN)
        self._asking = {}  # descriptor -> (socket, what it has sent so far)
        self._schedule = []  # (when, descriptor, socket, interval, until)
        self._arrivals = []

    def serve(self):
        while True:
            left = self._schedule[0][0] - time.monotonic() if self._schedule else 1.0
            for descriptor, _ in self._epoll.poll(max(0.0, left)):
                if descriptor == self._door.fileno():
                    self._welcome()
                else:
                    self._listen(descriptor)
            self._speak()

    def _welcome(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                line, _ = self._door.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.setblocking(False)
                self._asking[line.fileno()] = (line, bytearray())
                self._epoll.register(line, select.EPOLLIN)

    def _listen(self, descriptor):
        line, said = self._asking[descriptor]
        try:
            part = line.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        said += part
        head, end, body = bytes(said).partition(b"\r\n\r\n")
        if part and not (end and len(body) >= length_of(head)):
            return
        self._epoll.unregister(descriptor)
        del self._asking[descriptor]
        if not part:
            line.close()
        elif head.startswith(b"GET"):
            told, self._arrivals = json.dumps(self._arrivals).encode(), []
            line.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + told)
            line.close()
        else:
            self._answer(line, json.loads(body)["model"])

    def _answer(self, line, model):
        now = time.monotonic()
        self._arrivals.append((model, now))
        rate, seconds = map(float, model.partition("#")[0].split("x"))
        line.send(HEAD)
        # Not all in step; and the first words of a vendor are never late.
        interval = 1 / rate if rate else seconds
        first = now + (random.random() * interval if rate else seconds)
        heapq.heappush(self._schedule, (first, line.fileno(), line, interval, now + seconds))

    def _speak(self):
        schedule = self._schedule
        while schedule and schedule[0][0] <= (now := time.monotonic()):
            due, descriptor, line, interval, until = schedule[0]
            try:
                if due + 1e-6 >= until:
                    heapq.heappop(schedule)
                    line.send(END)
                    line.close()
                else:
                    line.send(b"%s%015.6f%s" % (BEFORE, now, AFTER))
                    heapq.heapreplace(
                        schedule, (min(due + interval, until), descriptor, line, interval, until)
                    )
            except OSError:  # its reader left, or reads no more
                heapq.heappop(schedule)
                line.close()


def length_of(head):
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


if __name__ == "__main__":
    Vendor(int(sys.argv[1])).serve()
