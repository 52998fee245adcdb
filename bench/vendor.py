"""A vendor of Chat Completions whose every piece says when it was written.

`python -m bench.vendor PORT RATE SECONDS`
"""

import asyncio
import json
import sys
import time


def message(text=None, finish=None):
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    data = json.dumps({"id": "b", "object": "chat.completion.chunk", "choices": [choice]})
    return f"data: {data}\n\n".encode()


async def serve(reader, writer, rate, seconds):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line[:15].lower() == b"content-length:"
        ),
        0,
    )
    await reader.readexactly(length)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    began = time.monotonic()
    try:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            writer.write(message(f"{time.monotonic():.6f} "))
            await writer.drain()
        writer.write(message(finish="stop") + b"data: [DONE]\n\n")
        await writer.drain()
    except ConnectionError:
        pass  # the server hung up on us, as it should when its reader leaves
    finally:
        writer.close()


async def main(port, rate, seconds):
    server = await asyncio.start_server(
        lambda r, w: serve(r, w, rate, seconds), "127.0.0.1", port, backlog=1024
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
