"""What goes wrong in a chat, as the official OpenAI client meets it; and clients that leave."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from server.errors import CODES
from tests.live import DEADLINE_S, SOON_S, Server, serving, until
from tests.openai_client import HI, KEY, PATH, client_of
from tests.vendors import openai_server as speak

# -- failures

STATUS = {
    "bad_request": 400,
    "blocked": 400,
    "not_found": 404,
    "quota": 429,
    "rate_limit": 429,
    "cancelled": 499,
    "internal": 500,
    "auth": 502,
    "network": 502,
    "truncated": 502,
    "upstream": 502,
    "timeout_first_text": 504,
    "timeout_idle": 504,
    "timeout_total": 504,
}
NAMES = {
    "blocked": "content_filter",
    "not_found": "model_not_found",
    "quota": "insufficient_quota",
    "rate_limit": "rate_limit_exceeded",
}


def test_a_model_that_fails_before_its_first_text_is_an_http_error(ask):
    def fail(code):
        with pytest.raises(openai.APIStatusError) as caught:
            ask(f"demo@first=0,fail_after=0,fail={code}", stream=True)
        return caught.value

    with ThreadPoolExecutor(len(CODES)) as pool:
        errors = dict(zip(CODES, pool.map(fail, CODES), strict=True))
    assert {code: error.status_code for code, error in errors.items()} == STATUS
    assert {code: error.code for code, error in errors.items()} == {
        code: NAMES.get(code, code) for code in CODES
    }
    assert isinstance(errors["rate_limit"], openai.RateLimitError)
    again = {c for c, e in errors.items() if e.response.headers["X-Should-Retry"] == "true"}
    assert again == {"rate_limit"}
    assert int(errors["rate_limit"].response.headers["Retry-After"]) >= 1
    assert all("Told to fail here." in error.body["message"] for error in errors.values())


def test_the_client_itself_does_not_ask_again_what_was_tried_three_times(server, vendor):
    vendor.plays(speak.status(500))
    count = len(vendor.exchanges)
    with client_of(server, max_retries=2) as client:
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="gpt4o", messages=HI, extra_body={"refresh": True})
    assert len(vendor.exchanges) == count + 3


def test_a_refused_key_is_the_servers_trouble_and_is_not_shown(vendor, ask):
    told = {"message": f"bad key {KEY} in /srv/app/vendor.py", "type": "t", "code": None}
    vendor.plays(speak.status(401, told))
    with pytest.raises(openai.APIStatusError) as caught:
        ask()
    assert (caught.value.status_code, caught.value.code) == (502, "auth")
    assert KEY not in caught.value.response.text and "/srv" not in caught.value.response.text


def test_a_failure_after_the_first_text_is_an_error_in_the_stream_and_no_done(server, vendor, ask):
    vendor.plays(speak.speaks_then("Hel", "lo", then=speak.clean_end))
    heard = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in ask(stream=True):
            heard.append(chunk.choices[0].delta.content)
    assert (heard, caught.value.code) == (["", "Hel", "lo"], "truncated")
    request = {"model": "gpt4o", "messages": HI, "stream": True, "refresh": True}
    events = server.open(request, PATH).events()
    assert events[-1]["error"]["code"] == "truncated"
    with pytest.raises(openai.APIStatusError) as caught:  # whole or not at all
        ask()
    assert caught.value.status_code == 502


def test_an_unknown_model_is_not_found(ask):
    with pytest.raises(openai.NotFoundError) as caught:
        ask("gpt-none")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


# -- leaving


def leaves(exchange, leave):
    """How long after the client left the vendor was hung up on."""
    began = time.monotonic()
    leave()
    assert exchange.hung_up.wait(2 * SOON_S), "still connected"
    return exchange.hung_up_at - began


def test_a_client_that_leaves_mid_stream_hangs_up_the_vendor_at_once(vendor, ask):
    vendor.plays(speak.speaks_then("Hel", then=speak.stalls))
    count = len(vendor.exchanges)
    stream = ask(stream=True)
    assert next(chunk for chunk in stream if chunk.choices[0].delta.content)
    exchange = vendor.wait_for(count + 1)[-1]
    assert leaves(exchange, stream.close) < SOON_S  # the grace period of other runs is 15 s


@pytest.mark.parametrize("streaming", [True, False])
def test_a_client_that_leaves_before_the_first_text_is_noticed_too(server, vendor, streaming):
    vendor.plays(speak.never_answers)
    count = len(vendor.exchanges)
    connection = server.connect()
    body = json.dumps({"model": "gpt4o", "messages": HI, "stream": streaming, "refresh": True})
    connection.request("POST", PATH, body, {"Content-Type": "application/json"})
    exchange = vendor.wait_for(count + 1)[-1]
    assert leaves(exchange, connection.close) < SOON_S


def test_a_restart_tells_a_waiting_client_to_come_back(data_dir):
    server, answers = Server(data_dir).start(), []
    asking = threading.Thread(
        target=lambda: answers.append(
            server.request(
                "POST",
                PATH,
                json.dumps({"model": "demo@first=60", "messages": HI, "stream": True}),
                {"Content-Type": "application/json"},
            )
        )
    )
    asking.start()
    until(lambda: b"parallax_runs_open 1.0" in server.request("GET", "/metrics")[2])
    assert server.stop() == 0
    asking.join(DEADLINE_S)
    [(status, headers, body)] = answers
    assert (status, json.loads(body)["error"]["code"]) == (503, "cancelled")
    assert int(headers["Retry-After"]) >= 1 and headers["X-Should-Retry"] == "true"


# -- permission


def test_the_servers_token_is_the_api_key(data_dir):
    with serving(data_dir, AUTH_TOKEN="correct horse battery") as strict:
        with client_of(strict, "correct horse battery") as client:
            assert client.models.list().data
            answer = client.chat.completions.create(model="demo@first=0,tokens=1", messages=HI)
            assert answer.choices[0].message.content == "This "
        with client_of(strict, "wrong") as client:
            for refused in (
                client.models.list,
                lambda: client.chat.completions.create(model="demo", messages=HI),
            ):
                with pytest.raises(openai.AuthenticationError) as caught:
                    refused()
                assert caught.value.code == "invalid_api_key"
                assert caught.value.response.headers["WWW-Authenticate"] == "Bearer"


def test_no_request_left_a_traceback_or_an_open_run(server):
    until(lambda: b"parallax_runs_open 0.0" in server.request("GET", "/metrics")[2])
    until(lambda: b"parallax_streams_open 0.0" in server.request("GET", "/metrics")[2])
    assert "Traceback" not in server.log(), server.log()
    assert KEY not in server.log()
