"""A server of the page whose commentary follows a script: the test says when what is made.

It serves the page with the headers of the real one, a library of one film, the stream of
one commentary (events are told when `tell` is called) and its chunks, made by ffmpeg.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from server.app import SECURITY_HEADERS
from tests.clips import ffmpeg
from tests.live import ROOT

RUN = "a-run-of-the-studio-0001"
CHUNK_S = 4
KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
ENDS = ("complete", "error", "cancelled")
STOPPING = {"type": "error", "code": "cancelled", "message": "Restarting.", "retryable": True}
OPTIONS = {
    **{"language": "de", "voice": "anna", "style": "sports", "interval": 12.5, "context": "A cup."},
    **{"writer": "rules", "detector": "", "original_volume": 0.35},
}
FRAGMENTS = "+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets"


def make_chunks(folder, count=4):
    """`film.mp4`, and it cut into chunks, each with a header of its own and times from 0."""
    film, seconds = folder / "film.mp4", count * CHUNK_S
    sources = ["-f", "lavfi", "-i", f"testsrc=s=320x180:r=25:d={seconds}"]
    sources += ["-f", "lavfi", "-i", f"sine=330:r=48000:d={seconds}"]
    picture = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2"]
    keys = ["-g", CHUNK_S * 25, "-keyint_min", CHUNK_S * 25, "-sc_threshold", 0]
    ffmpeg(*sources, *picture, *keys, "-c:a", "aac", "-ac", "2", film)
    chunks = []
    for number in range(count):
        path = folder / f"chunk_{number}.mp4"
        cut = ["-ss", number * CHUNK_S, "-i", film, "-t", CHUNK_S, "-c", "copy"]
        ffmpeg(*cut, "-avoid_negative_ts", "make_zero", "-movflags", FRAGMENTS, path)
        chunks.append(path.read_bytes())
    return chunks


class Studio:
    def __init__(self, chunks, film=b"no film"):
        self.chunks = chunks
        self.film = film  # as it is when it is finished
        self.events = []
        self.asked = []  # paths
        self.duration = CHUNK_S * len(chunks)
        self.broken = 0  # so many streams are cut off
        self.gone = set()  # numbers of chunks that are not there any more
        self.away = set()  # and of those that cannot be had just now
        self.stopped = False  # nobody works on it until it is asked for again
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, name="studio", daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing = True
        self.tell()
        self._server.shutdown()
        self._server.server_close()

    closing = False

    def tell(self, *events):
        with self._news:
            self.events += events
            self._news.notify_all()

    def begin(self, intervals=4):
        self.tell({**status("Looking at the film.", 0), "run_id": RUN})
        self.total = intervals

    def make(self, *numbers, lines=True):
        """Chunks, each with a line in it."""
        for number in numbers:
            start = number * CHUNK_S
            events = [
                {
                    "type": "events_detected",
                    "interval": [start, start + CHUNK_S],
                    "interval_index": number,
                    "total_intervals": self.total,
                    "count": 0,
                    "moments": [],
                }
            ]
            if lines:
                events.append(line(number, start + 1.0, start + 3.0))
            events.append(
                {
                    "type": "chunk_ready",
                    "index": number,
                    "url": f"/videos/streaming/{RUN}/chunk_{number}.mp4",
                    "start_s": start,
                    "end_s": start + CHUNK_S,
                    "progress": 90 * (number + 1) // self.total,
                }
            )
            self.tell(*events)

    def finish(self):
        self.tell(
            {
                "type": "complete",
                "chunks": self.total,
                "final_video": "film.en.mp4",
                "final_url": "/videos/generated/film.en.mp4",
                "playlist_url": f"/videos/streaming/{RUN}/index.m3u8",
                "captions_url": f"/videos/streaming/{RUN}/captions.vtt",
                "warnings": ["0:08: a line is missing."],
                "progress": 100,
            }
        )

    def stop(self):
        """As a server that is restarted: readers hear it, and it is there again at once."""
        self.stopped = True
        self.tell()

    def after(self, number):
        """The event after that one, once it is told; None when there will be none."""
        over = lambda: self.closing or self.stopped  # noqa: E731
        with self._news:
            self._news.wait_for(lambda: over() or len(self.events) > number, 30)
            if self.closing or len(self.events) <= number:
                return None
            return self.events[number]

    @property
    def ended(self):
        return bool(self.events) and self.events[-1]["type"] in ENDS


def status(message, progress, stage="detect"):
    return {"type": "status", "message": message, "progress": progress, "stage": stage}


def line(index, start, end, text=None):
    text = text or f"This is line {index}."
    known = {"index": index, "text": text, "start": start, "end": end, "speaker": "a"}
    return {"type": "commentary_ready", **known}


def handler(studio):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = unquote(urlsplit(self.path).path)
            studio.asked.append(self.path)
            film = {"id": "film", "name": "film.mp4", "title": "film", "duration": studio.duration}
            if path == "/":
                self.file(ROOT / "static" / "index.html")
            elif path.startswith("/static/"):
                self.file(ROOT / path[1:])
            elif path.endswith("/thumbnail"):
                self.file(ROOT / "static" / "icon.svg")
            elif path == "/api/videos":
                self.json({"videos": [film]})
            elif path == "/api/models":
                self.json({"models": [], "recommended": []})
            elif path.startswith("/api/analyze-stream/") or path.endswith("/stream"):
                self.stream()
            elif path == f"/api/runs/{RUN}":
                state = "complete" if studio.ended else "working"
                state = "interrupted" if studio.stopped else state
                known = {"run_id": RUN, "kind": "commentary", "video": "film.mp4"}
                self.json({**known, "state": state, "options": OPTIONS})
            elif path.startswith("/videos/generated/"):
                self.ranged(studio.film)
            elif path.endswith(".mp4"):
                number = int(path.rpartition("_")[2][:-4])
                code = 410 if number in studio.gone else 503 if number in studio.away else 200
                chunk = studio.chunks[number % len(studio.chunks)]
                self.ranged(chunk) if code == 200 else self.send(chunk, "video/mp4", code)
            else:
                self.send(b"{}", "application/json", 404)

        do_HEAD = do_GET

        def do_POST(self):
            studio.asked.append(self.path)
            studio.tell({"type": "cancelled", "message": "Stopped on request."})
            self.json({"status": "ok"})

        def stream(self):
            number = int(self.headers.get("Last-Event-ID") or 0)
            if self.path.startswith("/api/analyze-stream/"):
                studio.stopped = False
            if (studio.ended or studio.stopped) and number >= len(studio.events):
                return self.send(b"", "text/plain", 204)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            self.wfile.write(b"retry: 2000\n\n")
            while (event := studio.after(number)) is not None:
                number += 1
                self.wfile.write(f"id: {number}\ndata: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()
                if event["type"] in ENDS:
                    return
                if studio.broken and number >= 3:
                    studio.broken -= 1
                    return
            if studio.stopped:
                self.wfile.write(f"data: {json.dumps(STOPPING)}\n\n".encode())

        def json(self, value):
            self.send(json.dumps(value).encode(), "application/json")

        def file(self, path):
            kind = KINDS[path.suffix[1:]]
            self.send(path.read_bytes(), f"{kind}; charset=utf-8")

        def ranged(self, body):
            """A browser seeks in nothing else."""
            if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
                first, last = int(asked[1]), int(asked[2] or len(body) - 1)
                told = {"Content-Range": f"bytes {first}-{last}/{len(body)}"}
                self.send(body[first : last + 1], "video/mp4", 206, told)
            else:
                self.send(body, "video/mp4", 200, {"Accept-Ranges": "bytes"})

        def send(self, body, kind, code=200, more=()):
            self.send_response(code)
            for name, value in {**SECURITY_HEADERS, **dict(more)}.items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if code != 204 and self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *args):
            pass

    return Handler
