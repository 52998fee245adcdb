"""The reference: an asyncio relay that does the same job and nothing else.

    python -m bench.relay PORT VENDOR_PORT

It asks the vendor once per model and hands every byte on as it comes, unread. No server
in Python that also parses, interleaves and keeps what it sends can cost less.
"""

import asyncio
import json
import sys


class Upstream(asyncio.Protocol):
    def __init__(self, client, model):
        self._client, self._model = client, model

    def connection_made(self, transport):
        body = json.dumps({"model": self._model, "stream": True}).encode()
        transport.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: vendor\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        )

    def data_received(self, data):
        self._client.transport.write(data)

    def connection_lost(self, error):
        self._client.one_ended()


class Client(asyncio.Protocol):
    def __init__(self, vendor_port):
        self._vendor_port = vendor_port
        self._said = b""
        self._open = 0

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self._said += data
        head, end, body = self._said.partition(b"\r\n\r\n")
        if end and body.endswith(b"}"):
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
            asyncio.create_task(self._ask(json.loads(body)["models"]))

    async def _ask(self, models):
        loop = asyncio.get_running_loop()
        self._open = len(models)
        await asyncio.gather(
            *(
                loop.create_connection(
                    lambda m=model: Upstream(self, m), "127.0.0.1", self._vendor_port
                )
                for model in models
            )
        )

    def one_ended(self):
        self._open -= 1
        if not self._open:
            self.transport.close()


async def main(port, vendor_port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(vendor_port), "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
