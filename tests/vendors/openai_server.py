"""A server that speaks Chat Completions, and every way of failing at it that was seen.

with OpenAIServer(says("Hel", "lo")) as vendor:
    vendor.plays(status(503), says("Better."), about="gpt-x")
"""

import json

from .base import Vendor


class OpenAIServer(Vendor):
    @property
    def base_url(self):
        return f"{self.origin}/v1"

    def subject(self, exchange):
        return exchange.json.get("model")


# -- words of the protocol


def event(message):
    return b"data: " + json.dumps(message, ensure_ascii=False).encode() + b"\n\n"


def delta(text=None, finish=None, **more):
    choice = {"index": 0, "delta": {} if text is None else {"content": text}}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{**choice, "finish_reason": finish, **more}],
        "usage": None,
    }


def usage(input_tokens, output_tokens, **more):
    counts = {"prompt_tokens": input_tokens, "completion_tokens": output_tokens, **more}
    return {**delta(), "choices": [], "usage": counts}


DONE = b"data: [DONE]\n\n"


def whole_answer(pieces, finish="stop", counts=(4, 2), **more):
    """An answer's events, one by one."""
    yield event(delta(""))
    for piece in pieces:
        yield event(delta(piece))
    yield event(delta(finish=finish))
    yield event(usage(*counts, **more))
    yield DONE


# -- scripts: answers


def says(*pieces, first=0.0, every=0.0, finish="stop", counts=(4, 2), **more):
    """A good answer, after `first` seconds, a piece `every` so many."""

    def script(exchange):
        exchange.pause(first)
        exchange.head()
        for number, data in enumerate(whole_answer(pieces, finish, counts, **more)):
            if every and number > 1:
                exchange.pause(every)
            exchange.chunk(data)
        exchange.end()

    return script


def echoes(exchange):
    """Says back, word by word, the last thing it was asked."""
    content = exchange.json["messages"][-1]["content"]
    text = content if isinstance(content, str) else content[-1]["text"]
    says(*[word + " " for word in text.split(" ")])(exchange)


def sends(*chunks, content_type="text/event-stream"):
    """These very bytes, each in a chunk and packet of its own, then a clean end."""

    def script(exchange):
        exchange.head(content_type=content_type)
        for data in chunks:
            exchange.chunk(data)
        exchange.end()

    return script


def events(*messages):
    """These messages and a clean end, with nothing of our own."""
    return sends(*[event(message) for message in messages])


def byte_by_byte(data):
    return sends(*[data[n : n + 1] for n in range(len(data))])


# -- scripts: refusals


def status(code, error=None, body=None, content_type="application/json", **headers):
    def script(exchange):
        told = {"error": error or {"message": "no", "type": "t", "code": None}}
        data = json.dumps(told).encode() if body is None else body
        exchange.whole(code, data, content_type, **headers)

    return script


def redirects(url):
    return status(307, body=b"", Location=url)


# -- scripts: faults of the line


def never_answers(exchange):
    exchange.wait_for_hang_up()


def speaks_then(*pieces, then):
    """Says that much, then `then(exchange)` happens."""

    def script(exchange):
        exchange.head()
        for piece in pieces:
            exchange.chunk(event(delta(piece)))
        exchange.pause(0.05)  # a reset overtakes what is still on its way
        then(exchange)

    return script


def finishes_then(*pieces, then, finish="stop", counts=None):
    """Says all it has to say and why it ends, then `then(exchange)` happens."""

    def script(exchange):
        exchange.head()
        for piece in pieces:
            exchange.chunk(event(delta(piece)))
        exchange.chunk(event(delta(finish=finish)))
        if counts:
            exchange.chunk(event(usage(*counts)))
        then(exchange)

    return script


def stalls(exchange):
    exchange.wait_for_hang_up()


def fin(exchange):
    exchange.close()


def rst(exchange):
    exchange.reset()


def clean_end(exchange):
    exchange.end()


def drips(exchange):
    """Comments for ever: they reset every read timeout."""
    while not exchange.hung_up.is_set() and not exchange.vendor.stopped:
        exchange.chunk(b": PROCESSING\n\n")
        exchange.pause(0.05)


def floods(exchange):
    """Comments as fast as they go, without end."""
    block = b": " + b"x" * 65533 + b"\n"
    while True:
        exchange.chunk(block)
