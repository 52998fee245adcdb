"""Where a source can be cut: what the index of a file says, held against ffmpeg itself."""

import random
import struct
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import media
from server.media import fragments, mp4_index
from server.media.footage import LONGEST_GAP_S, borders
from server.media.key_frames import is_idr

from . import clips
from .packets import packets

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "50", "-pix_fmt", "yuv420p")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("footage")


def film(path, *options, rate="30000/1001", before=(), seconds=7):
    picture = ["-f", "lavfi", "-i", f"testsrc=s=320x180:r={rate}:d={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=440:r=44100:d={seconds}"]
    clips.ffmpeg(*before, *picture, *sound, *H264, "-c:a", "aac", *options, path)
    return path


VFR = (
    "-vf",
    "select='not(mod(n,3))+lt(mod(n,50),20)'",
    "-fps_mode",
    "vfr",
    "-enc_time_base",
    "1/90000",
)
KINDS = {
    "mp4": {},
    "mov": {"name": "film.mov"},
    "faststart": {"options": ("-movflags", "+faststart")},
    "no edit list": {"options": ("-use_editlist", "0")},
    "negative offsets": {"options": ("-movflags", "+negative_cts_offsets")},
    "picture starts late": {"before": ("-itsoffset", "0.7")},
    "variable frame rate": {"options": VFR},
    "a timescale of 10 MHz": {"options": ("-video_track_timescale", "10000000")},
    "intra only": {"options": ("-g", "1"), "rate": 25},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_frames_are_those_ffmpeg_finds(each_binary, tmp_path, kind):
    more = dict(KINDS[kind])
    path = film(tmp_path / more.pop("name", "film.mp4"), *more.pop("options", ()), **more)
    found = media.footage(path, media.probe(path))
    truth = packets(path)
    assert found.frames == len(truth)
    assert [n for _, n in found.keys] == [n for n, packet in enumerate(truth) if packet.key]
    for time_, n in found.keys:
        assert time_ == pytest.approx(float(truth[n].pts), abs=2e-6)
    # Not to the last packet: the sound goes on, or the last picture is held.
    assert found.duration == pytest.approx(media.probe(path).duration, abs=0.02)


def test_an_edit_that_begins_before_the_first_picture_is_read_as_ffmpeg_reads_it(
    each_binary, tmp_path
):
    path = film(tmp_path / "film.mp4")
    data = bytearray(path.read_bytes())
    entry = data.find(b"elst") + 12
    struct.pack_into(">Ii", data, entry, 2**31 - 1, 0)
    path.write_bytes(data)
    found, truth = media.footage(path, media.probe(path)), packets(path)
    assert found.keys[1][0] == pytest.approx(float(truth[found.keys[1][1]].pts), abs=2e-6)


@pytest.mark.parametrize("preset", ["medium", "ultrafast"])  # pictures lead key frames, and not
def test_key_frames_that_browsers_cannot_begin_with_are_no_borders(tmp_path, preset):
    options = ("-x264-params", "open-gop=1:keyint=50:bframes=3", "-preset", preset)
    path = film(tmp_path / "open.mp4", *options)
    assert len([packet for packet in packets(path) if packet.key]) > 2
    assert [n for _, n in media.footage(path, media.probe(path)).keys] == [0]
    assert refused(film(tmp_path / "long.mp4", *options, rate=10, seconds=LONGEST_GAP_S + 1))


def test_where_some_key_frames_cannot_be_begun_with_the_others_are_borders(tmp_path):
    path = film(tmp_path / "film.mp4", "-g", "25", rate=25, seconds=20)
    index = mp4_index.read(path)
    data = bytearray(path.read_bytes())
    not_one = index.keys[7]
    place = data.index(b"\x65", index.offsets[not_one])  # the head of its first unit
    data[place] = 0x61  # a picture like any other
    path.write_bytes(data)
    found = media.footage(path, media.probe(path))
    assert [n for _, n in found.keys] == [n for n in index.keys if n != not_one]


@given(st.binary(max_size=200), st.integers(1, 4))
def test_no_picture_does_harm(tmp_path_factory, data, width):
    path = tmp_path_factory.mktemp("picture") / "picture"
    path.write_bytes(data)
    with open(path, "rb") as file:
        assert is_idr(file, 0, len(data), width) in (True, False)


@pytest.mark.parametrize(
    "units, idr",
    [
        ([b"\x65"], True),
        ([b"\x41"], False),
        ([b"\x09\xf0", b"\x67" + b"x" * 5000, b"\x68", b"\x06", b"\x65"], True),
        ([b"\x06", b"\x01", b"\x65"], False),
        ([b"\x06"], False),
        ([], False),
    ],
)
def test_the_first_picture_within_decides(tmp_path, units, idr):
    data = b"".join(len(unit).to_bytes(4) + unit for unit in units)
    (tmp_path / "film").write_bytes(b"before" + data + b"\0\0\0\1\x65")
    with open(tmp_path / "film", "rb") as file:
        assert is_idr(file, 6, len(data), 4) is idr


def test_a_film_of_one_picture_is_footage(tmp_path):
    path = tmp_path / "one.mp4"
    clips.ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64:r=25:d=0.04", *H264, path)
    found = media.footage(path, media.probe(path))
    assert (found.frames, found.keys, found.duration) == (1, ((0.0, 0),), pytest.approx(0.04))


def refused(path):
    return media.footage(path, media.probe(path)) is None


@pytest.mark.parametrize(
    "name, options",
    [
        ("film.mkv", ()),
        ("film.mp4", ("-movflags", "+frag_keyframe+empty_moov")),
        ("film.mp4", ("-pix_fmt", "yuv444p")),
        ("film.mp4", ("-c:v", "mpeg4")),
        ("film.mp4", ("-map", "0:v", "-map", "0:v", "-map", "1:a")),
    ],
    ids=["matroska", "fragments", "4:4:4", "another codec", "two pictures"],
)
def test_what_cannot_be_copied_is_refused(tmp_path, name, options):
    assert refused(film(tmp_path / name, *options))


def test_a_film_with_rare_key_frames_or_hidden_pictures_is_refused(tmp_path):
    seconds = LONGEST_GAP_S + 1
    rare = film(tmp_path / "rare.mp4", "-g", "1000", rate=10, seconds=seconds)
    assert refused(rare)
    film(tmp_path / "often.mp4", rate=10, seconds=seconds)
    assert not refused(tmp_path / "often.mp4")
    clips.ffmpeg("-ss", 3.1, "-i", tmp_path / "often.mp4", "-c", "copy", tmp_path / "cut.mp4")
    assert refused(tmp_path / "cut.mp4")


def test_a_film_that_was_cut_off_is_refused(folder, tmp_path):
    data = film(tmp_path / "film.mp4", "-movflags", "+faststart").read_bytes()
    half = tmp_path / "half.mp4"
    half.write_bytes(data[: len(data) * 9 // 10])
    assert refused(half)


def test_an_hour_costs_little(folder):
    once, hour = film(folder / "once.mp4"), folder / "hour.mp4"
    clips.ffmpeg("-stream_loop", 514, "-i", once, "-c", "copy", hour)
    probe = media.probe(hour)
    began = time.process_time()
    found = media.footage(hour, probe)
    assert time.process_time() - began < 2
    assert found.frames > 100_000 and found.duration > 3600


@pytest.fixture(scope="module")
def moov(folder):
    path = film(folder / "small.mp4", seconds=1)
    data = path.read_bytes()
    begin = data.find(b"moov") - 4
    return data[:begin], data[begin:]


NASTY = [0, 1, 0x7F, 0x80, 0xFF]


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 6))
def test_no_index_does_harm(moov, folder, seed, changes):
    head, index = moov[0], bytearray(moov[1])
    choose = random.Random(seed)
    for _ in range(changes):
        place = choose.randrange(len(index) - 8)
        kind = choose.randrange(4)
        if kind == 0:
            index[place] = choose.choice(NASTY)
        elif kind == 1:
            index[place : place + 4] = struct.pack(">I", choose.choice([0, 1, 2**31, 2**32 - 1]))
        elif kind == 2:
            del index[place : place + choose.randrange(1, 9)]
        else:
            index[place : place + 8] = index[:8]
    path = folder / "hostile.mp4"
    path.write_bytes(head + index)
    tracemalloc.start()
    try:
        read = mp4_index.read(path)
        assert fragments.initialisation(read, 0, 1.0)  # what it says of itself can be written
        assert len(read.pts) == len(read.dts) - 1 == len(read.offsets) <= mp4_index.MAX_SAMPLES
        list(borders(read))
    except mp4_index.Unreadable:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 64 << 20


def test_a_description_without_its_parameters_is_not_copied(moov, tmp_path):
    head, index = moov
    path = tmp_path / "hostile.mp4"
    for broken in (index.replace(b"avcC", b"free"), grown(index, b"avcC")):
        path.write_bytes(head + broken)
        with pytest.raises(mp4_index.Unreadable):
            mp4_index.read(path)


def grown(index, kind):
    """That box says it is longer than what it is in."""
    at = index.index(kind) - 4
    return index[:at] + struct.pack(">I", 1 << 20) + index[at + 4 :]


def test_boxes_in_a_ring_of_sizes_end(tmp_path):
    path = tmp_path / "x.mp4"
    for size in (0, 1, 7, 8, 2**31, 2**32 - 1):
        path.write_bytes(struct.pack(">I4s", size, b"free") * 20_000)
        with pytest.raises(mp4_index.Unreadable):
            mp4_index.read(path)
    path.write_bytes(struct.pack(">I4sQ", 1, b"moov", 2**64 - 1))
    with pytest.raises(mp4_index.Unreadable):
        mp4_index.read(path)
