"""What a request may look like, and the answer to each that may not be so."""

import json

import pytest

PATH = "/api/analyze/stream/parallel"


GOOD = {"query": "What?", "models": ["demo@first=0,tokens=1"], "video_id": "clip", "stream": False}


def asked(**changes):
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}


def refused(response, status, code=None):
    assert response.status_code == status, response.text
    body = response.get_json()
    assert body["status"] == "error" and body["message"]
    if code:
        assert body["code"] == code
    return body["message"]


def test_a_good_request_is_answered(client):
    response = client.post(PATH, json=GOOD)
    assert response.status_code == 200
    assert response.get_json()["models"]["demo@first=0,tokens=1"]["state"] == "done"


def test_fields_of_older_clients_and_unknown_ones_change_nothing(client):
    more = {"execution_mode": "sequential", "compare_models": True, "index_id": "x", "foo": [1]}
    assert client.post(PATH, json=asked(**more)).status_code == 200


@pytest.mark.parametrize(
    "changes, status",
    [
        ({"query": ...}, 400),
        ({"query": ""}, 400),
        ({"query": " \n\t"}, 400),
        ({"query": 5}, 400),
        ({"query": None}, 400),
        ({"query": ["x"]}, 400),
        ({"query": "a\0b"}, 400),
        ({"query": "x" * 20_001}, 422),
        ({"models": ...}, 400),
        ({"models": []}, 400),
        ({"models": "demo"}, 400),
        ({"models": {"demo": 1}}, 400),
        ({"models": [1, {}]}, 400),
        ({"models": [""]}, 400),
        ({"models": ["demo"] * 2}, 422),
        ({"models": [f"demo@tokens={n}" for n in range(10)]}, 422),
        ({"models": ["demo"] * 10_000}, 422),
        ({"models": ["x" * 100_000]}, 422),
        ({"models": ["../x"]}, 404),
        ({"models": ["nobody"]}, 404),
        ({"models": ["demo@rate=no"]}, 400),
        ({"video_id": ...}, 400),
        ({"video_id": ""}, 400),
        ({"video_id": 3}, 400),
        ({"video_id": "missing"}, 404),
        ({"video_path": "missing.mp4"}, 404),
        ({"start": "x"}, 400),
        ({"start": -1}, 400),
        ({"start": True}, 400),
        ({"start": 1e6}, 400),
        ({"start": 0.5, "end": 0.5}, 400),
        ({"start": 0.5, "end": 0.1}, 400),
        ({"end": 0}, 400),
        ({"refresh": "yes"}, 400),
        ({"stream": 1}, 400),
    ],
)
def test_a_bad_field_is_refused_before_any_byte_of_stream(client, changes, status):
    response = client.post(PATH, json=asked(**changes))
    refused(response, status)
    assert response.mimetype == "application/json"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../clip.mp4",
        "a/../../clip.mp4",
        "..\\clip.mp4",
        "http://127.0.0.1:9/x.mp4",
        "concat:clip.mp4|clip.mp4",
        "subfile,,start,0,end,9,,:clip.mp4",
        "data:video/mp4;base64,AAAA",
        "pipe:0",
        "fd:3",
        "-x.mp4",
        "a%d.mp4",
        "a:b.mp4",
        "clip.mp4\0",
        "x" * 5000,
        "%2e%2e/clip.mp4",
    ],
)
def test_a_path_outside_the_library_is_refused(client, name):
    response = client.post(PATH, json=asked(video_path=name))
    assert 400 <= response.status_code < 500
    assert "/" not in response.get_json()["message"].replace("/api/videos", "").replace(name, "")


def test_unknown_models_are_all_named(client):
    response = client.post(PATH, json=asked(models=["nobody", "demo", "noone"]))
    message = refused(response, 404, "unknown_model")
    assert "nobody" in message and "noone" in message


def test_a_limit_is_named(client):
    names = [f"demo@tokens={n}" for n in range(10)]
    assert "9" in refused(client.post(PATH, json=asked(models=names)), 422, "over_limit")


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"a":' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"query": NaN}', "application/json", 400),
        (b'{"query": Infinity}', "application/json", 400),
        (b'{"query": "\\ud800", "models": ["demo"], "video_id": "clip"}', "application/json", 400),
        (json.dumps(GOOD).encode("utf-16"), "application/json", 400),
        (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "application/json", 400),
        (b'{"query": "\xff"}', "application/json", 400),
        (b"x" * (1024 * 1024 + 1), "application/json", 413),
        (json.dumps(GOOD).encode(), "text/plain", 415),
        (json.dumps(GOOD).encode(), None, 415),
        (b"query=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(client, body, kind, status):
    refused(client.post(PATH, data=body, content_type=kind), status)


@pytest.mark.parametrize("depth", range(960, 1000, 3))
def test_a_body_is_never_nested_too_deeply_to_be_compared(client, depth):
    body = json.dumps(GOOD)[:-1] + ', "z": ' + "[" * depth + "]" * depth + "}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"deep {depth}"}
    assert client.post(PATH, data=body, headers=headers).status_code in (200, 400)


def test_null_is_as_good_as_left_out(client):
    answer = client.post(PATH, json=asked(refresh=None, start=None, index_id=None))
    assert answer.status_code == 200
    assert client.post(PATH, json=asked(stream=None)).mimetype == "text/event-stream"


def test_a_path_of_any_length_is_malformed(client):
    refused(client.post(PATH, json=asked(video_path="x" * 5000)), 400)


def test_who_is_sent_elsewhere_is_told_in_json(client):
    answer = client.get("/api//models")
    assert answer.status_code == 308 and answer.get_json()["code"] == "moved"
    assert answer.headers["Location"].endswith("/api/models")


@pytest.mark.parametrize(
    "text",
    ["שלום", "👩‍👩‍👧‍👦", "a\tb\nc", "a\u2028b", "\u202eevil", "x" * 20_000, "<img onerror=x>"],
)
def test_a_query_comes_back_exactly(client, text):
    assert client.post(PATH, json=asked(query=text)).get_json()["query"] == text


def test_a_window_is_kept_inside_the_video(client):
    body = client.post(PATH, json=asked(start=0.25, end=9999)).get_json()
    assert body["window"][0] == 0.25
    assert body["window"][1] < 60


def test_errors_of_the_web_are_json_too(client):
    refused(client.get("/nowhere"), 404, "not_found")
    wrong = client.get(PATH)
    refused(wrong, 405, "wrong_method")
    assert "POST" in wrong.headers["Allow"]
    refused(client.get("/api/runs/unknown"), 404, "run_not_found")
    refused(client.post("/api/runs/unknown/cancel"), 404, "run_not_found")


def test_a_page_of_another_site_is_refused_and_a_program_is_not(client):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ):
        refused(client.post(PATH, json=GOOD, headers=headers), 403, "forbidden")
    same = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post(PATH, json=GOOD, headers=same).status_code == 200


def test_with_a_token_everything_but_health_needs_it(app_with):
    client = app_with(auth_token="correct horse").test_client()
    assert client.get("/healthz").status_code == 200
    for path in ("/", "/api/models", "/api/videos", "/metrics", "/readyz", "/api/videos/clip"):
        refused(client.get(path), 401, "auth")
    refused(client.post(PATH, json=GOOD), 401, "auth")
    refused(client.post(PATH + "?token=correct horse", json=GOOD), 401, "auth")
    wrong = {"Authorization": "Bearer correct horsf"}
    refused(client.get("/api/models", headers=wrong), 401, "auth")
    right = {"Authorization": "Bearer correct horse"}
    assert client.post(PATH, json=GOOD, headers=right).status_code == 200
    # A browser asks its user; whoever gets the page gets a cookie that loads its media.
    browser = client.get("/", headers={"Accept": "text/html"})
    assert browser.headers["WWW-Authenticate"].startswith("Basic")
    assert client.get("/", auth=("", "correct horse")).status_code == 200
    assert client.get("/api/videos/clip").status_code == 200
    assert "correct" not in client.get_cookie("parallax").value


def test_more_than_the_rate_allows_is_told_when_to_come_back(app_with):
    client = app_with(rate_limit="2/minute").test_client()
    for _ in range(2):
        assert client.post(PATH, json=GOOD).status_code == 200
    third = client.post(PATH, json=GOOD)
    refused(third, 429, "rate_limited")
    assert 0 < int(third.headers["Retry-After"]) <= 60
    other = {"X-Forwarded-For": "10.1.2.3"}
    assert client.post(PATH, json=GOOD, headers=other).status_code == 200
    stranger = {"REMOTE_ADDR": "192.0.2.1"}
    for _ in range(2):
        client.post(PATH, json=GOOD, environ_base=stranger)
    lied = client.post(PATH, json=GOOD, headers={"X-Forwarded-For": "9.9"}, environ_base=stranger)
    refused(lied, 429)


@pytest.mark.parametrize(
    "said, comes_from",
    [
        ("127.0.0.1", "::ffff:127.0.0.1"),  # on a socket that listens on IPv6 too
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("FD00:0:0::1", "fd00::1"),
    ],
)
def test_a_trusted_proxy_is_known_however_its_address_is_written(app_with, said, comes_from):
    client = app_with(rate_limit="1/minute", trusted_proxies=said).test_client()
    proxy = {"REMOTE_ADDR": comes_from}
    for address in ("10.1.2.3", "10.1.2.4"):
        headers = {"X-Forwarded-For": address}
        answer = client.post(PATH, json=GOOD, headers=headers, environ_base=proxy)
        assert answer.status_code == 200


def test_every_answer_carries_the_security_headers(client):
    for path in ("/", "/api/models", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert client.get("/api/models").headers["Cache-Control"] == "no-store"


def test_models_are_listed_with_what_they_lack(client):
    body = client.get("/api/models?query=Describe the scene").get_json()
    models = {model["name"]: model for model in body["models"]}
    assert models["cuts"]["available"] and models["cuts"]["missing"] is None
    assert models["gpt4o"]["missing"] == "OPENAI_API_KEY" and not models["gpt4o"]["available"]
    assert models["demo"]["simulated"]
    assert {name for name, m in models.items() if m["recommended"]} == set(body["recommended"])
    assert models["gpt4o"]["price"]["date"]


def test_health_readiness_and_metrics_answer(client):
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    client.post(PATH, json=GOOD)
    text = client.get("/metrics").text
    assert 'parallax_runs_total{kind="analysis",state="complete"} 1.0' in text
    assert 'parallax_model_requests_total{outcome="ok",provider="demo"} 1.0' in text


def test_a_bug_shows_nothing_of_itself(client, monkeypatch):
    monkeypatch.setattr("server.models.Models.listed", lambda self: 1 / 0)
    message = refused(client.get("/api/models"), 500, "internal")
    assert "division" not in message
