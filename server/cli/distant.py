"""A run on a server, as the command line follows and stops it."""

import threading
from pathlib import Path

from ..errors import ServerError, VideoNotFound
from .lines import DONE
from .remote import Unreachable, run_path

LAST_WORD_S = 3.0  # a stopped server has so long to say how it ended
SUMMARY_S = 10.0


class DistantRun:
    def __init__(self, server, system, asked):
        self._server = server
        self._patience = SUMMARY_S
        self._stream = server.start(system, asked)

    def events(self):
        last = None
        try:
            for message in self._stream.messages():
                last = message.event
                if isinstance(message.event, dict):
                    yield message.event
        except GeneratorExit:
            self.stop()  # whoever reads no more wants no more
            raise
        if last != DONE:
            raise Unreachable("The connection to the server broke off before the end.")

    def stop(self):
        """Ask it to hang up on the vendors; should it not answer, hang up on it."""
        self._patience = LAST_WORD_S
        timer = threading.Timer(LAST_WORD_S, self._stream.hang_up)
        timer.daemon = True
        timer.start()
        try:
            self._server.post(run_path(self._stream.run_id or "", "cancel"), LAST_WORD_S)
        except ServerError:
            self._stream.hang_up()

    def summary(self):
        return self._server.get(run_path(self._stream.run_id or ""), self._patience)


def ask(server, prompt, names, history):
    asked = {"input_data": prompt, "models": names, "conversation_history": list(history)}
    return DistantRun(server, "compare", asked)


def watch(server, prompt, names, video, start, end, say):
    asked = {"query": prompt, "models": names, "video_id": place(server, video, say)}
    window = {"start": start, "end": end}
    asked.update({name: at for name, at in window.items() if at is not None})
    return DistantRun(server, "analysis", asked)


def place(server, video, say):
    """The id by which the server knows this video; a file of ours is uploaded."""
    names = server.get("/api/videos/list")["videos"]
    if video in names or video in (name.rpartition(".")[0] for name in names):
        return video
    if not Path(video).is_file():
        raise VideoNotFound(f"{video} is neither in the server's library nor a file here.")
    say(f"Uploading {video}")
    id = server.upload(video)["id"]
    say(f"The server keeps it as {id}; name that to ask again without an upload.")
    return id
