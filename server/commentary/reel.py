"""The film as stretches to work on: copied where its picture can be, converted otherwise.

A copied picture is known from end to end at once. A converted one comes in parts, as the
encoder finishes them, and work on the first begins long before the last is there.
"""

from contextlib import closing

from .. import media
from ..events import clock
from .base import Picture, Stretch, Window
from .windows import windows


class Reel:
    def __init__(self, job):
        self._job = job
        video, interval = job.video, job.options.interval
        self._footage = media.footage(video.path, job.film.probe, job.token) or self._gathered()
        if self._footage:
            keys = tuple(time for time, _ in self._footage.keys)
            self.windows = windows(self._footage.duration, interval, keys)
        else:
            self.windows = windows(video.duration, interval)
        self._pictures = []
        self.seconds = self.windows[-1].end
        self.warnings = []

    @property
    def total(self):
        return len(self.windows)

    @property
    def longest_s(self):
        return max(window.seconds for window in self.windows)

    @property
    def pictures(self):
        """For the finished film: the source, as it is or put together, or the converted parts."""
        return [self._footage.path] if self._footage else self._pictures

    def stretches(self):
        return self._copied() if self._footage else self._converted()

    def _gathered(self):
        job = self._job
        job.session.pictures.mkdir(exist_ok=True)
        whole = job.session.pictures / "whole.mp4"
        return media.gathered(job.video.path, job.film.probe, whole, job.token)

    def _copied(self):
        numbers = dict(self._footage.keys)
        for window in self.windows:
            first = numbers[window.start] if window.index else 0
            after = numbers.get(window.end, self._footage.frames)
            yield Stretch(window, Picture(self._footage.path, window.start, after - first))

    def _converted(self):
        job = self._job
        folder = job.session.pictures
        borders = [window.start for window in self.windows[1:]]
        try:
            with closing(media.convert(job.video.path, folder, borders, job.token)) as parts:
                for part in parts:
                    index = len(self._pictures)
                    self._pictures.append(part)
                    self.seconds = part.end
                    yield Stretch(Window(index, part.start, part.end), Picture(part.path))
        except (media.Damaged, media.Failed):
            if not self._pictures:
                raise
            self.warnings.append(
                f"This film could be read up to {clock(self.seconds)} only; the rest is damaged."
            )
