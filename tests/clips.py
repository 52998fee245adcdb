"""Small clips whose truth is known, made by ffmpeg; and how to be another ffmpeg."""

import os
import subprocess
from pathlib import Path

import imageio_ffmpeg

from server import media
from server.contents import describe
from server.library import File
from server.providers.base import Call, Question, Usage

SMALL = "320x180"
QUICK = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")


def ffmpeg(*args):
    command = [media.ffmpeg(), "-nostdin", "-loglevel", "error", "-y", *map(str, args)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def clip(path, scenes, sound=None, rate=25, size=SMALL, options=()):
    """Scenes one after the other: ("red", 2.0) is a colour, anything with "=" a source."""
    args, joined = [], ""
    for number, (scene, seconds) in enumerate(scenes):
        source = scene if "=" in scene else f"color=c={scene}"
        args += ["-f", "lavfi", "-t", seconds, "-i", f"{source}:s={size}:r={rate}"]
        joined += f"[{number}:v]"
    graph = f"{joined}concat=n={len(scenes)}[v]"
    maps = ["-map", "[v]"]
    if sound:
        total = sum(seconds for _, seconds in scenes)
        args += ["-f", "lavfi", "-t", total, "-i", sound]
        maps += ["-map", f"{len(scenes)}:a", "-c:a", "aac"]
    ffmpeg(*args, "-filter_complex", graph, *maps, *(options or QUICK), path)
    return Path(path)


def moving(path, seconds=4.0, sound=None, **more):
    return clip(path, [("testsrc=decimals=0", seconds)], sound, **more)


def noise(path, seconds, sound=False):
    """A long film that is quick to make and slow to decode."""
    once = Path(path).with_suffix(".once.mp4")
    inputs = ["-f", "lavfi", "-i", "color=gray:s=960x540:r=25:d=2,noise=alls=90:allf=t"]
    if sound:
        inputs += ["-f", "lavfi", "-i", "sine=440:d=2", "-c:a", "aac"]
    ffmpeg(*inputs, *QUICK, "-crf", 30, once)
    ffmpeg("-stream_loop", round(seconds / 2) - 1, "-i", once, "-c", "copy", path)
    return Path(path)


BINARIES = {
    "installed": None,
    "wheel": imageio_ffmpeg.get_ffmpeg_exe(),
}


def use_binary(name, monkeypatch, folder):
    """Put that ffmpeg first on PATH, for this test."""
    if BINARIES[name]:
        folder.mkdir(exist_ok=True)
        (folder / "ffmpeg").symlink_to(BINARIES[name])
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    media.binary.found.cache_clear()


def video(path):
    path = Path(path)
    found = path.stat()
    file = File(path.name, path, found.st_size, found.st_mtime_ns)
    return describe(file, media.probe(path), lambda: "0" * 64)


def question(path, start=None, end=None):
    return Question("What happens?", video(path), start, end)


def answer(provider, asked, token):
    """The text and the Usage of a whole answer."""
    pieces = list(provider.answer(asked, Call(token)))
    assert isinstance(pieces[-1], Usage)
    return "".join(pieces[:-1]), pieces[-1]


def children(named="ffmpeg"):
    """The process ids of ffmpegs, or others, this process has."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in _read(task / "children").split():
            if (name := _read(Path(f"/proc/{pid}/comm"))) and named in name:
                found.append(int(pid))
    return found


def _read(path):
    """What /proc says; nothing of a thread or a process that has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
