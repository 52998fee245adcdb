"""What a client may send as an upload, and how to read what it is answered."""

import http.client
import io


def refused(response, status):
    assert response.status_code == status, response.text
    body = response.get_json()
    assert body["status"] == "error" and body["code"] and body["message"]
    return body["message"]


def upload(client, content, name="Mein Film.mp4", **more):
    data = {"file": (io.BytesIO(content), name), **more}
    return client.post("/api/videos", data=data, content_type="multipart/form-data")


def only_the_clip(folder):
    """What every refused upload must leave behind."""
    titles = list((folder.parent / "titles").iterdir())
    return [path.name for path in folder.iterdir()] == ["clip.mp4"] and titles == []


def part(content, field="file", filename="a.mp4"):
    says = "Content-Disposition: form-data; name=%s" % field
    if filename:
        says += "; filename=%s" % filename
    return b"--b\r\n" + says.encode() + b"\r\n\r\n" + content + b"\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def answer(sock):
    response = http.client.HTTPResponse(sock)
    response.begin()
    return response.status, response.read()


def head(*lines, path="/api/videos", method="POST"):
    first = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if method == "POST":
        first.append("Content-Type: multipart/form-data; boundary=b")
    return "\r\n".join([*first, *lines, "", ""]).encode()


def chunked(body, size=7000):
    for start in range(0, len(body), size):
        block = body[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(block), block)
    yield b"0\r\n\r\n"
