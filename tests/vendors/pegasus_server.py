"""TwelveLabs' wire: JSON lines for answers, multipart uploads, assets' states, indexes.

with PegasusServer(says("Hel", "lo")) as vendor:
    vendor.first_states = ["processing", "processing", "ready"]
    vendor.indexed["index", "video"] = "asset-of-index"
    vendor.assets["asset-of-index"] = ["ready"]

A question about an asset that is not in `assets` is refused.
"""

import email.parser
import email.policy
import json
from urllib.parse import urlsplit

from .base import Vendor


class PegasusServer(Vendor):
    def __init__(self, script=None, certificate=None):
        self.first_states = ["processing", "ready"]  # what GET tells of an asset, in turn
        self.assets = {}  # id -> states still to tell
        self.uploaded = {}  # id -> the form it came in: name -> (filename, bytes)
        self.indexed = {}  # (index, video) -> asset id
        super().__init__(script or says("Hello"), certificate)
        self.plays(self.take, about="upload")
        self.plays(self.tell, about="asset")
        self.plays(self.look_up, about="index")

    @property
    def base_url(self):
        return f"{self.origin}/v1.3"

    def subject(self, exchange):
        """`upload`, `asset`, `index`, or of a question the model it is put to."""
        path = urlsplit(exchange.path).path.removeprefix("/v1.3/")
        if path == "analyze":
            return exchange.json["model_name"]
        kind, _, rest = path.partition("/")
        return {"assets": "asset" if rest else "upload", "indexes": "index"}.get(kind)

    def of(self, *subjects):
        return [e for e in list(self.exchanges) if self.subject(e) in subjects]

    @property
    def questions(self):
        return [e for e in list(self.exchanges) if e.path.endswith("/analyze")]

    def _next_script(self, exchange):
        if exchange.path.endswith("/analyze"):
            video = exchange.json["video"]
            if video["type"] == "asset_id" and video["asset_id"] not in self.assets:
                return missing
        return super()._next_script(exchange)

    def take(self, exchange):
        found = f"asset-{len(self.uploaded)}"
        self.uploaded[found] = form(exchange)
        self.assets[found] = list(self.first_states)
        exchange.whole(201, json.dumps({"_id": found, "status": "processing"}).encode())

    def tell(self, exchange):
        states = self.assets.get(exchange.path.rpartition("/")[2])
        if states is None:
            return missing(exchange)
        state = states.pop(0) if len(states) > 1 else states[0]
        told = {"_id": "x", "status": state, "method": "direct"}
        if state == "failed":
            told["error"] = {"message": "The file is corrupt."}
        exchange.whole(200, json.dumps(told).encode())

    def look_up(self, exchange):
        _, index, _, video = exchange.path.removeprefix("/v1.3/").split("/")
        if (index, video) not in self.indexed:
            return missing(exchange)
        told = {"_id": video, "asset_id": self.indexed[index, video]}
        exchange.whole(200, json.dumps(told).encode())


def form(exchange):
    """The fields of a multipart request: name -> (filename, bytes)."""
    head = f"Content-Type: {exchange.headers['content-type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    return {
        part.get_param("name", header="content-disposition"): (
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in parser.parsebytes(head + exchange.body).iter_parts()
    }


# -- words of the protocol


def line(message):
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


START = {"event_type": "stream_start", "metadata": {"generation_id": "gen-1"}}


def text(piece):
    return {"event_type": "text_generation", "text": piece}


def end(reason="stop", counts=(4567, 12), **more):
    usage = {"input_tokens": counts[0], "output_tokens": counts[1]}
    metadata = {"generation_id": "gen-1", "usage": usage}
    return {"event_type": "stream_end", "finish_reason": reason, "metadata": metadata, **more}


# -- scripts: answers


def says(*pieces, first=0.0, every=0.0, reason="stop", **more):
    def script(exchange):
        exchange.pause(first)
        head(exchange)
        exchange.chunk(line(START))
        for piece in pieces:
            exchange.pause(every)
            exchange.chunk(line(text(piece)))
        exchange.chunk(line(end(reason, **more)))
        exchange.end()

    return script


def head(exchange):
    exchange.head(content_type="application/x-ndjson")


def echoes(exchange):
    says(*[word + " " for word in exchange.json["prompt"].split(" ")])(exchange)


def sends(*chunks):
    """These very bytes, each in a chunk of its own, then a clean end."""

    def script(exchange):
        head(exchange)
        for data in chunks:
            exchange.chunk(data)
        exchange.end()

    return script


def events(*messages):
    return sends(*map(line, messages))


def byte_by_byte(data):
    return sends(*[data[n : n + 1] for n in range(len(data))])


# -- scripts: refusals


def status(code, body=None, content_type="application/json", **headers):
    """An error; `body` as an object or as it is."""
    data = body if isinstance(body, bytes) else json.dumps(body or flat("internal")).encode()
    return lambda exchange: exchange.whole(code, data, content_type, **headers)


def flat(code, message="no"):
    return {"code": code, "message": message}


def missing(exchange):
    status(404, flat("resource_not_exist", "Resource with id x does not exist."))(exchange)


# -- scripts: faults of the line


def never_answers(exchange):
    exchange.wait_for_hang_up()


def speaks_then(*pieces, then):
    """Says that much, then `then(exchange)` happens."""

    def script(exchange):
        head(exchange)
        exchange.chunk(line(START))
        for piece in pieces:
            exchange.chunk(line(text(piece)))
        exchange.pause(0.05)  # a reset overtakes what is still on its way
        then(exchange)

    return script


def clean_end(exchange):
    exchange.end()


def stalls(exchange):
    exchange.wait_for_hang_up()


def fin(exchange):
    exchange.close()


def rst(exchange):
    exchange.reset()


def drips(exchange):
    """Empty lines for ever: they reset every read timeout."""
    while not exchange.hung_up.is_set() and not exchange.vendor.stopped:
        exchange.chunk(b"\n")
        exchange.pause(0.05)


def floods(exchange):
    while True:
        exchange.chunk(b"\n" * 65536)
