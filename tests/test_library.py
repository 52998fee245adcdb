"""Which file a name means, and that no name means a file outside of the library."""

import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from server import names
from server.errors import InvalidQuestion, MediaError, ServerError, TooBusy, VideoNotFound
from server.library import Library
from server.thumbnails import Thumbnails
from server.uploads import Upload
from tests.live import until


@pytest.fixture
def library(make_settings):
    library = Library(make_settings())
    library.prepare()
    return library


@pytest.fixture
def put(library, clip):
    def put(*put_names):
        for name in put_names:
            path = library.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip, path)
        return path

    return put


@pytest.mark.parametrize("name", ["../clip.mp4", "concat:clip.mp4", str(Path(__file__))])
def test_what_is_no_plain_name_is_refused_without_a_word_of_where_things_are(library, put, name):
    put("clip.mp4")
    for path, stem in ((name, None), (None, name), (name, "clip")):
        with pytest.raises(InvalidQuestion) as refused:
            library.find(path, stem)
        assert str(library.folder) not in refused.value.message


def test_a_video_is_found_by_name_stem_and_in_its_folder(library, put):
    put("match.mp4", "clips/goal.mp4")
    for name, stem in [
        ("match.mp4", None),
        (None, "match"),
        (None, "match.mp4"),
        ("./match.mp4", None),
        ("videos/match.mp4", None),
        ("data/videos/match.mp4", None),
        ("match.mp4", "65f0c0ffee-an-id-of-a-vendor"),
    ]:
        assert library.find(name, stem).name == "match.mp4"
    assert library.find("clips/goal.mp4", None).name == "clips/goal.mp4"


def test_a_video_carries_what_the_probe_and_the_bytes_say(library, put, clip):
    path = put("match.mp4")
    video = library.find("match.mp4", None)
    assert video.path == path and path.is_absolute()
    assert video.size == clip.stat().st_size
    assert video.duration > 0 and video.width > 0 and video.height > 0 and video.codec


def test_a_folder_called_videos_goes_before_the_spelling_of_older_clients(library, put):
    put("match.mp4", "videos/match.mp4")
    assert library.find("videos/match.mp4", None).name == "videos/match.mp4"


@pytest.mark.parametrize(
    "name", ["gone.mp4", "notes.txt", "gone/match.mp4", ".hidden.mp4", "x.part"]
)
def test_what_is_not_there_is_not_found(library, put, name):
    put("match.mp4", "notes.txt", ".hidden.mp4", "x.part")
    with pytest.raises(VideoNotFound):
        library.find(name, None)


def test_links_pipes_and_folders_are_not_there(library, put, clip, tmp_path):
    put("real/match.mp4")
    (library.folder / "link.mp4").symlink_to(clip)
    (library.folder / "linked").symlink_to(clip.parent)
    (library.folder / "folder.mp4").mkdir()
    os.mkfifo(library.folder / "pipe.mp4")
    shutil.copy(clip, tmp_path / "elsewhere.mp4")
    (library.folder / "second_name.mp4").hardlink_to(tmp_path / "elsewhere.mp4")
    for name in ("link.mp4", "linked/clip.mp4", "folder.mp4", "pipe.mp4", "second_name.mp4"):
        with pytest.raises(VideoNotFound):
            library.find(name, None)
    assert [file.name for file in library.files()] == ["real/match.mp4"]


def test_a_file_exchanged_for_something_else_while_we_look_is_not_opened(library, put, clip):
    path = put("match.mp4")
    path.unlink()
    path.symlink_to(clip)
    with pytest.raises(VideoNotFound):
        library._open("match.mp4")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(VideoNotFound):
        library._open("match.mp4")


@pytest.mark.parametrize(
    "name", ["试合.mp4", "матч.mp4", "مباراة.mp4", "👩‍💻 50% off.mp4", "a b'c\"d.MP4"]
)
def test_names_of_all_scripts_are_names(library, put, name):
    put(name)
    assert library.find(name, None).name == name
    assert library.find(None, names.stem(name)).name == name


def test_a_name_is_found_however_its_accents_are_written(library, put):
    apart = unicodedata.normalize("NFD", "é.mp4")
    put(apart)
    assert library.find("\u00e9.mp4", None).name == apart
    put("\u00e9.mp4")
    assert library.find("\u00e9.mp4", None).name == "\u00e9.mp4"
    assert library.find(apart, None).name == apart


def test_a_stem_of_two_files_means_neither(library, put):
    put("match.mp4", "match.mkv")
    with pytest.raises(InvalidQuestion, match="match.mkv, match.mp4"):
        library.find(None, "match")
    assert library.find(None, "match.mkv").name == "match.mkv"


def test_equal_bytes_have_equal_digests_and_are_read_once(library, put, monkeypatch):
    put("a.mp4", "b.mp4")
    hashed = []
    real = library.contents._hash
    monkeypatch.setattr(
        library.contents, "_hash", lambda file: hashed.append(file.name) or real(file)
    )
    digests = {library.find(name, None).digest for name in ("a.mp4", "b.mp4", "a.mp4", "b.mp4")}
    assert len(digests) == 1 and hashed == ["a.mp4", "b.mp4"]


def test_a_film_is_new_until_its_bytes_are_known_whatever_they_are_called(library, put):
    put("a.mp4", "b.mp4")
    first = library.find("a.mp4", None)
    assert first.new
    assert first.digest and not library.find("a.mp4", None).new
    assert not library.find("b.mp4", None).new
    with open(library.folder / "b.mp4", "ab") as file:
        file.write(b"\0\0\0\x08free")
    assert library.find("b.mp4", None).new


def test_a_new_film_is_hashed_while_nobody_waits_for_it(library, put):
    put("a.mp4")
    library.find("a.mp4", None)
    until(lambda: not library.find("a.mp4", None).new)


def test_changed_bytes_are_looked_at_anew(library, put):
    path = put("a.mp4")
    before = library.find("a.mp4", None)
    digest = before.digest
    with open(path, "ab") as file:
        file.write(b"\0\0\0\x08free")
    after = library.find("a.mp4", None)
    assert after.digest != digest and after.size == before.size + 8


def test_a_file_that_is_no_video_is_refused_without_its_path(library):
    (library.folder / "fake.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    with pytest.raises(MediaError) as refused:
        library.find("fake.mp4", None)
    assert str(library.folder) not in refused.value.message


def test_a_ready_library_has_no_problems(library):
    assert library.problems() == []


def test_a_missing_ffmpeg_is_a_problem_and_not_the_fault_of_the_file(library, put, monkeypatch):
    from server import media

    def missing():
        raise MediaError("There is no ffmpeg.")

    put("a.mp4")
    monkeypatch.setattr(media, "ffmpeg", missing)
    assert library.problems() == ["There is no ffmpeg."]
    with pytest.raises(TooBusy):
        library.find("a.mp4", None)


def test_a_data_folder_that_cannot_be_written_is_a_problem_and_no_crash(make_settings, tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    library = Library(make_settings())
    library.prepare()
    assert "DATA_DIR" in library.problems()[0]
    with pytest.raises(ServerError) as refused:
        Upload(library, "a.mp4")
    assert refused.value.status == 503


def test_a_full_disk_is_a_problem(library):
    library.spare_bytes = 1 << 60
    assert "nearly full" in library.problems()[0]


def test_starting_clears_what_a_dead_process_left_and_not_what_a_living_one_writes(library):
    dead = library.folder / ".0123.part"
    dead.write_bytes(b"half a video")
    alive = Upload(library, "a.mp4")
    alive.write(b"half of another")
    library.prepare()
    assert not dead.exists()
    assert len(list(library.folder.iterdir())) == 1
    alive.close()
    assert list(library.folder.iterdir()) == []


def test_thumbnails_are_kept_and_bounded(library, put, tmp_path):
    put("a.mp4")
    file = library.locate("a.mp4")
    thumbnails = Thumbnails(tmp_path / "pictures", max_bytes=1)
    thumbnails.folder.mkdir()
    assert thumbnails.get(file, 0.0, 64).startswith(b"\xff\xd8")
    assert list(thumbnails.folder.iterdir()) == []  # larger than all there is room for
    thumbnails = Thumbnails(thumbnails.folder, max_bytes=100_000)
    first = thumbnails.get(file, 0.0, 64)
    os.unlink(file.path)
    assert thumbnails.get(file, 0.0, 64) == first
