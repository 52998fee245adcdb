"""What viewers get while the film is being made: chunks, playlist, captions; at the end
one file. Each file is whole whenever somebody asks for it."""

from .. import media
from ..events import clock
from .captions import srt, vtt
from .hls import END, Segment, playlist


class Publishing:
    def __init__(self, session, longest_s, already=0):
        """`already`: so many chunks are in the playlist, which may not grow shorter."""
        self._session, self._longest_s = session, longest_s
        self._finished = {}  # index -> stretch whose turn has not come
        self._segments, self._cues, self._sounds = [], [], []
        self._already = already
        self.warnings = []

    @property
    def count(self):
        return len(self._segments)

    def take(self, stretch):
        self._finished[stretch.window.index] = stretch

    def publish(self, count):
        """The first so many chunks: what is told to be there is in the playlist."""
        if count == self.count:
            return
        while self.count < count:
            self._add(self._finished.pop(self.count))
        if count > self._already:
            self._write(ended=False)

    def close(self):
        """There will be no more: players need not wait for it."""
        if self.count >= self._already:
            if self.count:
                self._write(ended=True)
        elif (told := self._session.read("index.m3u8")) and not told.endswith(END):
            self._session.write("index.m3u8", told + END)  # as far as it came before a restart

    def _add(self, stretch):
        window, chunk = stretch.window, stretch.chunk
        size = chunk.path.stat().st_size
        self._segments.append(Segment(chunk.path.name, window.seconds, chunk.header, size))
        self._cues += stretch.cues
        self._sounds.append(self._session.sound(window.index))
        self.warnings += [said for said in stretch.warnings if said not in self.warnings]
        for loss in stretch.lost:
            self.warnings.append(f"{clock(loss.start)}: a line is missing: {loss.message}")

    def finish(self, job, reel, target):
        self._write(ended=True)
        captions = self._session.folder / "captions.srt"
        media.final(
            reel.pictures,
            self._sounds,
            captions if self._cues else None,
            job.options.language,
            target,
            seconds=reel.seconds,
            token=job.token,
        )

    def _write(self, ended):
        self._session.write("captions.vtt", vtt(self._cues))
        self._session.write("captions.srt", srt(self._cues))
        self._session.write("index.m3u8", playlist(self._segments, self._longest_s, ended))
