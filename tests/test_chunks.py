"""Chunks: the source's own packets, each at its time, in files that play one after another."""

import base64
import subprocess
from itertools import pairwise

import pytest

from server import media
from server.cancel import CancelToken
from server.errors import Abandoned, MediaError

from . import clips
from .browser import Browser, chromium
from .marks import film, onsets, samples
from .packets import packets

SECONDS = 8.0
VFR = ("-vf", "select='not(mod(n,3))+lt(mod(n,50),20)'", "-fps_mode", "vfr")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chunks")


def turned(path):
    target = path.with_name("turned.mp4")
    command = [clips.BINARIES["wheel"], "-v", "error", "-display_rotation", "90", "-i", path]
    subprocess.run([*command, "-c", "copy", target], check=True)
    return target


def windows(path, every=2):
    """(start, end, frames) of windows that begin at every other key frame."""
    footage = media.footage(path, media.probe(path))
    keys = [(0.0, 0), *footage.keys[every::every], (footage.duration, footage.frames)]
    return [(begin, end, b - a) for (begin, a), (end, b) in pairwise(keys)]


def cut(path, folder, every=2):
    """[(window, chunk, sound offset)]"""
    made = []
    for number, (begin, end, frames) in enumerate(windows(path, every)):
        sound, target = folder / f"sound_{number}.aac", folder / f"chunk_{number}.mp4"
        offset = media.mix(path, begin, end, (), 0.2, sound)
        length = media.chunk(path, begin, frames, sound, offset, end - begin, target)
        assert length == media.header_bytes(target)
        made.append(((begin, end, frames), target, offset))
    assert not [path for path in folder.iterdir() if path.name.endswith(".part")]
    return made


KINDS = {
    "B-frames": {},
    "no edit list": {"options": ("-use_editlist", "0")},
    "variable frame rate": {"options": (*VFR, "-enc_time_base", "1/90000")},
    "picture starts late": {"before": ("-itsoffset", "0.7")},
    "intra only": {"options": ("-g", "1"), "rate": 25},
    "quicktime": {"name": "film.mov", "options": ("-color_trc", "bt709")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_hold_each_packet_of_the_source_once_at_its_time(each_binary, tmp_path, kind):
    more = dict(KINDS[kind])
    name, options = more.pop("name", "film.mp4"), more.pop("options", ())
    source = film(tmp_path / name, SECONDS, *options, **more)
    made = cut(source, tmp_path, 31 if kind == "intra only" else 2)
    truth, copied = packets(source), []
    assert len(made) > 1
    for (begin, _, frames), target, offset in made:
        own = packets(target)
        assert len(own) == frames and own[0].key
        sound = packets(target, "0:a:0")
        assert float(sound[0].pts) == pytest.approx(offset, abs=1 / 48000)
        assert own[0].pts == 0
        copied += [(float(packet.pts) + begin, packet.content, packet.key) for packet in own]
    assert [found[1:] for found in copied] == [(packet.content, packet.key) for packet in truth]
    # Of a picture that starts late the first is shown at once; all others are where they were.
    times = [0.0, *(float(packet.pts) for packet in truth[1:])]
    assert [found[0] for found in copied] == pytest.approx(times, abs=0.0005)


def test_a_chunk_decodes_alone_and_is_turned_as_the_source(each_binary, tmp_path):
    source = turned(film(tmp_path / "film.mp4", SECONDS))
    for (begin, end, _), target, _ in cut(source, tmp_path):
        probe = media.probe(target)
        assert (probe.width, probe.height, probe.rotation) == (90, 160, 270)
        assert (probe.codec, probe.audio_codec) == ("h264", "aac")
        assert probe.duration == pytest.approx(end - begin, abs=0.05)
        command = [media.ffmpeg(), "-v", "warning", "-xerror", "-i", target, "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""


def test_the_sound_of_chunks_beeps_where_the_film_does(tmp_path):
    source = film(tmp_path / "film.mp4", SECONDS, "-g", "40")  # no border within a beep
    found = []
    for (begin, _, _), target, _ in cut(source, tmp_path):
        found += [begin + time for time in onsets(samples(target))]
    assert found == pytest.approx([1.001 * n for n in range(1, 8)], abs=0.003)


def test_what_cannot_be_cut_so_is_said_and_leaves_nothing(tmp_path):
    source, sound = film(tmp_path / "film.mp4", 4), tmp_path / "sound.aac"
    media.mix(None, 0, 1, (), 1, sound)
    for start, frames in ((0.5, 10), (0.0, 10_000), (99.0, 1)):
        with pytest.raises(MediaError):
            media.chunk(source, start, frames, sound, 0.0, 1.0, tmp_path / "chunk.mp4")
    webm = tmp_path / "film.webm"
    clips.ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64:d=0.2", "-c:v", "libvpx", webm)
    with pytest.raises(MediaError, match="Convert"):
        media.chunk(webm, 0.0, None, sound, 0.0, 1.0, tmp_path / "chunk.mp4")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Abandoned):
        media.chunk(source, 0.0, 45, sound, 0.0, 1.5, tmp_path / "chunk.mp4", token)
    with pytest.raises(MediaError):
        media.header_bytes(sound)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["film.mp4", "film.webm", "sound.aac"]


PLAY = """(async () => {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const video = document.createElement("video");
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    document.body.append(video);
    const event = (target, name) => new Promise((yes, no) => {
        target.addEventListener(name, yes, {once: true});
        video.addEventListener("error", () => no(video.error.message), {once: true});
    });
    await event(source, "sourceopen");
    const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64000b,mp4a.40.2"');
    for (const [start, text] of CHUNKS) {
        buffer.timestampOffset = start;
        buffer.appendBuffer(bytes(text));
        await event(buffer, "updateend");
    }
    source.endOfStream();
    const spans = [];
    for (let n = 0; n < buffer.buffered.length; n++)
        spans.push([buffer.buffered.start(n), buffer.buffered.end(n)]);
    const stalls = [];
    video.addEventListener("waiting", () => stalls.push(video.currentTime));
    video.muted = true;
    video.playbackRate = 4;
    let frames;
    // At a hole it waits each time, where the machine is busy it does not.
    for (let n = 0; n < 3 && (n === 0 || stalls.length); n++) {
        await video.play(); // from the beginning again once it has ended
        stalls.length = 0;
        await event(video, "ended");
        frames = frames ?? video.getVideoPlaybackQuality().totalVideoFrames;
    }
    return {spans, stalls, frames};
})()"""


@pytest.mark.skipif(chromium() is None, reason="no Chromium here")
def test_a_browser_plays_chunks_in_a_row_without_a_hole(tmp_path):
    source = film(tmp_path / "film.mp4", 6.0)
    made = cut(source, tmp_path, 1)
    data = [
        [begin, base64.b64encode(target.read_bytes()).decode()] for (begin, *_), target, _ in made
    ]
    browser = Browser()
    try:
        page = browser.page()
        played = page.run(PLAY.replace("CHUNKS", str(data)))
    finally:
        browser.close()
    assert len(made) > 2
    assert len(played["spans"]) == 1 and played["stalls"] == []
    assert played["spans"][0] == pytest.approx([0, 6.006], abs=0.03)
    assert played["frames"] == len(packets(source))
