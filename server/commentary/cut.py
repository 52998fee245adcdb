"""The stage that makes chunks: the film's own picture, its sound with the voices in it.

A chunk that is there already was made before the server died, from the same picture and
the same cues; it may have been watched, so it is kept as it is.
"""

from .. import media
from ..errors import MediaError
from .base import Chunk, Loss, Stage

UNHEARD = "The voice could not be mixed in; the film has its own sound there."


class Cut(Stage):
    name = "cut"
    workers = 2  # ffmpeg is the work here, and this is what small machines have
    always = True

    def work(self, stretch):
        session, index = self.job.session, stretch.window.index
        path, note = session.chunk(index), f"cut_{index}.json"
        made = session.kept(note)
        if made is None or "unheard" not in made or not path.is_file():  # by an older server
            made = self._make(stretch)
            session.keep(note, made)
        return self._without(stretch, made["unheard"]).but(chunk=Chunk(path, made["header"]))

    def _without(self, stretch, unheard):
        lost = [cue for cue in stretch.cues if cue.index in unheard]
        losses = [Loss(cue.start, self.name, "media", UNHEARD, cue.index) for cue in lost]
        cues = tuple(cue for cue in stretch.cues if cue not in lost)
        return stretch.but(cues=cues, lost=(*stretch.lost, *losses))

    def _make(self, stretch):
        cues = [cue for cue in (*stretch.before, *stretch.cues) if cue.clip.path is not None]
        for heard in self._fewer_and_fewer(cues):
            try:
                header = self._chunk(stretch, heard)
            except MediaError:
                self.job.token.check()
                if not heard:
                    raise
            else:
                break
        return {"header": header, "unheard": [cue.index for cue in cues if cue not in heard]}

    def _fewer_and_fewer(self, cues):
        """All of them; those that can be read; none: one bad line costs no other its voice."""
        yield cues
        if cues:
            readable = [cue for cue in cues if self._is_readable(cue)]
            if readable != cues:
                yield readable
            if readable:
                yield []

    def _is_readable(self, cue):
        try:
            media.loudness(cue.clip.path, self.job.token)
        except MediaError:
            self.job.token.check()
            return False
        return True

    def _chunk(self, stretch, cues):
        job, window, picture = self.job, stretch.window, stretch.picture
        voices = tuple(
            media.Voice(cue.clip.path, cue.start, cue.end, cue.tempo, cue.clip.gain) for cue in cues
        )
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
