"""What is in the films of the library: each thing worked out once, and kept as long as the
file stays as it is.
"""

import contextlib
import hashlib
import threading

from . import cores, media
from .errors import MediaError, ServerError, TooBusy
from .memo import Memo
from .providers.base import Video

SAMPLE_BYTES = 256 * 1024
QUICK_BYTES = 8 * 1024 * 1024  # are hashed in some hundredths of a second


class Contents:
    def __init__(self, opened):
        """`opened(name)`: (File, its bytes), of a file as it is now."""
        self._open = opened
        self._probes, self._digests, self._fingerprints = Memo(), Memo(), Memo()
        self._hashed = Memo()  # the fingerprints of all that has a digest

    def video(self, file):
        """The Video that models are asked about. One that is new is hashed ahead: whoever
        asks about it will want that, and a long film is long to read."""
        probe, new = self.probe(file), self._seems_new(file)
        if new and not self._digests.begun(file):
            with contextlib.suppress(RuntimeError):  # no thread is to be had: then later
                threading.Thread(target=self._hash_ahead, args=(file,), daemon=True).start()
        return describe(
            file, probe, lambda: self.digest(file), lambda: self._is_quick_to_hash(file), new
        )

    def learn(self, file, probe, digest):
        """An upload was looked at while it came."""
        self._probes.put(file, probe)
        self._digests.put(file, digest)
        self._hash_ahead(file)

    def probe(self, file):
        return self._probes.get(file, lambda: self.look(file.path))

    def probed(self, file):
        """Whether `probe` would answer at once."""
        return self._probes.known(file)

    def look(self, path):
        """The probe of a file that holds a picture; MediaError for any other."""
        try:
            media.ffmpeg()
        except MediaError as error:
            raise TooBusy(error.message, retry_after=60) from None
        probe = media.probe(path)
        if not probe.has_video:
            raise MediaError("This file has no picture: it is not a video.")
        return probe

    def digest(self, file):
        """The SHA-256 of its bytes; equal for equal videos, whatever they are called."""
        digest = self._digests.get(file, lambda: self._hash(file))
        self._hashed.put(self.fingerprint(file), True)
        return digest

    def fingerprint(self, file):
        """Tells this content from another at a cost that does not grow with its length:
        its size, and the bytes at its beginning, its middle and its end."""
        return self._fingerprints.get(file, lambda: self._sample(file))

    def _seems_new(self, file):
        """Another fingerprint than all before means other bytes than all before: that is
        known at once, and the digest of a long film after seconds. Too long to wait for also
        where the bytes seem to be known: a copy, or a file that was touched."""
        if self._digests.known(file):
            return False
        return file.size > QUICK_BYTES or not self._hashed.known(self.fingerprint(file))

    def _is_quick_to_hash(self, file):
        return file.size <= QUICK_BYTES or self._digests.known(file)

    def _hash_ahead(self, file):
        with contextlib.suppress(ServerError, OSError):  # whoever needs it is told
            self.digest(file)

    def _sample(self, file):
        _, opened = self._open(file.name)
        with opened:
            return sampled(opened, file.size)

    def _hash(self, file):
        _, opened = self._open(file.name)
        with opened, cores.all_of_them():
            return hashlib.file_digest(opened, "sha256").hexdigest()


def describe(file, probe, hashed, at_once=lambda: True, new=False):
    """A File as the Video a model is asked about."""
    return Video(
        path=file.path,
        name=file.name,
        size=file.size,
        duration=probe.duration,
        width=probe.width,
        height=probe.height,
        fps=probe.fps,
        codec=probe.codec,
        has_audio=probe.has_audio,
        hashed=hashed,
        at_once=at_once,
        new=new,
    )


def sampled(opened, size):
    found = hashlib.sha256(str(size).encode())
    for at in (0, size // 2, size - SAMPLE_BYTES):
        opened.seek(max(0, at))
        found.update(opened.read(SAMPLE_BYTES))
    return found.hexdigest()
