"""Films that cannot be copied: every picture kept at its time, in parts that come early."""

import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import Abandoned, MediaError
from server.media import mp4_index

from . import clips
from .live import SOON_S, until
from .marks import film, flashes
from .measured import measured
from .packets import packets

SECONDS = 6.0
BORDERS = [2.0, 4.0]
VFR = ("-vf", "select='not(mod(n,3))+lt(mod(n,50),20)'", "-fps_mode", "vfr")


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    until(lambda: not clips.children(), 2)


def converted(source, folder, borders=BORDERS):
    folder.mkdir(exist_ok=True)
    parts = list(media.convert(source, folder, borders))
    assert sorted(folder.iterdir()) == [part.path for part in parts]
    for part, following in zip(parts, parts[1:], strict=False):
        assert part.end == following.start
    return parts


def shown(path):
    """When each picture of a film is shown, from the film's start."""
    command = [media.ffmpeg(), "-v", "error", "-copyts", "-i", path, "-map", "0:V:0"]
    command += ["-vf", "settb=1/720000,metadata=add:key=k:value=1,metadata=print:file=-"]
    command += ["-fps_mode", "passthrough", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    start = media.probe(path).start
    ticks = [int(line.split("pts:")[1].split()[0]) for line in said.splitlines() if "pts:" in line]
    return [tick / 720000 - start for tick in ticks]


KINDS = {
    "HEVC": {"options": ("-c:v", "libx265", "-x265-params", "log-level=none"), "name": "film.mp4"},
    "VP9": {"options": ("-c:v", "libvpx-vp9", "-deadline", "realtime"), "name": "film.webm"},
    "variable frame rate": {"options": (*VFR, "-enc_time_base", "1/90000")},
    "picture starts late": {"before": ("-itsoffset", "0.7")},
    "transport stream": {"before": ("-itsoffset", "0.5"), "name": "film.ts"},
    "10 bits": {"options": ("-pix_fmt", "yuv420p10le")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_there_at_its_time(each_binary, tmp_path, kind):
    more = dict(KINDS[kind])
    name, options = more.pop("name", "film.mkv"), more.pop("options", ())
    sound = ("-c:a", "libopus") if name.endswith("webm") else ()
    source = film(tmp_path / name, SECONDS, *options, *sound, **more)
    truth, found = [0.0, *shown(source)[1:]], []
    parts = converted(source, tmp_path / "parts")
    assert len(parts) == 3
    for part in parts:
        probe, index = media.probe(part.path), mp4_index.read(part.path)
        assert (probe.codec, probe.pixel_format, probe.start) == ("h264", "yuv420p", 0)
        assert min(index.pts) == 0 and media.footage(part.path, probe)
        found += sorted(part.start + pts / index.timescale for pts in index.pts)
    assert found == pytest.approx(truth, abs=0.0001)
    assert parts[0].start == 0
    assert parts[-1].end == pytest.approx(media.probe(source).duration, abs=0.05)
    for border, part in zip(BORDERS, parts[1:], strict=True):
        assert part.start == min(time for time in found if time >= border - 0.001)


def test_the_flashes_of_the_parts_are_those_of_the_film(tmp_path):
    source = film(tmp_path / "film.webm", SECONDS, "-c:v", "libvpx", "-c:a", "libopus")
    found = []
    for part in converted(source, tmp_path / "parts"):
        found += [part.start + time for time in flashes(part.path)]
    assert found == pytest.approx(flashes(source), abs=0.002)


@pytest.mark.parametrize(
    "size, options, expected",
    [
        ("321x181", ("-pix_fmt", "yuv444p"), (320, 180)),
        ("2x2", (), (2, 2)),
        ("320x240", ("-aspect", "16:9"), (426, 240)),
        ("2560x1440", ("-frames:v", "5"), (1920, 1080)),
    ],
)
def test_sizes_become_even_square_and_no_larger_than_can_be_kept_up_with(
    tmp_path, size, options, expected
):
    source = tmp_path / "film.mkv"
    args = ("-f", "lavfi", "-i", f"testsrc=s={size}:r=25:d=0.2", "-c:v", "ffv1")
    clips.ffmpeg(*args, *options, source)
    [part] = converted(source, tmp_path / "parts")
    probe = media.probe(part.path)
    assert (probe.width, probe.height) == expected
    assert len(packets(part.path)) == 5


def test_a_turned_film_is_upright(tmp_path):
    source, turned = film(tmp_path / "film.mp4", 1.0, "-pix_fmt", "yuv444p"), tmp_path / "t.mp4"
    command = [clips.BINARIES["wheel"], "-v", "error", "-display_rotation", "90", "-i", source]
    subprocess.run([*command, "-c", "copy", turned], check=True)
    [part] = converted(turned, tmp_path / "parts", [])
    probe = media.probe(part.path)
    assert (probe.width, probe.height, probe.rotation) == (90, 160, 0)


@pytest.mark.parametrize("pictures", [1, 2])
def test_a_film_of_one_picture(each_binary, tmp_path, pictures):
    source = tmp_path / "one.webm"
    args = ("-f", "lavfi", "-i", "color=red:s=64x64:r=25", "-frames:v", pictures)
    clips.ffmpeg(*args, "-c:v", "libvpx", source)
    [part] = converted(source, tmp_path / "parts")
    assert len(packets(part.path)) == pictures
    assert part.start == 0 and part.end == pytest.approx(pictures * 0.04, abs=0.011)


def test_a_picture_that_ends_before_the_sound_is_held(tmp_path):
    source = tmp_path / "film.mkv"
    picture = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=2")
    clips.ffmpeg(*picture, "-f", "lavfi", "-i", "sine=d=6", "-c:v", "ffv1", source)
    parts = converted(source, tmp_path / "parts", [1.0])
    assert [part.end for part in parts] == pytest.approx([1.0, 6.0], abs=0.05)


def test_a_picture_that_changes_its_size_is_not_taken_for_the_first(each_binary, tmp_path):
    sizes, source = ("320x180", "480x270"), tmp_path / "source.ts"
    for size, offset in zip(sizes, (0, 3)):
        options = (*clips.QUICK, "-bf", "0", "-output_ts_offset", offset, "-muxdelay", "0")
        clips.moving(tmp_path / f"{size}.ts", 3.0, size=size, options=options)
    source.write_bytes(b"".join((tmp_path / f"{size}.ts").read_bytes() for size in sizes))
    times = []
    for part in converted(source, tmp_path / "parts", [2.0, 4.0]):
        times += [part.start + time for time in shown(part.path)]
    assert len(times) == 150 and times == sorted(times)
    steps = [after - before for before, after in zip(times, times[1:])]
    assert max(steps) < 0.06 and min(steps) > 0.02


def test_of_half_a_film_the_half_comes_then_the_error(each_binary, tmp_path):
    whole, half = tmp_path / "whole.mp4", tmp_path / "half.mp4"
    options = ("-c:v", "mpeg4", "-g", "10", "-b:v", "1M", "-minrate", "1M", "-movflags")
    film(whole, 12.0, *options, "+faststart")
    data = whole.read_bytes()
    half.write_bytes(data[: len(data) // 2])
    folder, parts = tmp_path / "parts", []
    folder.mkdir()
    with pytest.raises(MediaError, match="damaged"):
        for part in media.convert(half, folder, [2.0, 4.0, 6.0, 8.0, 10.0]):
            parts.append(part)
    assert 1 < parts[-1].end < 11
    assert sorted(folder.iterdir()) == [part.path for part in parts]
    for part in parts:
        assert len(packets(part.path)) > 0


def test_what_has_no_picture_is_an_error_and_leaves_nothing(tmp_path):
    source, folder = tmp_path / "sound.mkv", tmp_path / "parts"
    folder.mkdir()
    clips.ffmpeg("-f", "lavfi", "-i", "sine=d=1", source)
    with pytest.raises(MediaError):
        list(media.convert(source, folder, [0.5]))
    assert not list(folder.iterdir())


@measured
def test_the_first_part_comes_before_the_film_is_converted(tmp_path):
    source = clips.noise(tmp_path / "film.mp4", 6)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    parts = media.convert(source, folder, [1.0, 2.0])
    assert next(parts).end == 1.0
    first = time.monotonic() - began
    assert len(list(parts)) == 2
    assert first < 0.6 * (time.monotonic() - began)


def test_who_stops_asking_leaves_no_process_and_no_half_part(tmp_path):
    source = clips.noise(tmp_path / "film.mp4", 10)
    parts = media.convert(source, tmp_path, [0.4, 9.0])
    next(parts)
    assert clips.children()
    parts.close()
    assert not clips.children()
    assert [path.name for path in tmp_path.glob("part_*")] == ["part_000000.mp4"]


def test_a_cancelled_conversion_ends_at_once(tmp_path):
    source, token, ended = tmp_path / "film.mkv", CancelToken(), threading.Event()
    clips.noise(tmp_path / "film.mp4", 30).rename(source)

    def work():
        try:
            list(media.convert(source, tmp_path, [], token))
        except Abandoned:
            ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: list(tmp_path.glob("part_*")))
    token.cancel()
    assert ended.wait(SOON_S)
    thread.join()
    assert not list(tmp_path.glob("part_*"))
