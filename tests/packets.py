"""What is in a file, packet by packet, as an ffmpeg sees it."""

import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction

from server import media


@dataclass(frozen=True)
class Packet:
    dts: Fraction
    pts: Fraction
    duration: Fraction
    size: int
    crc: str
    key: bool

    @property
    def content(self):
        return self.size, self.crc


def packets(path, stream="0:V:0", before=()):
    command = [media.ffmpeg(), "-v", "error", *map(str, before), "-i", str(path)]
    command += ["-map", stream, "-c", "copy", "-f", "framecrc", "-"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    tick = Fraction(re.search(r"^#tb 0: (\S+)", said, re.M)[1])
    found = []
    for line in said.splitlines():
        if not line.startswith("#"):
            _, dts, pts, duration, size, crc, *more = line.split(",")
            times = (int(value) * tick for value in (dts, pts, duration))
            key = not any(word.strip().startswith("F=0x0") for word in more)
            found.append(Packet(*times, int(size), crc.strip(), key))
    return found


def contents(path, stream="0:V:0"):
    return [packet.content for packet in packets(path, stream)]
