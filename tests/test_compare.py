"""The comparison vocabulary: `/compare-stream`, `/compare`, and retrying only what failed."""

import json

import pytest

from server.app import create_app
from tests.live import serving
from tests.openapi import valid
from tests.vendors.openai_server import OpenAIServer, says, status

MODELS = """
[one]
provider = "openai"
upstream = "one"
base_url_env = ["ONE_URL"]
takes = ["text"]
price = { input = 1.0, output = 2.0, date = "2026-01-01" }

[two]
provider = "openai"
upstream = "two"
base_url_env = ["ONE_URL"]
takes = ["text"]

[cuts]
provider = "cuts"
takes = ["video"]

[demo]
provider = "demo"
simulated = true
"""


@pytest.fixture
def client(make_settings, tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(MODELS)
    return create_app(make_settings(models_file=path)).test_client()


@pytest.fixture
def vendor(monkeypatch):
    with OpenAIServer(says("Hel", "lo.")) as server:
        monkeypatch.setenv("ONE_URL", server.base_url)
        yield server


def stream(client, path="/compare-stream", **asked):
    """Every message, as a client in the field reads them: lines that begin with `data: `."""
    response = client.post(path, json=asked)
    assert response.status_code == 200, response.text
    lines = response.text.split("\n")
    said = [line[6:] for line in lines if line.startswith("data: ")]
    assert said.pop() == "[DONE]"
    messages = [json.loads(data) for data in said]
    for message in messages:
        valid("ComparisonEvent", message)
    return messages


def of(messages, model):
    return [message for message in messages if message.get("model") == model]


QUICK = ["demo@first=0,rate=1000,tokens=5", "demo@first=0,rate=1000,tokens=5,start=2"]


@pytest.mark.parametrize("path", ["/compare-stream", "/api/compare-stream"])
def test_every_model_starts_before_any_chunk_and_ends_with_done(client, path):
    messages = stream(client, path, input_data="Hi", models=QUICK, tier="standard", foo=1)
    assert [m["type"] for m in messages[:2]] == ["start", "start"]
    assert {m["model"] for m in messages[:2]} == set(QUICK)
    for model in QUICK:
        kinds = [m["type"] for m in of(messages, model)]
        assert kinds == ["start", *["chunk"] * 5, "done"]
        assert of(messages, model)[-1]["error"] is False
    metadata = messages[-1]["metadata"]
    assert messages[-1]["type"] == "complete"
    assert (metadata["models_successful"], metadata["models_failed"]) == (2, 0)
    assert metadata["models"][QUICK[0]]["word_count"] == 5
    assert metadata["processing_time_ms"] >= 0


def test_a_failed_model_says_why_and_then_is_done_with_an_error(client):
    broken = "demo@first=0,rate=1000,tokens=5,fail_after=2,fail=quota"
    messages = stream(client, input_data="Hi", models=[QUICK[0], broken])
    *chunks, error, done = of(messages, broken)[1:]
    assert [m["type"] for m in chunks] == ["chunk", "chunk"]
    assert (error["type"], error["code"], error["message"]) == (
        "error",
        "quota",
        "Told to fail here.",
    )
    assert (done["type"], done["error"]) == ("done", True)
    metadata = messages[-1]["metadata"]
    assert (metadata["models_successful"], metadata["models_failed"]) == (1, 1)
    assert metadata["models"][broken]["error"]["code"] == "quota"


METRICS = {
    *("duration", "time_to_first_text", "throughput", "word_count", "char_count"),
    *("input_tokens", "output_tokens", "cost"),
}


def test_what_clients_in_the_field_read_is_all_there(client):
    """Word for word: they were written against other servers of this vocabulary."""
    broken = "demo@first=0,rate=1000,tokens=5,fail_after=0,fail=blocked"
    messages = stream(client, input_data="Hi", models=[QUICK[0], broken], tier="standard")

    def has(message, **fields):
        return fields.items() <= message.items()

    for slot, message in zip((QUICK[0], broken), messages):
        assert has(message, model=slot, type="start")
    well = of(messages, QUICK[0])[1:]
    said = ("This ", "is ", "a ", "demo ", "model: ")
    for message, content in zip(well, said):
        assert has(message, model=QUICK[0], type="chunk", content=content)
    assert has(well[-1], model=QUICK[0], type="done", error=False)
    error, done = of(messages, broken)[1:]
    assert has(error, model=broken, type="error", code="blocked") and error["message"]
    assert has(done, model=broken, type="done", error=True)
    assert messages[-1]["type"] == "complete"
    metadata = messages[-1]["metadata"]
    assert has(metadata, models_successful=1, models_failed=1)
    assert isinstance(metadata["processing_time_ms"], int)
    assert list(metadata["models"]) == [QUICK[0], broken]
    assert all(METRICS <= figures.keys() for figures in metadata["models"].values())


def test_a_failed_models_text_is_what_it_said_and_no_error(client):
    broken = "demo@first=0,rate=1000,tokens=5,fail_after={},fail=blocked"
    slots = [broken.format(0), broken.format(2)]
    body = client.post("/compare", json={"input_data": "Hi", "models": slots}).get_json()
    assert body["results"] == {slots[0]: "", slots[1]: "This is "}
    assert body["metadata"]["models_failed"] == 2


def test_a_name_with_a_slash_is_asked_of_openrouter(make_settings, monkeypatch):
    with OpenAIServer(says("Hello.")) as openrouter:
        monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-test")
        monkeypatch.setenv("OPENROUTER_BASE_URL", openrouter.base_url)
        client = create_app(make_settings()).test_client()
        names = ["openai/gpt-4o-mini", "anthropic/claude-3.5-haiku:beta"]
        body = client.post("/compare", json={"input_data": "Hi", "models": names}).get_json()
        assert body["results"] == dict.fromkeys(names, "Hello.")
        assert sorted(exchange.json["model"] for exchange in openrouter.exchanges) == sorted(names)


def test_the_conversation_goes_along_as_the_vendors_messages(client, vendor):
    history = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello?", "timestamp": 5},
        {"role": "assistant", "content": "Yes?"},
    ]
    messages = stream(client, input_data="And now?", models=["one"], conversation_history=history)
    assert "".join(m["content"] for m in messages if m["type"] == "chunk") == "Hello."
    (exchange,) = vendor.exchanges
    assert [(m["role"], m["content"]) for m in exchange.json["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hello?"),
        ("assistant", "Yes?"),
        ("user", "And now?"),
    ]


def test_cost_comes_from_usage_and_the_price_or_is_null(client, vendor):
    messages = stream(client, input_data="Hi", models=["one", "two"])
    figures = messages[-1]["metadata"]["models"]
    assert figures["one"]["cost"] == pytest.approx((4 * 1.0 + 2 * 2.0) / 1e6)
    assert figures["two"]["cost"] is None


def test_only_those_who_failed_are_asked_again(client, vendor):
    vendor.plays(status(401), about="two")
    first = stream(client, input_data="Hi", models=["one", "two"])
    run_id = first[0]["run_id"]
    assert first[-1]["metadata"]["models_failed"] == 1
    vendor.plays(says("Now."), about="two")
    again = stream(client, retry_of=run_id)
    assert again[0]["run_id"] != run_id
    assert again[-1]["metadata"]["models_failed"] == 0
    said = client.get(f"/api/runs/{again[0]['run_id']}").get_json()["models"]
    assert (said["one"]["text"], said["one"]["cached"]) == ("Hello.", True)
    assert (said["two"]["text"], said["two"]["cached"]) == ("Now.", False)
    assert [exchange.json["model"] for exchange in vendor.exchanges].count("one") == 1


def test_a_retry_can_be_of_some_models_only_and_of_an_ended_run_only(client, vendor):
    vendor.plays(status(401), about="two")
    run_id = stream(client, input_data="Hi", models=["one", "two"])[0]["run_id"]
    assert client.post("/compare", json={"retry_of": "nobody"}).status_code == 404
    for more in ({"models": ["demo"]}, {"input_data": "Something else"}):
        wrong = client.post("/compare", json={"retry_of": run_id, **more})
        assert wrong.status_code == 400
    vendor.plays(says("Now."), about="two")
    only = client.post("/compare", json={"retry_of": run_id, "models": ["two"]}).get_json()
    assert only["results"] == {"two": "Now."}
    path = "/api/analyze/stream/parallel"
    assert client.post(path, json={"retry_of": run_id}).status_code == 400


def test_one_of_two_failures_is_tried_again_and_the_other_stays_as_it_ended(client, vendor):
    broken = "demo@first=0,rate=1000,tokens=5,fail_after=2,fail=quota"
    vendor.plays(status(401), about="two")
    run_id = stream(client, input_data="Hi", models=["one", "two", broken])[0]["run_id"]
    vendor.plays(says("Now."), about="two")
    again = stream(client, retry_of=run_id, retry=["two"])
    said = client.get(f"/api/runs/{again[0]['run_id']}").get_json()["models"]
    assert {name: lane["state"] for name, lane in said.items()} == {
        "one": "done",
        "two": "done",
        broken: "failed",
    }
    assert said[broken]["text"] == "This is "
    assert said[broken]["error"]["code"] == "quota"
    assert client.post("/compare", json={"retry_of": run_id, "retry": ["demo"]}).status_code == 400


def told(vendor, model):
    """What the vendor's model was last told."""
    last = [exchange.json for exchange in vendor.exchanges if exchange.json["model"] == model][-1]
    return [(message["role"], message["content"]) for message in last["messages"]]


def test_a_follow_up_tells_each_model_what_it_said_itself(client, vendor):
    vendor.plays(says("I am two."), about="two")
    first = stream(client, input_data="Who?", models=["one", "two", "cuts"])[0]["run_id"]
    second = stream(client, input_data="And now?", follow_up_of=first)
    assert {m["model"] for m in second if m["type"] == "start"} == {"one", "two"}
    opening = [("user", "Who?")]
    assert told(vendor, "one") == [*opening, ("assistant", "Hello."), ("user", "And now?")]
    assert told(vendor, "two") == [*opening, ("assistant", "I am two."), ("user", "And now?")]
    run = client.get(f"/api/runs/{second[0]['run_id']}").get_json()
    valid("Run", run)
    assert run["follow_up_of"] == first
    stream(client, input_data="Again?", follow_up_of=run["run_id"], models=["two"])
    assert [content for _, content in told(vendor, "two")] == [
        "Who?",
        "I am two.",
        "And now?",
        "I am two.",
        "Again?",
    ]


def test_a_retried_follow_up_is_told_the_conversation_too(client, vendor):
    first = stream(client, input_data="Who?", models=["one"])[0]["run_id"]
    vendor.plays(status(401), about="one")
    second = stream(client, input_data="And now?", follow_up_of=first)[0]["run_id"]
    vendor.plays(says("Now."), about="one")
    stream(client, retry_of=second)
    assert [content for _, content in told(vendor, "one")] == ["Who?", "Hello.", "And now?"]


def test_a_follow_up_needs_answers_and_one_history_only(client, vendor):
    vendor.plays(status(401), about="two")
    run_id = stream(client, input_data="Hi", models=["one", "two"])[0]["run_id"]
    silent = stream(client, input_data="Hi", models=["cuts"])[0]["run_id"]
    history = [{"role": "user", "content": "x"}]
    for asked, code in (
        ({"follow_up_of": "nobody", "input_data": "?"}, 404),
        ({"follow_up_of": run_id}, 400),
        ({"follow_up_of": run_id, "input_data": "?", "models": ["two"]}, 400),
        ({"follow_up_of": silent, "input_data": "?"}, 400),
        ({"follow_up_of": run_id, "input_data": "?", "conversation_history": history}, 400),
    ):
        assert client.post("/compare", json=asked).status_code == code, asked


def test_without_streaming_the_answers_come_in_one_document(client):
    body = client.post("/compare", json={"input_data": "Hi", "models": QUICK}).get_json()
    valid("ComparisonResult", body)
    assert body["results"][QUICK[0]] == "This is a demo model: "
    assert body["metadata"]["models_successful"] == 2


def test_a_model_that_only_takes_videos_says_so(client):
    messages = stream(client, input_data="Hi", models=["cuts", QUICK[0]])
    (error,) = [m for m in of(messages, "cuts") if m["type"] == "error"]
    assert error["code"] == "bad_request" and "video" in error["message"]
    assert messages[-1]["metadata"]["models_successful"] == 1


@pytest.mark.parametrize(
    "asked, code",
    [
        ({"models": ["demo"]}, 400),
        ({"input_data": " ", "models": ["demo"]}, 400),
        ({"input_data": "Hi"}, 400),
        ({"input_data": "Hi", "models": []}, 400),
        ({"input_data": "Hi", "models": [f"demo@tokens={n}" for n in range(10)]}, 422),
        ({"input_data": "Hi", "models": ["nobody"]}, 404),
        ({"conversation_history": "x"}, 400),
        ({"conversation_history": [1]}, 400),
        ({"conversation_history": [{"role": "tool", "content": "x"}]}, 400),
        ({"conversation_history": [{"role": "user", "content": ["x"]}]}, 400),
        ({"conversation_history": [{"role": "user", "content": "x"}] * 201}, 422),
        ({"conversation_history": [{"role": "user", "content": "x" * 200_001}]}, 422),
    ],
)
@pytest.mark.parametrize("path", ["/compare-stream", "/compare"])
def test_a_bad_request_is_refused_before_the_stream(client, path, asked, code):
    if "conversation_history" in asked:
        asked = {"input_data": "Hi", "models": ["demo"], **asked}
    assert client.post(path, json=asked).status_code == code


def test_one_key_is_one_run_at_every_address_streaming_or_not(client):
    key = {"Idempotency-Key": "twice"}
    asked = {"input_data": "Hi", "models": [QUICK[0]]}
    runs = set()
    for path in ("/compare-stream", "/api/compare-stream", "/compare", "/api/compare"):
        response = client.post(path, json=asked, headers=key)
        assert response.text  # read to its end: who reads the first is who moves it
        runs.add(response.headers["X-Run-Id"])
    assert len(runs) == 1


def test_it_is_resumed_and_cancelled_like_any_run(tmp_path):
    with serving(tmp_path / "data") as server:
        slow = {"input_data": "Hi", "models": ["demo@first=60", "demo@first=0,tokens=3"]}
        response = server.open(slow, "/compare-stream")
        run = response.headers["X-Run-Id"]
        messages = response.messages()
        while next(messages)[2]["type"] != "done":
            pass
        assert server.post(f"/api/runs/{run}/cancel")[0] == 200
        last = [event for _, _, event in messages]
        assert last[-1] == "[DONE]"
        assert last[-2]["metadata"]["models_failed"] == 1
        assert [e["code"] for e in last[:-1] if e["type"] == "error"] == ["cancelled"]
        assert server.follow(run, 0).events()[-2] == last[-2]
        assert server.get(f"/api/runs/{run}")[1]["kind"] == "comparison"
