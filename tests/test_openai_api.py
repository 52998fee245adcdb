"""`/v1/models` and `/v1/chat/completions`, read by the official OpenAI client."""

import json
import time

import openai
import pytest

from tests.live import serving, until
from tests.openai_client import HI, KEY, PATH, client_of, said
from tests.vendors import openai_server as speak


def about(part, text="Where are the cuts?"):
    return [{"role": "user", "content": [{"type": "text", "text": text}, part]}]


# -- models


def test_the_models_that_can_be_asked_are_listed_and_simulated_ones_say_so(server):
    with client_of(server) as client:
        models = {model.id: model for model in client.models.list()}
    assert {"cuts", "gpt4o", "demo"} <= set(models)
    assert "gemini" not in models  # there is no key for it
    assert (models["demo"].simulated, models["gpt4o"].simulated) == (True, False)
    assert models["gpt4o"].object == "model" and isinstance(models["gpt4o"].created, int)
    assert models["gpt4o"].owned_by == "openai"


def test_one_model_can_be_looked_up_by_any_name_it_is_asked_by(tmp_path):
    with serving(tmp_path / "data", OPENROUTER_API_KEY=KEY) as server, client_of(server) as client:
        listed = {model.id: model for model in client.models.list()}
        assert client.models.retrieve("demo") == listed["demo"]
        for name in ("openai/gpt-4o-mini:free", "demo@first=0,rate=5", "demo-fast@tokens=3"):
            model = client.models.retrieve(name)
            assert (model.id, model.object, model.simulated) == (name, "model", "demo" in name)
        unescaped = server.get("/v1/models/openai/gpt-4o-mini:free")
        assert unescaped[0] == 200 and unescaped[1]["owned_by"] == "openai"


@pytest.mark.parametrize("name", ["gpt-nobody", "openai/gpt-4o-mini", "gemini"])
def test_a_model_that_cannot_be_asked_is_not_found(server, name):
    with client_of(server) as client, pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert ("_API_KEY" in caught.value.message) == (name != "gpt-nobody")


# -- answers


def test_a_whole_answer_has_text_reason_and_usage(vendor, ask):
    vendor.plays(speak.says("Hel", "lo", counts=(7, 3)))
    answer = ask()
    assert answer.choices[0].message.content == "Hello"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (7, 10)
    assert answer.object == "chat.completion" and answer.model == "gpt4o"
    assert abs(answer.created - time.time()) < 60


def test_a_stream_has_the_role_then_the_vendors_own_pieces_then_the_reason(vendor, server, ask):
    vendor.plays(speak.says("Hel", "lo ", "you", finish="length"))
    chunks = list(ask(stream=True))
    first, *middle, last = [chunk.choices[0] for chunk in chunks]
    assert (first.delta.role, first.delta.content) == ("assistant", "")
    assert [choice.delta.content for choice in middle] == ["Hel", "lo ", "you"]
    assert (last.delta.content, last.finish_reason) == (None, "length")
    assert all(choice.finish_reason is None for choice in (first, *middle))
    [chat_id] = {chunk.id for chunk in chunks}
    run = server.get("/api/runs/" + chat_id.removeprefix("chatcmpl-"))[1]
    assert (run["kind"], run["models"]["gpt4o"]["text"]) == ("chat", "Hello you")


def test_usage_is_streamed_last_when_asked_for_and_counted(vendor, ask):
    vendor.plays(speak.says("Hel", "lo", counts=(7, 3)))
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *others, last = ask(**options)
    assert (last.choices, last.usage.completion_tokens) == ([], 3)
    assert all(chunk.choices and not chunk.usage for chunk in others)
    assert all(chunk.choices for chunk in ask(stream=True))
    uncounted = about({"type": "file", "file": {"file_id": "sample"}})
    assert all(chunk.choices for chunk in ask("cuts", uncounted, **options))


def test_words_arrive_while_the_model_still_speaks(server, ask):
    with ask("demo@first=0.1,rate=20,tokens=9999", stream=True) as chunks:
        said = (chunk for chunk in chunks if chunk.choices[0].delta.content)
        [chat_id] = {next(said).id for _ in range(9)}
        run = f"/api/runs/{chat_id.removeprefix('chatcmpl-')}"
        assert server.get(run)[1]["state"] == "working"
        assert server.post(f"{run}/cancel")[0] == 200


def test_heartbeats_in_a_silence_do_not_disturb_the_client(server, vendor, ask):
    vendor.plays(speak.says("Hel", "lo", every=0.7))
    assert said(ask(stream=True)) == "Hello"
    stream = server.open({"model": "gpt4o", "messages": HI, "stream": True, "refresh": True}, PATH)
    until(lambda: stream.response.read1(4096).startswith(b":hb\n"))
    stream.close()


def test_an_empty_answer_is_an_answer(vendor, ask):
    vendor.plays(speak.says())
    assert ask().choices[0].message.content == ""
    assert said(ask(stream=True)) == ""


def test_a_kept_answer_is_given_again_unless_refreshed(vendor, ask):
    vendor.plays(speak.says("once"))
    count = len(vendor.exchanges)
    kept = {"messages": "To be kept?", "extra_body": {"refresh": False}}
    assert ask(**kept).choices[0].message.content == "once"
    assert said(ask(stream=True, **kept)) == "once"
    assert len(vendor.exchanges) == count + 1
    ask(messages="To be kept?")
    assert len(vendor.exchanges) == count + 2


# -- what the model is asked


def test_a_video_is_named_by_id_name_or_this_servers_address_of_it(server, ask):
    here = f"127.0.0.1:{server.port}"
    answers = {
        ask("cuts", about(part)).choices[0].message.content
        for part in (
            {"type": "video_url", "video_url": {"url": "sample"}},
            {"type": "video_url", "video_url": "sample.mp4"},
            {"type": "video_url", "video_url": {"url": "/api/videos/sample"}},
            {"type": "video_url", "video_url": {"url": f"http://{here}/api/videos/s%61mple.mp4"}},
            {"type": "file", "file": {"file_id": "sample"}},
            {"type": "file", "file": {"filename": "sample.mp4"}},
        )
    }
    [answer] = answers
    assert "Cut at 0:05" in answer


def test_behind_a_proxy_the_addresses_it_gives_out_are_this_servers(server):
    forwarded = {"X-Forwarded-Prefix": "/watch", "X-Forwarded-Host": "films.example"}
    secure = {**forwarded, "X-Forwarded-Proto": "https"}
    listed = json.loads(server.request("GET", "/api/videos", headers=secure)[2])["videos"][0]
    assert listed["url"].startswith("/watch/")
    for url in (listed["url"], "https://films.example" + listed["url"]):
        messages = about({"type": "video_url", "video_url": {"url": url}})
        assert server.post(PATH, {"model": "cuts", "messages": messages}, **secure)[0] == 200
        assert server.post(PATH, {"model": "cuts", "messages": messages})[0] == 400


def test_earlier_turns_are_history_with_the_system_first_and_the_last_video_stays(vendor, ask):
    vendor.plays(speak.says("Yes."))
    film = {"type": "video_url", "video_url": {"url": "sample"}}
    ask(
        messages=[
            *about({"type": "file", "file": {"file_id": "forgotten"}}, "First?"),
            {"role": "assistant", "content": [{"type": "text", "text": "So."}]},
            {"role": "user", "content": [film]},
            {"role": "assistant", "content": None},
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "And then?"},
        ]
    )
    pictures, *history, last = vendor.exchanges[-1].json["messages"]
    assert pictures["role"] == "system" and "pictures" in pictures["content"]
    assert [(said["role"], said["content"]) for said in history] == [
        ("system", "Be brief."),
        ("user", "First?"),
        ("assistant", "So."),
    ]
    kinds = [part["type"] for part in last["content"]]
    assert "image_url" in kinds and last["content"][-1]["text"] == "And then?"


def test_temperature_and_length_are_passed_on_but_the_name_has_the_last_word(vendor, ask):
    vendor.plays(speak.says("Yes."))
    ask(temperature=0.5, extra_body={"max_tokens": 11.0})
    sent = vendor.exchanges[-1].json
    assert (sent["temperature"], sent["max_completion_tokens"] or sent["max_tokens"]) == (0.5, 11)
    ask("gpt4o@temperature=1.5", temperature=0.5, max_completion_tokens=12, max_tokens=11)
    sent = vendor.exchanges[-1].json
    assert sent["temperature"] == 1.5 and 12 in sent.values()


def test_what_open_webui_and_librechat_send_along_is_no_obstacle(ask):
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    answer = ask(
        "demo@first=0,tokens=2",
        [{"role": "system", "content": "Be brief."}, *about({"type": "text", "text": "Now."})],
        n=1,
        user="someone",
        seed=7,
        top_p=1,
        stop=["\n\n"],
        presence_penalty=0,
        logit_bias={},
        tools=[tool],
        tool_choice="auto",
        response_format={"type": "text"},
        extra_body={"chat_id": "x", "session_id": "y", "background_tasks": {}, "max_tokens": None},
    )
    assert answer.choices[0].message.content == "This is "
