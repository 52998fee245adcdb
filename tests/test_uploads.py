"""Uploads: what is taken, what is refused, and that nothing is left of what was."""

import re

import pytest

from server import media
from server.errors import MediaError
from tests.uploading import FORM, only_the_clip, part, refused, upload

MEGABYTE = 1024 * 1024


def test_an_upload_is_there_under_an_id_of_its_own(client, folder, clip):
    answers = [upload(client, clip.read_bytes()) for _ in range(2)]
    for response in answers:
        assert response.status_code == 201, response.text
        video = response.json
        assert re.fullmatch("[0-9a-f]{32}", video["id"])
        assert video["title"] == "Mein Film.mp4" and video["duration"] > 0
        assert response.headers["Location"] == video["url"]
        assert client.get(video["url"]).data == clip.read_bytes()
        assert video in client.get("/api/videos").json["videos"]
    assert answers[0].json["id"] != answers[1].json["id"]
    assert len(list(folder.iterdir())) == 3


def test_an_uploaded_video_can_be_asked_about_by_its_id(app, client, clip):
    id = upload(client, clip.read_bytes(), "试合.mp4").json["id"]
    library = app.extensions["parallax"].library
    assert library.find(None, id).digest == library.find("clip.mp4", None).digest


def test_an_upload_without_a_videos_extension_gets_one(client, clip):
    assert upload(client, clip.read_bytes(), "movie.html").json["name"].endswith(".mp4")
    assert upload(client, clip.read_bytes(), "MOVIE.MOV").json["name"].endswith(".mov")


def test_other_fields_of_the_form_do_not_matter(client, clip):
    assert upload(client, clip.read_bytes(), title="x" * 1000, csrf="1").status_code == 201


HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
NOT_VIDEOS = {
    "empty": b"",
    "random": bytes(range(256)) * 40,
    "playlist": HLS,
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("kind", NOT_VIDEOS)
def test_what_is_no_video_is_refused_and_not_kept(client, folder, kind):
    message = refused(upload(client, NOT_VIDEOS[kind]), 422)
    assert str(folder) not in message and "root:" not in message
    assert only_the_clip(folder)


@pytest.mark.parametrize("missing", [1, 0.5])
def test_a_video_whose_end_is_missing_is_refused_and_says_so(client, folder, clip, missing):
    data = clip.read_bytes()
    kept = len(data) - missing if missing == 1 else int(len(data) * missing)
    message = refused(upload(client, data[:kept]), 422)
    assert f"The end of this file is missing: it has {kept:,} of" in message
    assert only_the_clip(folder)


@pytest.mark.parametrize(
    "body, content_type, status",
    [
        (b"{}", "application/json", 415),
        (b"", None, 415),
        (b"x", "multipart/form-data", 415),
        (b"x", "multipart/form-data; boundary=" + "b" * 500, 415),
        (b"", "multipart/form-data; boundary=b", 400),
        (b"no form at all", "multipart/form-data; boundary=b", 400),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n\r\nno disposition\r\n--b--\r\n", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n\xff\xff: x\r\n\r\n\r\n--b--\r\n", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n" + b"a: b\r\n" * 400_000, "multipart/form-data; boundary=b", 400),
    ],
)
def test_a_body_that_is_no_form_with_a_file_is_refused(client, folder, body, content_type, status):
    refused(client.post("/api/videos", data=body, content_type=content_type), status)
    assert only_the_clip(folder)


@pytest.mark.parametrize(
    "parts",
    [
        [part(b"x", field="video")],
        [part(b"x", filename=None)],
        [part(b"x"), part(b"y")],
        [part(b"x", field=f"f{n}", filename=None) for n in range(40)],
    ],
    ids=["another field", "no file name", "two files", "too many fields"],
)
def test_a_form_without_just_one_file_is_refused(client, folder, parts):
    body = b"".join(parts) + b"--b--\r\n"
    refused(client.post("/api/videos", data=body, headers=FORM), 400)
    assert only_the_clip(folder)


def test_a_form_that_ends_too_early_is_refused(client, folder, clip):
    refused(client.post("/api/videos", data=part(clip.read_bytes()), headers=FORM), 400)
    assert only_the_clip(folder)


def test_a_boundary_across_blocks_is_still_a_boundary(client, clip):
    content = clip.read_bytes()
    for spare in (0, 1, 2, 3, 4, 5):
        padded = content + b"\0\0\1\0free" + b"\r\n--" * 61 + bytes(256 - 8 - 4 * 61)
        head = part(b"", field="pad" + "d" * spare, filename=None)
        body = head + part(padded) + b"--b--\r\n"
        response = client.post("/api/videos", data=body, headers=FORM)
        assert response.status_code == 201, response.text
        assert client.get(response.json["url"]).data == padded


def test_too_large_by_its_own_word_or_by_its_bytes_is_413(app_with, clip):
    client = app_with(max_upload_mb=1).test_client()
    message = refused(upload(client, bytes(3 * MEGABYTE)), 413)
    assert "MAX_UPLOAD_MB" in message
    refused(upload(client, bytes(MEGABYTE + 1)), 413)
    assert upload(client, clip.read_bytes()).status_code == 201


def test_a_nearly_full_disk_takes_no_upload_until_it_has_room(app, client, folder, clip):
    library = app.extensions["parallax"].library
    library.spare_bytes = 1 << 60
    refused(upload(client, clip.read_bytes()), 507)
    assert only_the_clip(folder)
    library.spare_bytes = 0
    assert upload(client, clip.read_bytes()).status_code == 201


def test_uploads_beyond_the_rate_limit_are_told_when_to_come_back(app_with, clip):
    client = app_with(rate_limit="1/hour").test_client()
    assert upload(client, clip.read_bytes()).status_code == 201
    response = upload(client, clip.read_bytes())
    refused(response, 429)
    assert int(response.headers["Retry-After"]) > 0


def test_without_ffmpeg_uploads_are_told_to_come_back(client, folder, clip, monkeypatch):
    def missing():
        raise MediaError("There is no ffmpeg.")

    monkeypatch.setattr(media, "ffmpeg", missing)
    refused(upload(client, clip.read_bytes()), 503)
    assert only_the_clip(folder)
