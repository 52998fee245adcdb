"""The stage that makes chunks: the film's own picture, its sound with the voices in it.

A chunk that is there already was made before the server died, from the same picture and
the same cues; it may have been watched, so it is kept as it is.
"""

from .. import media
from ..errors import MediaError
from .base import Loss, Stage

VOICES_ALONE_FAILED = "The voice could not be mixed in; this stretch has its own sound only."


class Cut(Stage):
    workers = 2  # ffmpeg is the work here, and this is what small machines have
    always = True

    def work(self, stretch):
        session, index = self.job.session, stretch.window.index
        made = session.kept(f"cut_{index}.json")
        if made is None or not session.chunk(index).is_file():
            made = {"silenced": self._make(stretch)}
            session.keep(f"cut_{index}.json", made)
        if made["silenced"]:
            lost = tuple(
                Loss(cue.start, "cut", "media", VOICES_ALONE_FAILED, cue.index)
                for cue in stretch.cues
            )
            stretch = stretch.but(cues=(), lost=(*stretch.lost, *lost))
        return stretch.but(chunk=session.chunk(index))

    def _make(self, stretch):
        """Whether the voices had to be left out."""
        voices = tuple(
            media.Voice(cue.clip.path, cue.start, cue.end, cue.tempo, cue.clip.gain)
            for cue in (*stretch.before, *stretch.cues)
            if cue.clip.path is not None
        )
        try:
            self._chunk(stretch, voices)
        except MediaError:
            self.job.token.check()
            if not voices:
                raise
            self._chunk(stretch, ())
            return True
        return False

    def _chunk(self, stretch, voices):
        job, window, picture = self.job, stretch.window, stretch.picture
        sound = job.session.sound(window.index)
        offset = media.mix(
            job.source_sound,
            window.start,
            window.end,
            voices,
            job.options.original_volume,
            sound,
            job.token,
        )
        media.chunk(
            picture.path,
            picture.start,
            picture.frames,
            sound,
            offset,
            window.seconds,
            job.session.chunk(window.index),
            job.token,
        )
