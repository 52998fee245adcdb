"""What a vendor refuses or breaks, met by the whole engine beside a model that is well."""

import gzip
import json
import time
from email.utils import formatdate

import pytest

from server.asking import attempts
from server.vendors import wire
from tests.live import SOON_S
from tests.vendors import openai_server as speak
from tests.vendors.certificates import make_certificate
from tests.vendors.openai_asking import KEY, slot
from tests.vendors.openai_server import OpenAIServer
from tests.watched import Watched


def breaks_off(exchange):
    exchange.head(401, "application/json", 500)
    exchange.raw(b'{"error": {"mess')
    exchange.close()


ECHO = {"message": f"bad key {KEY} in /srv/app/vendor.py", "type": "t", "code": None}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(attempts, "FIRST_DELAY_S", 0.02)
    monkeypatch.setattr(wire, "_clients", {})
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def vendor(monkeypatch):
    with OpenAIServer(speak.says("Hel", "lo")) as vendor:
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        yield vendor


@pytest.mark.parametrize(
    ("script", "code", "retryable"),
    [
        (speak.status(400, ECHO), "bad_request", False),
        (speak.status(401, ECHO), "auth", False),
        (speak.status(401, body=gzip.compress(b"{}"), Content_Encoding="gzip"), "auth", False),
        (speak.status(401, body=b" " * (wire.MAX_ERROR_BODY + 1)), "auth", False),
        (breaks_off, "auth", False),
        (speak.status(402, ECHO), "quota", False),
        (speak.status(403, ECHO), "auth", False),
        (speak.status(404, {**ECHO, "code": "model_not_found"}), "not_found", False),
        (
            speak.status(404, body=b"404 page not found", content_type="text/plain"),
            "not_found",
            False,
        ),
        (speak.status(404, body=b'{"error": "model \'x\' not found"}'), "not_found", False),
        (speak.status(413, ECHO), "bad_request", False),
        (speak.status(422, ECHO), "bad_request", False),
        (speak.status(429, {**ECHO, "code": "insufficient_quota"}), "quota", False),
        (speak.status(429, {**ECHO, "type": "insufficient_quota"}), "quota", False),
        (speak.status(400, {**ECHO, "code": "content_policy_violation"}), "blocked", False),
        (speak.status(403, {**ECHO, "metadata": {"flagged_input": "x"}}), "blocked", False),
        (speak.status(200, body=b"", Content_Encoding="gzip"), "upstream", False),
        (speak.redirects("http://169.254.169.254/latest/meta-data"), "upstream", False),
    ],
)
def test_a_refusal_is_not_asked_again(vendor, make_services, script, code, retryable):
    vendor.plays(script)
    error = Watched(make_services(), slot()).error()
    assert (error["code"], error["retryable"]) == (code, retryable)
    assert not error["partial"]
    assert len(vendor.exchanges) == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (speak.status(429, ECHO, Retry_After="0"), "rate_limit"),
        (speak.status(500, ECHO), "upstream"),
        (speak.status(503, body=b"<html>busy</html>", content_type="text/html"), "upstream"),
        (speak.status(529, ECHO), "upstream"),
        (speak.status(499, ECHO), "upstream"),
        (speak.status(200, body=b"<html>hello</html>", content_type="text/html"), "upstream"),
        (speak.status(200, body=json.dumps({"error": ECHO}).encode()), "upstream"),
        (speak.status(200, body=b'{"choices": []}'), "upstream"),
        (speak.sends(b"data: {not json}\n\n"), "upstream"),
        (speak.events({"error": ECHO}), "upstream"),
        (speak.events({"error": {**ECHO, "code": 429}}), "rate_limit"),
        (speak.events({"error": {**ECHO, "code": "502"}}), "upstream"),
        (speak.events({"error": f"it broke {KEY}"}), "upstream"),
        (speak.events({"error": ECHO, "choices": [{"finish_reason": "error"}]}), "upstream"),
        (speak.events({"error": ECHO, "choices": []}), "upstream"),
        (speak.sends(b'event: error\ndata: {"message": "boom"}\n\n'), "upstream"),
        (speak.events({"object": "error", "message": "boom", "code": 500}), "upstream"),
        (speak.events(speak.delta(finish="error", error=ECHO)), "upstream"),
        (speak.events(speak.delta(finish="error")), "upstream"),
        (speak.events(speak.delta("", "stop", native_finish_reason="network_error")), "upstream"),
        (speak.fin, "network"),
        (speak.rst, "network"),
        (speak.speaks_then(then=speak.fin), "network"),
    ],
)
def test_a_failure_that_may_pass_is_tried_three_times_and_then_told(
    vendor, make_services, script, code
):
    vendor.plays(script)
    error = Watched(make_services(), slot()).error()
    assert (error["code"], error["retryable"]) == (code, True)
    assert len(vendor.exchanges) == 3


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (speak.events({"error": {**ECHO, "code": 400}}), "bad_request"),
        (speak.events({"error": {**ECHO, "code": "insufficient_quota"}}), "quota"),
        (speak.events({"object": "error", "type": "BadRequestError", "code": 400}), "bad_request"),
        (speak.events({"error": {**ECHO, "type": "invalid_request_error"}}), "bad_request"),
        (speak.status(200, body=b'{"error": {"code": 402}}'), "quota"),
        (speak.says(finish="content_filter"), "blocked"),
    ],
)
def test_a_refusal_inside_a_stream_is_as_final_as_one_before_it(
    vendor, make_services, script, code
):
    vendor.plays(script)
    assert Watched(make_services(), slot()).error()["code"] == code
    assert len(vendor.exchanges) == 1


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (speak.clean_end, "truncated"),
        (lambda exchange: (exchange.chunk(speak.DONE), exchange.end()), "truncated"),
        (speak.fin, "truncated"),
        (speak.rst, "network"),
        (lambda exchange: exchange.chunk(b"data: {\n\n"), "upstream"),
        (lambda exchange: exchange.chunk(speak.event({"error": ECHO})), "upstream"),
        (lambda exchange: exchange.raw(b"not a chunk\r\n"), "network"),
    ],
    ids=["clean end", "[DONE] alone", "FIN", "RST", "garbage", "in-band error", "bad framing"],
)
def test_what_was_said_before_a_failure_is_kept_and_not_said_twice(
    vendor, make_services, then, code
):
    vendor.plays(speak.speaks_then("So ", "far", then=then))
    watched = Watched(make_services(), slot())
    assert watched.text("gpt") == "So far"
    error = watched.error()
    assert (error["code"], error["partial"], error["retryable"]) == (code, True, True)
    assert len(vendor.exchanges) == 1


def test_an_empty_answer_is_a_broken_one(vendor, make_services):
    vendor.plays(speak.sends())
    assert Watched(make_services(), slot()).error()["code"] == "truncated"


# -- tried again


@pytest.mark.parametrize("wait", ["1", "a date"])
def test_a_rate_limit_is_waited_out_and_the_answer_comes_once(vendor, make_services, wait):
    def refuses(exchange):
        # A date has whole seconds: this one is more than 1 s away, and at most 2.
        when = "1" if wait == "1" else formatdate(int(time.time()) + 2, usegmt=True)
        asked_to_wait_until.append(time.monotonic() + 1)
        speak.status(429, ECHO, Retry_After=when)(exchange)

    asked_to_wait_until = []
    vendor.plays(refuses, speak.says("Hel", "lo"))
    watched = Watched(make_services(), slot())
    assert watched.text("gpt") == "Hello"
    _, second = vendor.exchanges
    assert -0.1 < second.at - asked_to_wait_until[0] < 5


def test_a_busy_vendor_is_asked_a_third_time(vendor, make_services):
    vendor.plays(speak.status(503, ECHO), speak.status(503, ECHO), speak.says("Third."))
    assert Watched(make_services(), slot()).text("gpt") == "Third."
    assert len(vendor.exchanges) == 3


def test_nobody_waits_longer_than_the_deadline_to_try_again(vendor, make_services):
    vendor.plays(speak.status(429, ECHO, Retry_After="3600"))
    watched = Watched(make_services(first_text_timeout_s=10.0), slot())
    assert watched.error()["code"] == "rate_limit"
    assert watched.error_at("gpt") < SOON_S


def test_a_vendor_that_is_not_there_is_a_network_failure(make_services, monkeypatch, tmp_path):
    with OpenAIServer(speak.says("Hi."), make_certificate(tmp_path)) as stranger:
        monkeypatch.setenv("OPENAI_BASE_URL", stranger.base_url)
        assert Watched(make_services(), slot()).error()["code"] == "network"
        assert stranger.exchanges == []
    assert Watched(make_services(), slot()).error()["code"] == "network"  # it is gone now
