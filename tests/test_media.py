"""ffmpeg, held to what it must do with good files, odd files and hostile ones."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import Abandoned, MediaError
from server.media import process
from server.media.reading import FORMATS

from . import clips
from .live import DEADLINE_S, until
from .measured import measured

ROOT = Path(__file__).parents[1]
TONE = "sine=440:r=48000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def film(folder):
    """Red, then blue from 2.0 s on; with a tone."""
    return clips.clip(folder / "film.mp4", [("red", 2), ("blue", 2)], TONE)


@pytest.fixture(scope="module")
def long_film(folder):
    return clips.noise(folder / "long.mp4", 120, sound=True)


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    until(lambda: not clips.children())
    assert process.LONG._value == process.SHORT._value == process.PLACES


def rotated(film, target, degrees):
    # The installed ffmpeg may be too old to write a rotation.
    command = [clips.BINARIES["wheel"], "-v", "error", "-y", "-display_rotation", str(degrees)]
    subprocess.run([*command, "-i", film, "-c", "copy", target], check=True)
    return target


def colour(jpeg, where="iw/2:ih/2"):
    """red, green or blue: whichever is most at that point of a picture."""
    command = [media.ffmpeg(), "-v", "error", "-f", "mjpeg", "-i", "-", "-vf", f"crop=2:2:{where}"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    rgb = subprocess.run(command, input=jpeg, capture_output=True, check=True).stdout[:3]
    return ("red", "green", "blue")[rgb.index(max(rgb))]


def size(jpeg, tmp_path):
    path = tmp_path / "one.avi"
    command = [media.ffmpeg(), "-v", "error", "-y", "-f", "mjpeg", "-i", "-", "-c", "copy", path]
    subprocess.run(command, input=jpeg, check=True)
    probe = media.probe(path)
    return probe.width, probe.height


def test_a_probe_says_what_a_file_is(each_binary, film):
    probe = media.probe(film)
    assert (probe.width, probe.height, probe.fps) == (320, 180, 25)
    assert probe.duration == pytest.approx(4.0, abs=0.05)
    assert (probe.codec, probe.pixel_format, probe.audio_codec) == ("h264", "yuv420p", "aac")
    assert probe.has_video and probe.has_audio and probe.rotation == 0
    assert probe.format.startswith("mov,mp4")
    assert media.version().startswith("ffmpeg version")


@pytest.mark.parametrize("degrees, clockwise", [(90, 270), (-90, 90), (180, 180)])
def test_a_turned_film_is_probed_and_shown_upright(each_binary, film, tmp_path, degrees, clockwise):
    turned = rotated(film, tmp_path / "turned.mp4", degrees)
    probe = media.probe(turned)
    upright = (320, 180) if clockwise == 180 else (180, 320)
    assert (probe.width, probe.height, probe.rotation) == (*upright, clockwise)
    assert size(media.thumbnail(turned, 1.0, 320), tmp_path) == upright


def test_squeezed_pixels_are_shown_square(each_binary, tmp_path):
    squeezed = clips.moving(
        tmp_path / "dv.mp4", 0.2, size="320x240", options=(*clips.QUICK, "-aspect", "16:9")
    )
    assert (media.probe(squeezed).width, media.probe(squeezed).height) == (427, 240)
    assert size(media.thumbnail(squeezed, 0, 4000), tmp_path) == (426, 240)


def test_a_recording_that_does_not_say_its_length_is_measured(each_binary, tmp_path):
    path = tmp_path / "live.webm"
    webm = ("-c:v", "libvpx", "-deadline", "realtime", "-live", "1", "-f", "webm")
    clips.moving(path, 2.0, options=webm)
    assert media.probe(path).duration == pytest.approx(2.0, abs=0.1)
    assert media.probe(path).codec == "vp8"


def test_cover_art_is_not_a_picture_and_titles_forge_nothing(each_binary, tmp_path):
    cover, path = tmp_path / "cover.png", tmp_path / "song.m4a"
    clips.ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, cover)
    lie = "x\n  Stream #0:0: Video: h264, yuv420p, 640x360, 25 fps\n  Duration: 99:00:00.00"
    args = ["-f", "lavfi", "-t", 1, "-i", TONE, "-i", cover, "-map", "0:a", "-map", "1:v"]
    args += ["-c:v", "copy", "-disposition:v:0", "attached_pic", "-metadata", f"title={lie}"]
    clips.ffmpeg(*args, path)
    probe = media.probe(path)
    assert probe.has_audio and not probe.has_video and probe.width == 0
    assert probe.duration == pytest.approx(1.0, abs=0.1)
    with pytest.raises(MediaError):
        media.thumbnail(path, 0, 64)


@pytest.mark.parametrize("name", ["a:b.mp4", "-x.mp4", "a%d.mp4", "http:x.mp4", "ф 映画'[0].mp4"])
def test_a_name_is_only_a_name(film, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(film.read_bytes())
    assert media.probe(name).width == 320
    assert media.thumbnail(name, 1, 64)[:2] == b"\xff\xd8"
    media.clip(name, 0, 1, tmp_path / "out.mp4")


def test_a_copy_has_no_more_pictures_a_second_than_asked_for(film, tmp_path):
    own = media.probe(film).fps
    assert own > 10
    for most, made in ((10.0, 10), (own * 2, own)):
        media.clip(film, 0, 2, tmp_path / "copy.mp4", height=90, video_kbps=100, most_fps=most)
        assert media.probe(tmp_path / "copy.mp4").fps == pytest.approx(made)


DISGUISES = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{secret}'\n",
    "dash": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period>"
    "<AdaptationSet><Representation><BaseURL>{secret}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "svg": "<svg xmlns='http://www.w3.org/2000/svg'><image href='{secret}'/></svg>",
    "html": "<!doctype html><video src='{secret}'>",
    "text": "Dear reader,\n\nthis is not a video.\n",
    "empty": "",
}


@pytest.mark.parametrize("kind", DISGUISES)
def test_a_disguised_file_is_refused_and_no_other_file_is_read(each_binary, film, tmp_path, kind):
    secret = tmp_path / "secret.ts"
    clips.ffmpeg("-i", film, "-c", "copy", secret)
    # A file's time of reading is noted when it is older than its time of writing.
    os.utime(secret, (1, 2))
    path = tmp_path / "innocent.mp4"
    path.write_text(DISGUISES[kind].format(secret=secret))
    for look in (media.probe, lambda path: media.thumbnail(path, 0, 64)):
        with pytest.raises(MediaError) as caught:
            look(path)
        assert str(tmp_path) not in caught.value.message
    assert secret.stat().st_atime == 1
    assert "hls" not in FORMATS and "concat" not in FORMATS


def test_a_picture_file_a_huge_picture_and_random_bytes_are_refused(tmp_path):
    png, huge, junk = tmp_path / "png.mp4", tmp_path / "huge.avi", tmp_path / "junk.mp4"
    clips.ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", 1, "-f", "apng", png)
    args = ["-f", "lavfi", "-i", "color=red:s=8000x6000", "-frames:v", 1, "-c:v", "mjpeg"]
    clips.ffmpeg(*args, huge)
    junk.write_bytes(os.urandom(50_000))
    for path in (png, huge, junk, tmp_path, tmp_path / "missing.mp4"):
        with pytest.raises(MediaError) as caught:
            media.probe(path)
        assert str(tmp_path) not in caught.value.message


def test_frames_are_those_on_screen_at_their_times(each_binary, film):
    times = [3.99, 0.0, 1.99, 2.0, 4.0, 2.0]
    stills = list(media.frames(film, times, 160))
    assert [time for time, _ in stills] == sorted(times)
    colours = [colour(jpeg) for _, jpeg in stills]
    assert colours == ["red", "red", "blue", "blue", "blue", "blue"]


def test_with_a_variable_frame_rate_a_held_frame_is_found(each_binary, film, tmp_path):
    held = tmp_path / "held.mp4"
    keep = "select='lt(t,0.5)+between(t,1.99,2.1)'"
    clips.ffmpeg("-i", film, "-vf", keep, "-fps_mode", "vfr", *clips.QUICK, held)
    for times in ([1.5], [1.99], [1.0, 1.5, 1.99]):
        assert {colour(jpeg) for _, jpeg in media.frames(held, times, 64)} == {"red"}
    assert [colour(jpeg) for _, jpeg in media.frames(held, [2.0, 3.9], 64)] == ["blue", "blue"]


@measured
def test_few_frames_of_a_long_film_are_sought_not_read_through(long_film):
    began = time.monotonic()
    near = list(media.frames(long_film, [1.0], 160))
    once = time.monotonic() - began
    began = time.monotonic()
    far = list(media.frames(long_film, [119.0], 160))
    assert len(near) == len(far) == 1
    assert time.monotonic() - began < 5 * once + 1


@measured
def test_frames_come_as_they_are_made(long_film):
    began = time.monotonic()
    stills = media.frames(long_film, [n * 2.0 for n in range(12)], 160)
    next(stills)
    first = time.monotonic() - began
    assert len(list(stills)) == 11
    assert first < 0.6 * (time.monotonic() - began)


def test_a_time_after_the_last_picture_shows_the_last_picture(each_binary, tmp_path, film):
    path = tmp_path / "goes-on.mp4"
    args = ["-i", film, "-f", "lavfi", "-t", 9, "-i", TONE, "-map", "0:v", "-map", "1:a"]
    clips.ffmpeg(*args, "-c:v", "copy", "-c:a", "aac", path)
    stills = list(media.frames(path, [1.0, 4.5, 8.9], 64))
    assert [time for time, _ in stills] == [1.0, 4.5, 8.9]
    assert [colour(jpeg) for _, jpeg in stills] == ["red", "blue", "blue"]


def test_no_side_of_a_still_is_longer_than_asked_nor_larger_than_the_film(film, tmp_path):
    [(_, small)] = media.frames(film, [0], 100)
    [(_, whole)] = media.frames(film, [0], 5000)
    assert size(small, tmp_path)[0] == 100
    assert size(whole, tmp_path) == (320, 180)
    assert size(media.thumbnail(film, 0, 160), tmp_path) == (160, 90)


@measured
def test_lines_come_while_the_film_is_being_read_and_only_of_the_window(each_binary, long_film):
    args = ["-map", "0:V:0", "-vf", "metadata=add:key=k:value=1,metadata=print:file=-:direct=1"]
    began = time.monotonic()
    lines = media.lines(long_film, args, (10.0, 20.0))
    first = next(lines)
    at_first = time.monotonic() - began
    frames = 1 + sum(line.startswith("frame:") for line in lines)
    assert first.startswith("frame:0") and "pts_time:0" in first
    assert 245 <= frames <= 251
    assert at_first < 0.5 * (time.monotonic() - began)


def test_a_clip_is_its_stretch_small_if_asked_and_even_of_odd(each_binary, tmp_path):
    odd = clips.moving(
        tmp_path / "odd.mp4",
        4.0,
        TONE,
        size="321x181",
        options=("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p"),
    )
    target = tmp_path / "out.mp4"
    media.clip(odd, 1.0, 3.0, target)
    probe = media.probe(target)
    assert (probe.width, probe.height, probe.pixel_format) == (320, 180, "yuv420p")
    assert probe.duration == pytest.approx(2.0, abs=0.1) and probe.has_audio
    media.clip(odd, 1.0, 3.0, target, height=90, video_kbps=100)
    assert (media.probe(target).width, media.probe(target).height) == (158, 90)
    assert target.stat().st_size < 60_000
    assert sorted(path.name for path in tmp_path.glob("*.mp4")) == ["odd.mp4", "out.mp4"]


def test_half_a_file_makes_no_clip(film, tmp_path):
    whole = tmp_path / "whole.mp4"
    clips.ffmpeg("-i", film, "-c", "copy", "-movflags", "+faststart", whole)
    half = tmp_path / "half.mp4"
    data = whole.read_bytes()
    half.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(MediaError):
        media.clip(half, 0.0, 4.0, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half.mp4", "whole.mp4"]


def test_cancelling_kills_ffmpeg_long_before_it_is_done(long_film, tmp_path):
    token, ended = CancelToken(), []

    def work():
        try:
            media.clip(long_film, 0, 120, tmp_path / "out.mp4", token=token)
        except Abandoned:
            ended.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    [pid] = until(clips.children)
    cancelled_at = time.monotonic()
    token.cancel()
    thread.join(DEADLINE_S)
    assert ended and ended[0] - cancelled_at < 4
    assert not os.path.exists(f"/proc/{pid}")
    assert not list(tmp_path.iterdir())


def test_who_stops_reading_leaves_no_process(long_film):
    stills = media.frames(long_film, [n * 2.0 for n in range(50)], 320)
    next(stills)
    assert clips.children()
    stills.close()
    assert not clips.children()


def test_ffmpeg_is_not_waited_for_beyond_its_limit(long_film):
    args = ["-vf", "scale=3840:2160:flags=lanczos", "-an"]
    began = time.monotonic()
    with pytest.raises(MediaError, match="0.3 s"):
        list(media.lines(long_film, args, limit_s=0.3))
    assert time.monotonic() - began < 5


def test_a_cancelled_token_starts_nothing_useful(film):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Abandoned):
        media.probe(film, token)


def test_long_work_waits_for_a_place_and_short_work_does_not_wait_for_it(film, long_film):
    args = ["-map", "0:V:0", "-vf", "metadata=add:key=k:value=1,metadata=print:file=-:direct=1"]
    busy = [media.lines(long_film, args) for _ in range(process.PLACES)]
    for lines in busy:
        next(lines)
    assert len(clips.children()) == process.PLACES
    token, abandoned = CancelToken(), threading.Event()

    def one_more():
        try:
            next(media.lines(long_film, args, None, token))
        except Abandoned:
            abandoned.set()

    thread = threading.Thread(target=one_more)
    thread.start()
    assert media.probe(film).width == 320
    assert media.thumbnail(film, 0, 64)
    assert thread.is_alive() and len(clips.children()) == process.PLACES
    token.cancel()
    assert abandoned.wait(DEADLINE_S)
    thread.join()
    for lines in busy:
        lines.close()


def test_ffmpeg_dies_with_a_server_that_is_killed(long_film):
    script = (
        "import sys; from server import media\n"
        "lines = media.lines(sys.argv[1], ['-vf', 'metadata=add:key=k:value=1,"
        "metadata=print:file=-:direct=1', '-an'])\n"
        "next(lines); print('working', flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(long_film)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout.readline() == b"working\n"
        [pid] = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        assert "ffmpeg" in Path(f"/proc/{pid}/comm").read_text()
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
        server.stdout.close()
    # Whoever adopts it may be slow to bury it: dead is enough.
    until(lambda: not alive(pid))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_ffmpeg_never_sees_a_key(long_film, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-123456")
    stills = media.frames(long_film, [n * 2.0 for n in range(20)], 320)
    next(stills)
    [pid] = clips.children()
    assert b"canary" not in Path(f"/proc/{pid}/environ").read_bytes()
    stills.close()


def test_without_an_ffmpeg_the_wheel_is_used_and_without_that_the_error_says_what_to_do(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    media.binary.found.cache_clear()
    assert media.ffmpeg() == clips.BINARIES["wheel"]
    media.binary.found.cache_clear()
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MediaError, match="Install it"):
        media.ffmpeg()
    monkeypatch.undo()
    media.binary.found.cache_clear()
