"""The other reference: a server of this shape that does nothing else.

    python -m bench.plain PORT VENDOR_PORT

gunicorn's threads and Flask; a pool for each request, whose workers read the vendor and push
its words into a queue; a generator that takes all that is there and writes it at once. On one
core, as we are. It keeps nothing, has no deadlines, and asks on when its reader has left: what
lies between it and Parallax is the price of all that.
"""

import json
import queue
import sys
from concurrent.futures import ThreadPoolExecutor

import urllib3
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from server import cores

THREADS = 160


def ask(pool, url, model, said):
    try:
        for text in told(pool, url, model):
            said.put((model, text))
    finally:
        said.put((model, None))  # or its reader would wait for ever


def told(pool, url, model):
    body = json.dumps({"model": model, "stream": True})
    answer = pool.request("POST", url, body=body, preload_content=False)
    rest = b""
    while data := answer.read1(65536):
        *events, rest = (rest + data).split(b"\n\n")
        for event in events:
            if event.startswith(b"data: {"):
                for choice in json.loads(event[6:])["choices"]:
                    if text := choice["delta"].get("content"):
                        yield text


def drained(said):
    items = [said.get()]
    while not said.empty():
        items.append(said.get())
    return items


def create_app(vendor_port):
    app = Flask(__name__)
    pool = urllib3.PoolManager(maxsize=1000)
    url = f"http://127.0.0.1:{vendor_port}/v1/chat/completions"

    @app.post("/")
    def stream():
        models, said = request.get_json()["models"], queue.SimpleQueue()
        workers = ThreadPoolExecutor(len(models))
        for model in models:
            workers.submit(ask, pool, url, model, said)

        def events():
            speaking = len(models)
            while speaking:
                items = drained(said)
                speaking -= sum(text is None for _, text in items)
                yield "".join(
                    f"data: {json.dumps({'model': model, 'content': text})}\n\n"
                    for model, text in items
                )
            workers.shutdown(wait=False)

        return Response(events(), mimetype="text/event-stream")

    return app


class Plain(BaseApplication):
    def load_config(self):
        options = {
            "bind": f"127.0.0.1:{sys.argv[1]}",
            "worker_class": "gthread",
            "threads": THREADS,
            "control_socket_disable": True,
            "loglevel": "error",
            "post_worker_init": kept_to_one,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        return create_app(int(sys.argv[2]))


def kept_to_one(worker):
    sys.setswitchinterval(cores.SWITCH_INTERVAL_S)
    cores.keep_to_one(1)


if __name__ == "__main__":
    Plain().run()
