"""A line as it was spoken: 16-bit samples, to be trimmed and written."""

import os
import secrets
import wave
from array import array

BLOCK_S = 0.005
QUIET = 1 / 200  # of the loudest sample: 46 dB below it
LEAD_S, TAIL_S = 0.015, 0.05  # left of the silence around: consonants begin and end softly
FADE_IN_S, FADE_OUT_S = 0.004, 0.02


class Sound:
    def __init__(self, samples, rate):
        self.samples, self.rate = samples, rate
        loudest = max(max(samples), -min(samples)) if samples else 0
        self.is_silent = loudest < 33  # 60 dB below full scale
        self._quiet = loudest * QUIET

    @classmethod
    def of_bytes(cls, pcm, rate):
        return cls(array("h", bytes(pcm)), rate)

    @property
    def seconds(self):
        return len(self.samples) / self.rate

    def end_of_sound(self, start, end):
        """Where the silence begins that ends at `end`; `start` when that is all there is."""
        block = round(BLOCK_S * self.rate)
        at, first = round(end * self.rate), round(start * self.rate)
        while at > first and not self._heard(max(first, at - block), at):
            at -= block
        return max(start, at / self.rate)

    def trimmed(self):
        """Without the silence at its ends; and how many seconds were cut from the start."""
        block = round(BLOCK_S * self.rate)
        first = 0
        while first < len(self.samples) and not self._heard(first, first + block):
            first += block
        first = max(0, first - round(LEAD_S * self.rate))
        last = round((self.end_of_sound(0, self.seconds) + TAIL_S) * self.rate)
        kept = Sound(self.samples[first:last], self.rate)
        kept._fade()
        return kept, first / self.rate

    def write(self, folder):
        """A WAV file of a name of its own, there only when it is complete."""
        path = folder / f"speech-{secrets.token_hex(8)}.wav"
        part = path.with_suffix(".part")
        try:
            with wave.open(str(part), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(self.rate)
                file.writeframes(self.samples.tobytes())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def _heard(self, start, end):
        block = self.samples[start:end]
        return len(block) > 0 and max(max(block), -min(block)) > self._quiet

    def _fade(self):
        # What is cut off in the middle of a wave clicks.
        for seconds, end in ((FADE_IN_S, 1), (FADE_OUT_S, -1)):
            count = min(round(seconds * self.rate), len(self.samples))
            for n in range(count):
                at = n if end == 1 else -1 - n
                self.samples[at] = self.samples[at] * n // count
