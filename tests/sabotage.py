"""Small servers that speak the product's vocabularies, and one way each of being wrong.

`Honest` does everything right; a subclass spoils one thing. They understand the demo
models' options, and nothing else.
"""

import json
import queue
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from server.providers.demo import WORDS


class Honest:
    remembers = True  # what it said in a run

    def facts(self, slots):
        """(slot, kind, value) as they happen: start, text, then error or end."""
        happened = queue.Queue()
        for slot in slots:
            threading.Thread(target=self.speak, args=(slot, happened.put), daemon=True).start()
        running = len(slots)
        while running:
            fact = happened.get()
            running -= fact[1] in ("end", "error")
            yield fact

    def speak(self, slot, tell):
        options = dict(part.split("=") for part in slot.partition("@")[2].split(","))
        tell((slot, "start", ""))
        begin = time.monotonic() + float(options["first"])
        for number in range(int(options["tokens"])):
            time.sleep(max(0.0, begin + number / float(options["rate"]) - time.monotonic()))
            if number == int(options.get("fail_after", -1)):
                return tell((slot, "error", options["fail"]))
            word = WORDS[(int(options.get("start", 0)) + number) % len(WORDS)]
            tell((slot, "text", word + " "))
        tell((slot, "end", ""))

    def encode(self, number, event):
        return f"id: {number}\ndata: {json.dumps(event)}\n\n"

    def refuses(self, slots):
        """A status instead of a stream, or None."""


class OneAfterAnother(Honest):
    def facts(self, slots):
        for slot in slots:
            yield from super().facts([slot])


class StartedTogetherOneAfterAnother(Honest):
    def facts(self, slots):
        for slot in slots:
            yield slot, "start", ""
        for slot in slots:
            yield from (fact for fact in super().facts([slot]) if fact[1] != "start")


class ForgetsItsRuns(Honest):
    remembers = False


class BreaksBesideAFailure(Honest):
    def refuses(self, slots):
        return 500 if any("fail=" in slot for slot in slots) else None


class KnowsNoFailingModel(Honest):
    def refuses(self, slots):
        return 404 if any("fail=" in slot for slot in slots) else None


class CollectsEachModel(Honest):
    """Sends each answer when it is complete, cut into its pieces again."""

    def facts(self, slots):
        kept = {slot: [] for slot in slots}
        for fact in super().facts(slots):
            slot, kind, _ = fact
            if kind == "start":
                yield fact
                continue
            kept[slot].append(fact)
            if kind in ("end", "error"):
                yield from kept[slot]


class CollectsBeforeSending(Honest):
    def facts(self, slots):
        return iter(list(super().facts(slots)))


class CollectsEachAnswer(Honest):
    """Starts at once and sends the rest when all is ready, cut into its pieces again."""

    def facts(self, slots):
        kept = []
        for fact in super().facts(slots):
            if fact[1] == "start":
                yield fact
            else:
                kept.append(fact)
        yield from kept


class LosesTheLastPiece(Honest):
    def facts(self, slots):
        held = {}
        for slot, kind, value in super().facts(slots):
            if kind == "text":
                if slot in held:
                    yield slot, "text", held[slot]
                held[slot] = value
            else:
                yield slot, kind, value


class ErrorsAsText(Honest):
    def facts(self, slots):
        for slot, kind, value in super().facts(slots):
            if kind == "error":
                yield slot, "text", f"Error: {value}, traceback follows"
                yield slot, "end", ""
            else:
                yield slot, kind, value


class FailureStopsAll(Honest):
    def facts(self, slots):
        running = set(slots)
        for slot, kind, value in super().facts(slots):
            if slot not in running:
                continue
            yield slot, kind, value
            if kind == "end":
                running.remove(slot)
            if kind == "error":
                for other in sorted(running - {slot}):
                    yield other, "error", value
                return


class PrettyPrints(Honest):
    """Which is good SSE, and breaks every client that reads line by line."""

    def encode(self, number, event):
        lines = json.dumps(event, indent=1).split("\n")
        return f"id: {number}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"


class SpillsItsLog(Honest):
    def encode(self, number, event):
        log = "Traceback (most recent call last):\n\n" if number == 20 else ""
        return log + super().encode(number, event)


class SendsPython(Honest):
    """Python's idea of an object instead of JSON's, once."""

    def encode(self, number, event):
        if event.get("type") == "complete" or event.get("event_type") == "complete":
            return f"id: {number}\ndata: {event}\n\n"
        return super().encode(number, event)


class ForgetsToCount(Honest):
    def encode(self, number, event):
        return super().encode(min(number, 20), event)


class StartsLate(Honest):
    def facts(self, slots):
        time.sleep(0.9)
        yield from super().facts(slots)


# -- the wire


def analysis(slot, kind, value):
    named = {"model": slot, "model_name": slot}
    event_type = {"start": "model_start", "text": "text_generation", "end": "model_end"}
    if kind == "error":
        return [{"event_type": "error", **named, "code": value, "message": "no"}]
    return [{"event_type": event_type[kind], **named, "text": value}]


def comparison(slot, kind, value):
    if kind == "error":
        return [
            {"model": slot, "type": "error", "code": value, "message": "no"},
            {"model": slot, "type": "done", "error": True},
        ]
    kinds = {"start": "start", "text": "chunk", "end": "done"}
    return [{"model": slot, "type": kinds[kind], "content": value, "error": False}]


COMPLETE = {
    analysis: {"event_type": "complete"},
    comparison: {"type": "complete", "metadata": {}},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/api/videos/list":
            return self.answer({"videos": ["sample.mp4"]})
        if not self.server.sabotage.remembers:
            return self.answer({"status": "error", "message": "No such run."}, 404)
        texts = self.server.kept[self.path.rpartition("/")[2]]
        return self.answer({"models": {slot: {"text": text} for slot, text in texts.items()}})

    def answer(self, value, status=200):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if status := self.server.sabotage.refuses(asked["models"]):
            return self.answer({"status": "error", "message": "No."}, status)
        words = comparison if "compare" in self.path else analysis
        run_id = f"run{len(self.server.kept)}"
        self.server.kept[run_id] = self.full_texts(asked["models"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("X-Run-Id", run_id)
        self.end_headers()
        number = 0
        sabotage = self.server.sabotage
        for fact in sabotage.facts(asked["models"]):
            for event in words(*fact):
                number += 1
                self.wfile.write(sabotage.encode(number, event).encode())
        self.wfile.write(sabotage.encode(number + 1, COMPLETE[words]).encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def full_texts(self, slots):
        """What the models say, however little of it is sent."""
        said = dict.fromkeys(slots, "")
        quick = [f"{slot},first=0,rate=100000" for slot in slots]
        for slot, kind, value in Honest().facts(quick):
            if kind == "text":
                said[slot.removesuffix(",first=0,rate=100000")] += value
        return said

    def log_message(self, *_):
        pass


@contextmanager
def playing(sabotage):
    """The URL of a server that does it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.sabotage, server.kept = sabotage, {}
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
