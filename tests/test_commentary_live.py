"""Commentaries by a real gunicorn, with no key: built-in eyes, rules, an offline voice."""

import json
import re
import resource
import subprocess

import pytest

from server import media, sample
from tests import clips
from tests.commentaries import check, ffmpegs_of, first, get, of, opened, summary, told
from tests.live import serving, until


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "sample.mp4"
    sample.make(path)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory, film):
    data = tmp_path_factory.mktemp("commentary") / "data"
    (data / "videos").mkdir(parents=True)
    (data / "videos" / "sample.mp4").write_bytes(film.read_bytes())
    with serving(data) as server:
        yield server


@pytest.fixture(scope="module")
def whole(server):
    """A commentary from its first event to its last, and how it fared on the way."""
    events, playable = [], []
    for _, number, event in opened(server, "sample.mp4").messages():
        events.append((number, event))
        if event["type"] == "chunk_ready":
            status, headers, body = get(server, event["url"])
            playable.append((status, headers, body, dict(event)))
    return check(events), playable


def test_a_film_gets_a_commentary_without_any_key(whole):
    events, _ = whole
    complete = of(events, "complete")
    assert complete and complete[0]["progress"] == 100
    assert complete[0]["chunks"] == len(of(events, "chunk_ready")) > 1
    assert len(of(events, "commentary_ready")) >= 2
    assert not of(events, "line_failed") and not complete[0]["warnings"]
    assert len(of(events, "events_detected")) == complete[0]["chunks"]


def test_the_first_chunk_comes_while_others_are_being_made(whole):
    events, _ = whole
    kinds = [event["type"] for _, event in events]
    after = kinds[kinds.index("chunk_ready") + 1 :]
    assert "chunk_ready" in after


def test_each_chunk_is_there_the_instant_it_is_told_of(whole, tmp_path):
    _, playable = whole
    for number, (status, headers, body, event) in enumerate(playable):
        assert status == 200
        assert "immutable" in headers["Cache-Control"] and headers["ETag"]
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(body)
        probe = media.probe(path)
        assert probe.has_video and probe.has_audio and probe.codec == "h264"
        assert abs(probe.duration - (event["end_s"] - event["start_s"])) < 0.06


def test_the_final_film_has_the_sources_picture_packet_for_packet(whole, server, film, tmp_path):
    events, _ = whole
    status, headers, body = get(server, of(events, "complete")[0]["final_url"])
    assert status == 200 and headers["Content-Type"] == "video/mp4"
    final = tmp_path / "final.mp4"
    final.write_bytes(body)
    assert packets(final) == packets(film)
    assert abs(media.probe(final).duration - media.probe(film).duration) <= 1 / 25


def packets(path):
    command = [media.ffmpeg(), "-loglevel", "error", "-i", path, "-map", "0:v"]
    said = subprocess.run(
        [*map(str, command), "-c", "copy", "-f", "framehash", "-hash", "md5", "-"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [line.split(",")[-1].strip() for line in said.splitlines() if line[:1] != "#"]


def test_the_playlist_plays_from_end_to_end(whole, server, film, tmp_path):
    events, _ = whole
    url = of(events, "complete")[0]["playlist_url"]
    status, headers, body = get(server, url)
    assert status == 200 and headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert body.decode().endswith("#EXT-X-ENDLIST\n")
    joined = tmp_path / "joined.ts"
    clips.ffmpeg("-i", f"http://127.0.0.1:{server.port}{url}", "-c", "copy", joined)
    assert len(packets(joined)) == len(packets(film))


def test_captions_follow_the_lines(whole, server):
    events, _ = whole
    status, headers, body = get(server, of(events, "complete")[0]["captions_url"])
    assert status == 200 and headers["Content-Type"].startswith("text/vtt")
    words = re.sub(r"\s+", " ", body.decode())
    for line in of(events, "commentary_ready"):
        assert line["text"].split()[0] in words


def test_asking_again_replays_it_and_makes_nothing(whole, server):
    events, _ = whole
    assert told(server, "sample.mp4") == events
    assert told(server, "sample.mp4", "?language=en&style=neutral") == events


def test_a_browser_that_comes_back_after_the_end_is_told_to_stop(whole, server):
    events, _ = whole
    stream = opened(server, "sample.mp4", after=events[-1][0])
    assert stream.status == 204


def test_a_reader_that_comes_back_gets_what_it_missed(whole, server):
    events, _ = whole
    assert told(server, "sample.mp4", after=3) == events[3:]
    run_id = events[0][1]["run_id"]
    followed = [(n, e) for _, n, e in server.follow(run_id, 3).messages()]
    assert followed == events[3:]
    assert summary(server, run_id)["state"] == "complete"


def test_looking_at_the_head_starts_nothing(server):
    stream = opened(server, "sample.mp4", "?language=de", method="HEAD")
    assert stream.status == 200
    assert "X-Run-Id" not in stream.headers


@pytest.mark.parametrize(
    "name, query, status",
    [
        ("nothing.mp4", "", 404),
        ("../sample.mp4", "", 400),
        ("sample.mp4", "?interval=1", 422),
        ("sample.mp4", "?colour=red", 400),
        ("sample.mp4", "?writer=nobody", 404),
        ("sample.mp4", "?voice=espeak:nobody", 404),
        ("sample.mp4", "?language=xx-unknown", 422),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_stream(server, name, query, status):
    stream = opened(server, name, query)
    assert stream.status == status
    assert json.loads(stream.response.read())["status"] == "error"


def test_the_language_may_stand_in_the_path(server):
    events = check(told(server, "de/sample.mp4", "?interval=12"))
    assert of(events, "complete")
    run = summary(server, events[0][1]["run_id"])
    assert run["options"]["language"] == "de"


def test_the_batch_form_answers_once(whole, server):
    events, _ = whole
    status, found = server.post("/api/analyze", {"filename": "sample.mp4"})
    assert status == 200 and found["status"] == "ok"
    assert found["final_video"] == of(events, "complete")[0]["final_video"]
    assert [line["text"] for line in found["commentary"]] == [
        line["text"] for line in of(events, "commentary_ready")
    ]
    assert found["events"] and found["warnings"] == []


def test_leaving_does_not_stop_it(server):
    stream = opened(server, "sample.mp4", "?style=sports")
    _, status = first(stream, "status")
    stream.reset()
    until(lambda: summary(server, status["run_id"])["state"] == "complete", 60)


def test_a_cancel_ends_it_at_once_and_leaves_no_child(server):
    stream = opened(server, "sample.mp4", "?style=documentary&new=1")
    first(stream, "events_detected")
    run_id = stream.headers["X-Run-Id"]
    assert server.post(f"/api/runs/{run_id}/cancel")[0] == 200
    rest = [event for _, _, event in stream.messages()]
    assert rest[-1]["type"] == "cancelled"
    assert server.post(f"/api/runs/{run_id}/cancel")[0] == 200
    until(lambda: not ffmpegs_of(server))


def test_files_of_a_commentary_are_served_with_ranges_and_nothing_else_is(whole, server):
    events, _ = whole
    url = of(events, "chunk_ready")[0]["url"]
    status, headers, body = get(server, url, Range="bytes=0-99")
    assert status == 206 and len(body) == 100
    assert get(server, "/api" + url)[0] == 200
    session = url.split("/")[3]
    for name in ("job.json", "job/job.json", "..%2f..%2fvideos%2fsample.mp4", "chunk_999.mp4", "x"):
        status, headers, _ = get(server, f"/videos/streaming/{session}/{name}")
        assert status == 404
        assert "immutable" not in headers.get("Cache-Control", "")
    assert get(server, f"/videos/streaming/{'x' * 24}/chunk_0.mp4")[0] == 404


def test_a_page_of_another_site_cannot_start_one(server):
    status, _, _ = get(server, "/api/analyze-stream/sample.mp4", **{"Sec-Fetch-Site": "cross-site"})
    assert status == 403


@pytest.mark.parametrize("part", ["a chunk", "the finished film"])
def test_a_disk_that_fills_up_on_the_way_is_said_and_with_room_it_works_again(whole, server, part):
    events, _ = whole
    films = lambda: {path.name for path in server.data_dir.glob("generated/*")}  # noqa: E731
    final = server.data_dir / "generated" / of(events, "complete")[0]["final_video"]
    before, room = films(), final.stat().st_size - 1000 if "film" in part else 20_000
    # No file may grow beyond that: for whoever writes, a full disk.
    unlimited = resource.prlimit(server.worker_pid, resource.RLIMIT_FSIZE, (room, -1))
    try:
        events = check(told(server, "sample.mp4", "?new=1"))
        assert events[-1][1]["code"] == "out_of_space", events[-1]
        assert events[-1][1]["stage"] == ("final" if "film" in part else "cut")
        # Those who work on other windows hear of it a moment later.
        until(lambda: films() == before and not list(server.data_dir.rglob("*.part")))
    finally:
        resource.prlimit(server.worker_pid, resource.RLIMIT_FSIZE, unlimited)
    # Once more: what failed is not replayed, and what was made is not made again.
    assert of(told(server, "sample.mp4"), "complete")
