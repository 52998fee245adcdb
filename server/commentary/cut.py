"""The stage that makes chunks: the film's own picture, its sound with the voices in it.

A chunk that is there already was made before the server died, from the same picture and
the same cues; it may have been watched, so it is kept as it is.
"""

from .. import media
from ..errors import MediaError
from .base import Chunk, Loss, Stage

SILENCED = "The voice could not be mixed in; this stretch has its own sound only."


class Cut(Stage):
    name = "cut"
    workers = 2  # ffmpeg is the work here, and this is what small machines have
    always = True

    def work(self, stretch):
        session, index = self.job.session, stretch.window.index
        path, note = session.chunk(index), f"cut_{index}.json"
        made = session.kept(note)
        if made is None or not path.is_file():
            made = self._make(stretch)
            session.keep(note, made)
        if made["silenced"]:
            lost = tuple(
                Loss(cue.start, self.name, "media", SILENCED, cue.index) for cue in stretch.cues
            )
            stretch = stretch.but(cues=(), lost=(*stretch.lost, *lost))
        return stretch.but(chunk=Chunk(path, made["header"]))

    def _make(self, stretch):
        voices = tuple(
            media.Voice(cue.clip.path, cue.start, cue.end, cue.tempo, cue.clip.gain)
            for cue in (*stretch.before, *stretch.cues)
            if cue.clip.path is not None
        )
        try:
            return {"header": self._chunk(stretch, voices), "silenced": False}
        except MediaError:
            self.job.token.check()
            if not voices:
                raise
            return {"header": self._chunk(stretch, ()), "silenced": True}

    def _chunk(self, stretch, voices):
        job, window, picture = self.job, stretch.window, stretch.picture
        sound = job.session.sound(window.index)
        late = media.mix(
            job.source_sound,
            window.start,
            window.end,
            voices,
            job.options.original_volume,
            sound,
            job.token,
        )
        return media.chunk(
            picture.path,
            picture.start,
            picture.frames,
            sound,
            late,
            window.seconds,
            job.session.chunk(window.index),
            job.token,
        )
