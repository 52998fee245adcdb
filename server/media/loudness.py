"""How loud a voice is (EBU R 128), so that all voices can be made as loud as each other."""

import math
import re

from ..errors import MediaError
from .process import output
from .reading import QUIET

RATE = 48_000
# Shorter than one block of the measure there is no loudness, nor below its gate.
SHORTEST_S, GATE_LUFS = 0.4, -70.0
# The measure looks at tenths of a second: what remains after the last would be missed.
REST = RATE // 10
MEASURE_S = 60.0
MEASURED = re.compile(
    r"^lavfi\.(r128\.I|r128\.true_peak|astats\.Overall\.Number_of_samples)=(-?[\d.]+)$", re.M
)


def loudness(path, token=None):
    """(LUFS or None, true peak in dBTP or None, seconds) of a voice: MP3 or WAV. One channel
    counts as it will be heard, on both sides."""
    filters = (
        f"aresample={RATE},aformat=channel_layouts=mono,apad=pad_len={REST},"
        "ebur128=metadata=1:peak=true:dualmono=true,"
        "astats=metadata=1:measure_perchannel=none:measure_overall=Number_of_samples,"
        "ametadata=print:file=-:direct=1"
    )
    args = [*QUIET, "-protocol_whitelist", "file", "-format_whitelist", "mp3,wav"]
    args += ["-i", f"file:{path}", "-map", "0:a:0", "-af", filters, "-f", "null", "-"]
    said = b"".join(output(args, token, MEASURE_S)).decode(errors="replace")
    last = {name.rpartition(".")[2]: float(value) for name, value in MEASURED.findall(said)}
    samples = round(last.get("Number_of_samples", 0)) - REST
    if samples <= 0:
        raise MediaError("This voice has no sound that can be read.")
    seconds, lufs, peak = samples / RATE, last.get("I", GATE_LUFS), last.get("true_peak", 0.0)
    measured = seconds >= SHORTEST_S and lufs > GATE_LUFS
    return (lufs if measured else None), (20 * math.log10(peak) if peak > 0 else None), seconds
