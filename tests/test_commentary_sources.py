"""Films of all kinds: each gets a commentary, whole, or is refused in clear words."""

import os

import pytest

from server import media
from tests import clips
from tests.commentaries import check, of, told
from tests.live import serving
from tests.packets import contents

SOUND = "sine=440:r=44100"
LENGTH_S = 13.0
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50")


def moving(path, seconds=LENGTH_S, sound=SOUND, **more):
    clips.moving(path, seconds, sound, **more)


def rotated(path):
    moving(path.with_suffix(".flat.mp4"))
    clips.ffmpeg(
        "-i", path.with_suffix(".flat.mp4"), "-c", "copy", *("-metadata:s:v", "rotate=90"), path
    )


def variable(path):
    moving(path.with_suffix(".flat.mp4"))
    clips.ffmpeg(
        *("-i", path.with_suffix(".flat.mp4"), "-vf", "select='not(mod(n,3))+gt(mod(n,50),30)'"),
        *("-fps_mode", "vfr", *X264, "-pix_fmt", "yuv420p", "-c:a", "copy", path),
    )


def late_sound(path):
    moving(path.with_suffix(".flat.mp4"))
    flat = path.with_suffix(".flat.mp4")
    clips.ffmpeg(
        *("-i", flat, "-itsoffset", 3, "-i", flat, "-map", "0:v", "-map", "1:a"),
        *("-c", "copy", path),
    )


def truncated(path):
    whole = path.with_suffix(".whole.mp4")
    clips.moving(whole, LENGTH_S, SOUND, options=(*clips.QUICK, "-movflags", "+faststart"))
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.7)])


FILMS = {
    "plain.mp4": moving,
    "silent.mp4": lambda path: moving(path, sound=None),
    "odd.mp4": lambda path: moving(path, size="321x181", options=(*X264, "-pix_fmt", "yuv444p")),
    "hevc.mp4": lambda path: moving(
        path, options=("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    ),
    "vp9.webm": lambda path: moving(
        path,
        options=(
            "-c:v",
            "libvpx-vp9",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
            "-c:a",
            "libopus",
        ),
    ),
    "fragments.mp4": lambda path: moving(
        path, options=(*clips.QUICK, "-movflags", "+frag_keyframe+empty_moov")
    ),
    "mono.mkv": lambda path: moving(path, options=(*X264, "-pix_fmt", "yuv420p", "-ac", "1")),
    "rotated.mp4": rotated,
    "variable.mp4": variable,
    "late.mp4": late_sound,
    "instant.mp4": lambda path: moving(path, seconds=0.04, sound=None),
    "truncated.mp4": truncated,
}


# What is playable as it is, is never encoded.
COPIED = ("plain.mp4", "silent.mp4", "fragments.mp4", "rotated.mp4", "variable.mp4", "late.mp4")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    (folder / "data" / "videos").mkdir(parents=True)
    with serving(folder / "data") as server:
        yield server


@pytest.mark.parametrize("name", FILMS)
def test_it_gets_a_commentary_from_its_beginning_to_its_end(server, tmp_path, name):
    FILMS[name](tmp_path / name)
    os.replace(tmp_path / name, server.data_dir / "videos" / name)
    source = server.data_dir / "videos" / name
    events = check(told(server, name))
    chunks = of(events, "chunk_ready")
    assert chunks and chunks[0]["start_s"] == 0.0
    if name == "truncated.mp4" and not of(events, "complete"):
        assert events[-1][1]["code"] == "media"  # what could be read was cut, and then it is said
        return
    complete = of(events, "complete")[0]
    final = server.data_dir / "generated" / complete["final_video"]
    probe, before = media.probe(final), media.probe(source)
    assert (probe.width, probe.height) == (before.width // 2 * 2, before.height // 2 * 2)
    assert probe.rotation == before.rotation
    if name != "truncated.mp4":
        assert abs(probe.duration - before.duration) <= 0.045
        assert pictures(final) == pictures(source)
    if name in COPIED:
        assert contents(final) == contents(source)


def pictures(path):
    """How many there are."""
    shown = media.lines(path, ["-map", "0:V:0", "-vf", "metadata=print:file=-:direct=1"])
    return sum(line.startswith("frame:") for line in shown)


@pytest.mark.parametrize("content", [b"", b"<html>", b"#EXTM3U\nfile:///etc/passwd\n"])
def test_what_is_no_film_is_refused_before_any_stream(server, content):
    (server.data_dir / "videos" / "nothing.mp4").write_bytes(content)
    status, found = server.get("/api/analyze-stream/nothing.mp4")
    assert status == 422 and found["status"] == "error"
