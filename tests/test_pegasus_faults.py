"""What TwelveLabs refuses or breaks, met by the whole engine beside a model that is well."""

import time
from dataclasses import replace

import pytest

from tests.vendors import pegasus_server as speak
from tests.vendors.certificates import make_certificate
from tests.vendors.pegasus_asking import BY_ASSET, KEY
from tests.vendors.pegasus_asking import fresh, in_a_run, pegasus_vendor, short_film  # noqa: F401
from tests.vendors.pegasus_server import PegasusServer


def bad(code="internal_server_error"):
    return speak.flat(code, f"bad key {KEY} in /srv/app/vendor.py")


# -- what the vendor says is wrong


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (speak.status(400, bad("parameter_invalid")), "bad_request"),
        (speak.status(400, bad("token_limit_exceeded")), "bad_request"),
        (speak.status(400, {"error": bad("parameter_not_provided")}), "bad_request"),
        (speak.status(400, bad("index_not_supported_for_generate")), "bad_request"),
        (speak.status(400, bad("api_key_invalid")), "auth"),
        (speak.status(401, bad("api_key_invalid")), "auth"),
        (speak.status(401, b"no"), "auth"),
        (speak.status(402, bad()), "quota"),
        (speak.status(403, bad("api_allowed_for_paid_plan")), "quota"),
        (speak.status(403, bad()), "auth"),
        (speak.status(404, bad("resource_not_exist")), "not_found"),
        (speak.status(404, b"404 page not found", "text/plain"), "not_found"),
        (speak.status(413, b"<html>too large</html>", "text/html"), "bad_request"),
        (speak.status(422, bad()), "bad_request"),
        (speak.status(200, b" ", Content_Encoding="gzip"), "upstream"),
        (speak.status(307, b" ", Location="http://169.254.169.254/"), "upstream"),
        (speak.events({"event_type": "error", **bad("parameter_invalid")}), "bad_request"),
        (speak.events({"error": bad("api_key_invalid")}), "auth"),
    ],
)
def test_a_refusal_is_not_asked_again(vendor, watch, script, code):
    vendor.plays(script)
    error = watch().error("pegasus")
    assert (error["code"], error["retryable"], error["partial"]) == (code, False, False)
    assert len(vendor.questions) == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (speak.status(429, bad("too_many_requests"), Retry_After="0"), "rate_limit"),
        (speak.status(429, bad("too_many_requests"), X_Ratelimit_Reset="1"), "rate_limit"),
        (speak.status(429, b"slow down", "text/plain"), "rate_limit"),
        (speak.status(408, bad("request_canceled_or_timed_out")), "upstream"),
        (speak.status(500, bad()), "upstream"),
        (speak.status(503, b"<html>busy</html>", "text/html"), "upstream"),
        (speak.status(500, b"[" * 100_000), "upstream"),
        (speak.status(500, b'{"message": "\xff"}'), "upstream"),
        (speak.status(200, b"<html>hello</html>", "text/html"), "upstream"),
        (speak.status(200, bad("internal")), "upstream"),
        (speak.status(200, {"error": bad("too_many_requests")}), "rate_limit"),
        (speak.status(200, {"id": "x", "data": "Hi.", "finish_reason": "stop"}), "upstream"),
        (speak.events(speak.START, {"event_type": "error", "message": "boom"}), "upstream"),
        (speak.events(speak.START, {"event_type": "error", "error": f"boom {KEY}"}), "upstream"),
        (speak.events(speak.START, bad("internal")), "upstream"),
        (speak.events(speak.START, {"error": bad("internal")}), "upstream"),
        (speak.events({**speak.START, "error": bad()}), "upstream"),
        (speak.events({**speak.START, **bad()}), "upstream"),
        (speak.events(speak.end("error", error=bad())), "upstream"),
        (speak.events(speak.end(None, error=bad())), "upstream"),
        (speak.events(speak.end("error")), "upstream"),
        (speak.events(speak.end("FAILED")), "upstream"),
        (speak.sends(b'{"event_type": oops}\n', speak.line(speak.end())), "upstream"),
        (speak.sends(b"[1]\n", speak.line(speak.end())), "upstream"),
        (speak.sends(b"data: {}\n\n"), "upstream"),
        (speak.fin, "network"),
        (speak.rst, "network"),
        (speak.speaks_then(then=speak.fin), "network"),
    ],
)
def test_a_failure_that_may_pass_is_tried_three_times_and_then_told(vendor, watch, script, code):
    vendor.plays(script)
    error = watch().error("pegasus")
    assert (error["code"], error["retryable"]) == (code, True)
    assert len(vendor.questions) == 3


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (speak.clean_end, "truncated"),
        (lambda exchange: (exchange.chunk(b'{"event_type": "te'), exchange.end()), "truncated"),
        (speak.fin, "truncated"),
        (speak.rst, "network"),
        (lambda exchange: exchange.chunk(b"{oops}\n"), "upstream"),
        (lambda exchange: exchange.chunk(speak.line(bad())), "upstream"),
        (lambda exchange: exchange.chunk(speak.line({"error": bad()})), "upstream"),
        (lambda exchange: exchange.chunk(speak.line({"event_type": "error"})), "upstream"),
        (lambda exchange: exchange.chunk(speak.line(speak.end("error"))), "upstream"),
        (lambda exchange: exchange.raw(b"not a chunk\r\n"), "network"),
    ],
    ids=[
        "clean end",
        "clean end inside a line",
        "FIN",
        "RST",
        "garbage",
        "flat error",
        "error object",
        "error event",
        "an end that is none",
        "bad framing",
    ],
)
def test_what_was_said_before_a_failure_is_kept_and_not_said_twice(vendor, watch, then, code):
    vendor.plays(speak.speaks_then("So ", "far", then=then))
    watched = watch()
    assert watched.text("pegasus") == "So far"
    error = watched.error("pegasus")
    assert (error["code"], error["partial"], error["retryable"]) == (code, True, True)
    assert len(vendor.questions) == 1


def test_an_empty_answer_is_a_broken_one(vendor, watch):
    vendor.plays(speak.sends())
    assert watch().error("pegasus")["code"] == "truncated"


@pytest.mark.parametrize(
    ("about", "script", "code"),
    [
        ("upload", speak.status(413, b"too large", "text/plain"), "bad_request"),
        ("upload", speak.status(201, b"{}"), "upstream"),
        ("upload", speak.status(201, b'{"_id": "../../x"}'), "upstream"),
        ("upload", speak.status(201, b'{"_id": {"a": 1}}'), "upstream"),
        ("upload", speak.status(201, b"thank you", "text/plain"), "upstream"),
        ("upload", speak.rst, "network"),
        ("asset", speak.status(401, bad("api_key_invalid")), "auth"),
        ("asset", speak.status(200, b"[]"), "upstream"),
        ("asset", speak.status(200, b'"\xff"'), "upstream"),
        ("asset", speak.status(404, bad("resource_not_exist")), "not_found"),
    ],
)
def test_an_upload_can_fail_too(vendor, watch, about, script, code):
    vendor.plays(script, about=about)
    assert watch(BY_ASSET).error("pegasus")["code"] == code
    assert vendor.questions == []


# -- tried again


@pytest.mark.parametrize("header", ["Retry_After", "X_Ratelimit_Reset"])
def test_a_rate_limit_is_waited_out_and_the_answer_comes_once(vendor, watch, header):
    def refuses(exchange):
        when = "1" if header == "Retry_After" else str(int(time.time()) + 2)
        speak.status(429, bad("too_many_requests"), **{header: when})(exchange)

    vendor.plays(refuses, speak.says("Hel", "lo"))
    assert watch().text("pegasus") == "Hello"
    first, second = vendor.questions
    assert 0.9 < second.at - first.at < 8


def test_a_second_try_does_not_upload_a_second_time(vendor, watch):
    vendor.plays(speak.status(503, bad()), speak.says("Hi."))
    assert watch(BY_ASSET).text("pegasus") == "Hi."
    assert len(vendor.uploaded) == 1


def test_two_models_of_one_run_share_an_upload(vendor, watch):
    names = ("pegasus", "pegasus-b", "pegasus-c")
    watched = watch(*[replace(BY_ASSET, name=name) for name in names])
    assert [watched.text(name) for name in names] == ["Hello"] * 3
    assert len(vendor.uploaded) == 1


def test_a_vendor_that_is_not_there_is_a_network_failure(watch, monkeypatch, tmp_path):
    with PegasusServer(None, make_certificate(tmp_path)) as stranger:
        monkeypatch.setenv("TWELVELABS_BASE_URL", stranger.base_url)
        assert watch().error("pegasus")["code"] == "network"
        assert stranger.exchanges == []
    assert watch().error("pegasus")["code"] == "network"  # it is gone now
    monkeypatch.setenv("TWELVELABS_BASE_URL", "http://nowhere.invalid")
    assert watch().error("pegasus")["code"] == "network"
