"""`/api/videos`: the list, the bytes and the pictures."""

import json
import re
import shutil

import pytest

from server import media
from tests.uploading import refused

# -- the list


def test_the_list_says_what_each_video_is(client, clip):
    (video,) = client.get("/api/videos").get_json()["videos"]
    probe = media.probe(clip)
    assert video["id"] == "clip" and video["name"] == "clip.mp4" and video["title"] == "clip"
    assert video["duration"] == probe.duration
    assert video["resolution"] == f"{probe.width}x{probe.height}"
    assert video["size"] == clip.stat().st_size
    assert video["url"] == "/api/videos/clip"
    assert video["thumbnail_url"] == "/api/videos/clip/thumbnail"
    assert "error" not in video


def test_urls_of_the_list_hold_under_a_prefix(client):
    (video,) = client.get("/api/videos", headers={"X-Forwarded-Prefix": "/media"}).json["videos"]
    assert video["url"] == "/media/api/videos/clip"


def test_the_short_list_names_the_files(client, folder, clip):
    (folder / "clips").mkdir()
    shutil.copy(clip, folder / "clips/goal.mp4")
    (folder / "notes.txt").write_text("not a video")
    assert client.get("/api/videos/list").json == {"videos": ["clip.mp4", "clips/goal.mp4"]}


def test_every_url_of_the_list_leads_to_its_video(client, folder, clip):
    for name in ("clips/goal.mp4", "clip.mkv", "list.mp4", "试合 #1?.mp4", "50% off.mp4"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(clip.read_bytes() + name.encode())
    videos = client.get("/api/videos").json["videos"]
    assert len(videos) == 6
    for video in videos:
        if video["name"] != "clip.mp4":
            assert client.get(video["url"]).data.endswith(video["name"].encode())
        assert client.get(video["thumbnail_url"]).data.startswith(b"\xff\xd8")


def test_a_file_that_cannot_be_read_is_listed_with_the_reason(client, folder):
    (folder / "broken.mp4").write_bytes(b"nothing of the kind")
    broken, good = client.get("/api/videos").json["videos"]
    assert broken["error"] and broken["duration"] is None and broken["resolution"] is None
    assert good["duration"] > 0
    assert str(folder) not in json.dumps(broken)


def test_a_list_that_takes_too_long_goes_without_what_is_left(client, monkeypatch):
    monkeypatch.setattr("server.views.videos.LIST_S", -1)
    assert "ask again" in client.get("/api/videos").json["videos"][0]["error"]
    monkeypatch.undo()
    assert "error" not in client.get("/api/videos").json["videos"][0]


# -- the bytes


def test_a_video_is_sent_as_it_is(client, clip):
    response = client.get("/api/videos/clip")
    assert response.data == clip.read_bytes()
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert re.fullmatch('"[0-9a-f]+-[0-9a-f]+"', response.headers["ETag"])
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_the_file_name_is_as_good_as_the_id(client, clip):
    assert client.get("/api/videos/clip.mp4").data == clip.read_bytes()


def test_a_range_is_sent_with_where_it_lies(client, clip):
    whole = clip.read_bytes()
    response = client.get("/api/videos/clip", headers={"Range": "bytes=10-19"})
    assert response.status_code == 206 and response.data == whole[10:20]
    assert response.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert response.headers["Content-Length"] == "10"
    response = client.get("/api/videos/clip", headers={"Range": "bytes=-5"})
    assert response.data == whole[-5:]


def test_a_range_outside_is_refused_with_the_size(client, clip):
    size = clip.stat().st_size
    response = client.get("/api/videos/clip", headers={"Range": f"bytes={size}-"})
    refused(response, 416)
    assert response.headers["Content-Range"] == f"bytes */{size}"


def test_head_tells_all_and_sends_nothing(client, clip):
    response = client.head("/api/videos/clip", headers={"Range": "bytes=0-5"})
    assert response.status_code == 200 and response.data == b""
    assert response.headers["Content-Length"] == str(clip.stat().st_size)


def test_what_the_client_has_is_not_sent_again(client):
    etag = client.head("/api/videos/clip").headers["ETag"]
    response = client.get("/api/videos/clip", headers={"If-None-Match": etag})
    assert response.status_code == 304 and response.data == b""
    assert response.headers["ETag"] == etag and "Content-Type" not in response.headers
    refused(client.get("/api/videos/clip", headers={"If-Match": '"other"'}), 412)


def test_places_and_descriptors_are_given_back(app, client):
    gate = app.extensions["parallax"].media
    for headers in ({}, {"Range": "bytes=0-5"}, {"Range": "bytes=999999999-"}, {"If-Match": '"x"'}):
        client.get("/api/videos/clip", headers=headers).close()
        client.head("/api/videos/clip", headers=headers).close()
        client.get("/api/videos/clip/thumbnail", headers=headers).close()
    assert gate.inside == 0


def test_downloads_beyond_the_limit_are_told_to_come_back(app_with):
    app = app_with(threads=8)  # one place for media
    reading = app.test_client().get("/api/videos/clip", buffered=False)
    response = app.test_client().get("/api/videos/clip")
    refused(response, 503)
    assert response.headers["Retry-After"]
    assert app.test_client().head("/api/videos/clip").status_code == 200
    reading.close()
    assert app.test_client().get("/api/videos/clip").status_code == 200


def test_unknown_ids_are_all_answered_alike(client):
    answers = {client.get(f"/api/videos/{id}").data for id in ("cli", "clipp", "0" * 32, "x/y")}
    answers |= {client.get(f"/api/videos/{id}/thumbnail").data for id in ("cli", "0" * 32)}
    assert len(answers) == 1
    refused(client.get("/api/videos/cli"), 404)


# -- pictures


def test_a_thumbnail_is_a_jpeg_of_the_width_asked_for(client):
    response = client.get("/api/videos/clip/thumbnail?width=64&at=0.5")
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.data.startswith(b"\xff\xd8")
    etag = response.headers["ETag"]
    again = client.get(
        "/api/videos/clip/thumbnail?width=64&at=0.5", headers={"If-None-Match": etag}
    )
    assert again.status_code == 304


def test_there_is_a_picture_up_to_the_very_end(client, clip):
    response = client.get(f"/api/videos/clip/thumbnail?at={media.probe(clip).duration}")
    assert response.status_code == 200 and response.data.startswith(b"\xff\xd8")


@pytest.mark.parametrize("query", ["at=-1", "at=1e9", "at=nan", "at=x", "width=1", "width=9999"])
def test_a_thumbnail_of_nonsense_is_refused(client, query):
    refused(client.get(f"/api/videos/clip/thumbnail?{query}"), 400)
