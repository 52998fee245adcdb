"""A film that flashes and beeps at known times, and where flashes and beeps are found."""

import re
import subprocess
from array import array

from server import media

from . import clips

# 30 pictures at 29.97 a second, so that each mark is the time of a picture.
PERIOD_S = 1.001
BEEP_S = 0.05
BEEP = f"0.4*gt(t,0.5)*sin(2*PI*1000*mod(t,{PERIOD_S}))*lt(mod(t,{PERIOD_S}),{BEEP_S})"
FLASH = f"drawbox=c=white:t=fill:enable='gt(t,0.5)*lt(mod(t+0.0005,{PERIOD_S}),0.03)'"
H264 = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "45", "-pix_fmt", "yuv420p")
RATE = 48_000


def film(path, seconds, *options, rate="30000/1001", sound_rate=48000, late=0, before=()):
    """The sound comes `late` marks late: its first ones have no packets."""
    picture = f"color=black:s=160x90:r={rate}:d={seconds},{FLASH}"
    sound = f"aevalsrc='{BEEP}':s={sound_rate}:d={seconds - late * PERIOD_S}"
    inputs = ["-f", "lavfi", "-i", picture, "-itsoffset", f"{late * PERIOD_S:.6f}"]
    inputs += ["-f", "lavfi", "-i", sound]
    clips.ffmpeg(*before, *inputs, *H264, "-c:a", "aac", *options, path)
    return path


def marks(seconds, after=0.0):
    """When it flashes and beeps."""
    times = [n * PERIOD_S for n in range(1, int(seconds / PERIOD_S) + 1)]
    return [time for time in times if after <= time < seconds - BEEP_S]


def samples(path):
    """What is heard on the left, from the file's start on, at 48 kHz."""
    filters = f"aresample={RATE}:async=1:min_hard_comp=0.001:first_pts=0,pan=mono|c0=c0"
    command = [media.ffmpeg(), "-v", "error", "-i", str(path), "-map", "0:a:0"]
    command += ["-af", filters, "-f", "f32le", "-"]
    heard = array("f")
    heard.frombytes(subprocess.run(command, capture_output=True, check=True).stdout)
    return heard


def beeps(path, threshold=0.1):
    return onsets(samples(path), threshold)


def onsets(heard, threshold=0.1):
    """When, in seconds, it gets louder than that after at least 0.2 s below it."""
    found, loud_at, step = [], -RATE, RATE // 1000
    for begin in range(0, len(heard), step):
        block = heard[begin : begin + step]
        if max(block) > threshold or -min(block) > threshold:
            if begin - loud_at > RATE // 5:
                first = next(n for n, value in enumerate(block) if abs(value) > threshold)
                found.append((begin + first) / RATE)
            loud_at = begin
    return found


def flashes(path):
    """When it gets bright, on the same clock."""
    watch = "scale=16:16,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-:direct=1"
    command = [media.ffmpeg(), "-v", "error", "-copyts", "-i", str(path), "-map", "0:V:0"]
    command += ["-vf", watch, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found, dark, time, start = [], True, 0.0, media.probe(path).start
    for line in said.splitlines():
        if line.startswith("frame:"):
            time = float(re.search(r"pts_time:(\S+)", line)[1]) - start
        elif "YAVG" in line:
            bright = float(line.partition("=")[2]) > 100
            if bright and dark:
                found.append(time)
            dark = not bright
    return found


def rms(heard, begin, end):
    part = heard[round(begin * RATE) : round(end * RATE)]
    return (sum(value * value for value in part) / len(part)) ** 0.5
