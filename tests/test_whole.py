"""A file that lacks its end is known by what it says of itself; no other is taken for one."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies

from server import media
from server.errors import MediaError
from server.media.mp4_index import BOX, U64
from tests import clips

KINDS = {
    "index first": ("mp4", ["-movflags", "+faststart"]),
    "index last": ("mp4", []),
    "quicktime": ("mov", ["-movflags", "+faststart"]),
    "fragments": ("mp4", ["-movflags", "+frag_keyframe+empty_moov"]),
    "matroska": ("mkv", []),
}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return clips.moving(tmp_path_factory.mktemp("film") / "film.mp4", 3.0, sound="sine")


def made(film, folder, kind):
    ending, options = KINDS[kind]
    path = folder / f"made.{ending}"
    clips.ffmpeg("-i", film, "-c", "copy", *options, path)
    return path


def cut(path, kept):
    with open(path, "r+b") as file:
        file.truncate(kept)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_whole(film, tmp_path, kind):
    media.check_whole(made(film, tmp_path, kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [0.5, 1])
def test_a_file_whose_end_is_missing_is_refused(film, tmp_path, kind, missing):
    path = made(film, tmp_path, kind)
    size = path.stat().st_size
    if kind == "fragments":  # its very last box is of no use to a player
        size = path.read_bytes().rindex(b"mfra") - 4
    kept = size - missing if missing == 1 else size // 2
    with pytest.raises(MediaError, match="The end of this file is missing"):
        media.check_whole(cut(path, kept))


def test_a_recording_that_does_not_say_how_long_it_is_may_end_anywhere(film, tmp_path):
    path = tmp_path / "live.mkv"
    clips.ffmpeg("-i", film, "-c", "copy", "-live", "1", path)
    media.check_whole(path)
    media.check_whole(cut(path, path.stat().st_size // 2))


def box(kind, body=b"", size=None):
    return BOX.pack(len(body) + 8 if size is None else size, kind) + body


@pytest.mark.parametrize(
    "data, whole",
    [
        (b"", True),
        (b"no video at all, and nothing that looks like one", True),
        (box(b"ftyp") + box(b"mdat", b"pictures", 0), True),  # up to the end, wherever that is
        (box(b"ftyp") + box(b"mdat", U64.pack(24) + b"pictures", 1), True),
        (box(b"ftyp") + box(b"mdat", U64.pack(25) + b"pictures", 1), False),
        (box(b"ftyp") + box(b"moov") + b"\0\0\0\0" * 9, True),
        (box(b"ftyp") + box(b"moov") + b"left behind by a camera", True),
        (box(b"ftyp") + box(b"moov", size=9), False),
        (box(b"ftyp") + box(b"mdat", size=7), True),  # damaged: not ours to tell
        (b"\x1a\x45\xdf\xa3", True),
        (b"\x1a\x45\xdf\xa3\x00", True),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x82ab", True),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x82a", False),
        (b"\x1a\x45\xdf\xa3\x81x\x18\x53\x80\x67\x40\x03ab", False),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xffab", True),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7, True),
    ],
)
def test_only_what_is_said_of_pictures_and_index_counts(tmp_path, data, whole):
    path = tmp_path / "film"
    path.write_bytes(data)
    if whole:
        media.check_whole(path)
    else:
        with pytest.raises(MediaError):
            media.check_whole(path)


def test_what_is_not_there_is_left_to_others(tmp_path):
    media.check_whole(tmp_path / "gone")
    media.check_whole(tmp_path)


@given(strategies.sampled_from([b"", b"\x1a\x45\xdf\xa3", box(b"ftyp")]), strategies.binary())
def test_no_beginning_does_harm(tmp_path_factory, head, rest):
    path = tmp_path_factory.mktemp("film") / "film"
    path.write_bytes(head + rest)
    with suppress(MediaError):
        media.check_whole(path)
