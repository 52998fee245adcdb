"""What a chat request may look like, and OpenAI's form of the answer to each that may not."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.analysis.interleave import RoundRobin
from tests.openapi import answer, matches, valid

PATH = "/v1/chat/completions"
QUICK = "demo@first=0,rate=9999,tokens=2"
GOOD = {"model": QUICK, "messages": [{"role": "user", "content": "What happens?"}]}


@pytest.fixture(scope="module")
def app(lasting_app_with):
    return lasting_app_with()


def ask(app, **changes):
    asked = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    return answer(app, "POST", PATH, json=asked)


def refused(response, status, code=None):
    assert response.status_code == status, response.get_data()
    valid("OpenAiError", response.get_json())
    error = response.get_json()["error"]
    assert code in (None, error["code"])
    return error["message"]


def user(*parts):
    return [{"role": "user", "content": [{"type": "text", "text": "What?"}, *parts]}]


def film(url):
    return {"type": "video_url", "video_url": {"url": url}}


# -- what is good


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stream": None, "temperature": None, "stream_options": None, "tool_choice": None},
        {"n": 1, "tools": [], "max_tokens": 5, "frequency_penalty": 2, "store": True},
        {"response_format": {"type": "text"}, "modalities": ["text"], "function_call": "auto"},
        {"messages": user(film("clip"))},
        {"messages": user(film("clip"), film("clip"))},
        {"messages": user(film("http://localhost/api/videos/clip"))},
        {"messages": user(film("https://localhost/api/videos/clip?x=1#t=2"))},
    ],
)
def test_a_good_request_is_answered_as_the_document_says(app, changes):
    response = ask(app, **changes)
    assert response.status_code == 200, response.get_data()
    assert response.get_json()["choices"][0]["message"]["content"] == "This is "
    assert matches("ChatRequest", {**GOOD, **changes})


def test_every_chunk_is_what_the_document_says_and_carries_no_id(app):
    response = ask(app, stream=True, stream_options={"include_usage": True})
    raw = response.get_data(as_text=True)
    *chunks, done, end = raw.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    for chunk in chunks:
        assert chunk.startswith("data: ")
        valid("ChatChunk", json.loads(chunk.removeprefix("data: ")))
    assert response.headers["X-Run-Id"] in raw
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"


def test_the_list_of_models_is_what_the_document_says(app):
    assert answer(app, "GET", "/v1/models").status_code == 200
    for name, status in (("demo", 200), ("no/body", 404), ("demo@x=1", 400), ("a" * 201, 422)):
        assert answer(app, "GET", f"/v1/models/{name}").status_code == status


# -- what is not


@pytest.mark.parametrize(
    "changes, status",
    [
        ({"model": ...}, 400),
        ({"model": ""}, 400),
        ({"model": 5}, 400),
        ({"model": ["demo"]}, 400),
        ({"model": "demo\0"}, 400),
        ({"model": "demo@rate=no"}, 400),
        ({"model": "x" * 1000}, 422),
        ({"model": "nobody"}, 404),
        ({"model": "../x"}, 404),
        ({"messages": ...}, 400),
        ({"messages": []}, 400),
        ({"messages": "Hi"}, 400),
        ({"messages": {"role": "user"}}, 400),
        ({"messages": ["Hi"]}, 400),
        ({"messages": [{"content": "Hi"}]}, 400),
        ({"messages": [{"role": "user"}]}, 400),
        ({"messages": [{"role": ["user"], "content": "Hi"}]}, 400),
        ({"messages": [{"role": "tool", "content": "Hi"}]}, 400),
        ({"messages": [{"role": "system", "content": "Hi"}]}, 400),
        ({"messages": [*GOOD["messages"], {"role": "assistant", "content": "Well,"}]}, 400),
        ({"messages": [{"role": "user", "content": " "}]}, 400),
        ({"messages": [{"role": "user", "content": "a\0b"}]}, 400),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400),
        ({"messages": [{"role": "user", "content": 5}]}, 400),
        ({"messages": [{"role": "user", "content": []}]}, 400),
        ({"messages": [{"role": "user", "content": [film("clip")]}]}, 400),
        ({"messages": [{"role": "user", "content": "x" * 20_001}]}, 422),
        ({"messages": GOOD["messages"] * 300}, 422),
        ({"messages": user("text")}, 400),
        ({"messages": user({"type": "text"})}, 400),
        ({"messages": user({"type": "image_url", "image_url": {"url": "x"}})}, 400),
        ({"messages": user({"type": "input_audio", "input_audio": {}})}, 400),
        ({"messages": user({"type": "video_url"})}, 400),
        ({"messages": user({"type": "video_url", "video_url": {"url": 5}})}, 400),
        ({"messages": user({"type": "file", "file": {}})}, 400),
        ({"messages": user({"type": "file", "file": {"file_id": ["clip"]}})}, 400),
        ({"messages": user({"type": "file", "file": {"filename": "a", "file_data": ""}})}, 400),
        ({"messages": [{"role": "system", "content": [film("clip")]}, *GOOD["messages"]]}, 400),
        ({"messages": user(film("clip"), film("other"))}, 400),
        ({"messages": user(film("missing"))}, 404),
        ({"messages": user(film("/api/videos/missing"))}, 404),
        ({"model": "cuts"}, 400),
        ({"n": 2}, 400),
        ({"n": "1"}, 400),
        ({"tool_choice": "required"}, 400),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, 400),
        ({"function_call": {"name": "f"}}, 400),
        ({"response_format": {"type": "json_object"}}, 400),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, 400),
        ({"modalities": ["text", "audio"]}, 400),
        ({"stream": "yes"}, 400),
        ({"stream": 1}, 400),
        ({"stream_options": "usage"}, 400),
        ({"refresh": "yes"}, 400),
        ({"model": "gpt4o", "temperature": "hot"}, 400),
        ({"model": "gpt4o", "temperature": 9}, 400),
        ({"model": "gpt4o", "temperature": True}, 400),
        ({"model": "gpt4o", "max_tokens": 0}, 400),
        ({"model": "gpt4o", "max_completion_tokens": 1.5}, 400),
    ],
)
def test_a_bad_field_is_refused_in_openais_form(app, changes, status):
    refused(ask(app, **changes), status)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/film.mp4",
        "http://localhost:8001/api/videos/clip",
        "http://localhost/static/clip",
        "http://169.254.169.254/latest/meta-data",
        "//example.com/api/videos/clip",
        "//example.com:80:80/api/videos/clip",
        "http://[::1/api/videos/clip",
        "http://localhost:99999/api/videos/clip",
        "http://localhost@example.com/api/videos/clip",
        "data:video/mp4;base64,AAAA",
        "file:///etc/passwd",
        "ftp://localhost/api/videos/clip",
        "concat:clip.mp4|clip.mp4",
        "C:\\clip.mp4",
    ],
)
def test_what_is_elsewhere_is_never_fetched_and_the_answer_says_what_to_do(app, url):
    assert "POST /api/videos" in refused(ask(app, messages=user(film(url))), 400)


@pytest.mark.parametrize(
    "url",
    [
        "/api/videos/",
        "/api/videos/../clip",
        "/api/videos/%2e%2e/clip.mp4",
        "/api/videos/%2Fetc%2Fpasswd",
        "/api/videos/clip/thumbnail",
        "/api/videos/clip%00",
        "/etc/passwd",
        "../clip.mp4",
        "-x.mp4",
        "a%d.mp4",
        "x" * 5000,
    ],
)
def test_a_name_leads_nowhere_but_into_the_library(app, url):
    response = ask(app, messages=user(film(url)))
    assert response.status_code in (400, 404)
    refused(response, response.status_code)


def test_paths_methods_and_bodies_are_refused_in_openais_form_under_v1_only(app):
    client = app.test_client()
    refused(client.get("/v1/embeddings"), 404, "not_found")
    refused(client.post("/v1/models/"), 404)
    wrong = client.get(PATH)
    refused(wrong, 405, "wrong_method")
    assert "POST" in wrong.headers["Allow"]
    json_type = {"content_type": "application/json"}
    refused(answer(app, "POST", PATH, data=b"{}"), 415, "wrong_media_type")
    refused(answer(app, "POST", PATH, data=b"x" * 2**21, **json_type), 413, "too_large")
    for body in (b"", b"[]", b"null", b"{", b"\xff", b'{"n": NaN}', b"[" * 10**5, b"1" * 5000):
        refused(answer(app, "POST", PATH, data=body, **json_type), 400)
    other_site = {"headers": {"Origin": "https://other.example"}}
    refused(answer(app, "POST", PATH, json=GOOD, **other_site), 403)
    valid("Error", client.get("/api/v1/embeddings").get_json())


def test_limits_and_a_full_server_say_when_to_come_back(lasting_app_with):
    busy = ask(lasting_app_with(max_runs=0))
    refused(busy, 503, "busy")
    strict = lasting_app_with(rate_limit="1/hour")
    assert ask(strict).status_code == 200
    refused(ask(strict), 429, "rate_limit_exceeded")


def test_a_fault_of_ours_is_an_error_before_the_first_text_and_after_it(app, monkeypatch):
    endless = "demo@first=0,rate=200,tokens=100000"

    def fails_at(turn):
        turns = itertools.count()
        return lambda self: take_all(self) if next(turns) < turn else 1 / 0

    take_all = RoundRobin.take_all
    monkeypatch.setattr(RoundRobin, "take_all", fails_at(0))
    refused(ask(app, model=endless), 500, "internal")
    monkeypatch.setattr(RoundRobin, "take_all", fails_at(20))
    raw = ask(app, model=endless, stream=True).get_data(as_text=True)
    assert "This " in raw and '"code":"internal"' in raw and "[DONE]" not in raw
    monkeypatch.setattr("server.views.chat_request.read", lambda asked: 1 / 0)
    refused(ask(app), 500, "internal")


words = st.sampled_from(["role", "content", "type", "text", "url", "file", "video_url", "file_id"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
values = anything | st.sampled_from(["user", "text", "file", "video_url", "clip", QUICK])
parts = st.dictionaries(words, values, max_size=4)
messages = st.lists(
    st.fixed_dictionaries({"role": values, "content": values | st.lists(parts, max_size=2)})
    | anything,
    max_size=3,
)
fields = st.sampled_from(
    [
        "n",
        "temperature",
        "max_tokens",
        "stream_options",
        "tool_choice",
        "response_format",
        "refresh",
    ]
)


@settings(max_examples=150)
@given(messages=messages | anything, more=st.dictionaries(fields, anything, max_size=2))
def test_whatever_is_sent_is_answered_or_refused_and_never_a_fault(app, messages, more):
    response = app.test_client().post(PATH, json={"model": QUICK, "messages": messages, **more})
    assert response.status_code in (200, 400, 404, 422), response.get_data()
    valid("ChatCompletion" if response.status_code == 200 else "OpenAiError", response.get_json())
