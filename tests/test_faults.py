"""What a vendor's failure is called, how long it asks to wait, and what of its words is shown."""

import time
from email.utils import formatdate

import httpx
import pytest

from server.vendors import faults


def test_an_error_that_is_none_of_the_lines_is_not_translated():
    assert faults.broken_line(httpx, KeyError("choices")) is None


def test_retry_after_is_read_in_both_forms():
    assert faults.retry_after({"retry-after": "7"}) == 7
    assert faults.retry_after({"retry-after": "0.5"}) == 0.5
    in_a_minute = formatdate(time.time() + 60, usegmt=True)
    assert faults.retry_after({"retry-after": in_a_minute}) == pytest.approx(60, abs=15)
    assert faults.retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert faults.retry_after({"retry-after": "-3"}) == 0
    for nonsense in ("", "soon", "nan", "Wed, 99 Foo"):
        assert faults.retry_after({"retry-after": nonsense}) is None
    assert faults.retry_after({}) is None


def test_milliseconds_are_finer_and_go_before_seconds():
    assert faults.retry_after({"retry-after-ms": "250", "retry-after": "1"}) == 0.25
    assert faults.retry_after({"retry-after-ms": "-1", "retry-after": "1"}) == 0
    for nonsense in ("", "soon", "nan"):
        assert faults.retry_after({"retry-after-ms": nonsense, "retry-after": "3"}) == 3


def test_a_date_without_a_zone_is_utc_wherever_this_machine_is(monkeypatch):
    with monkeypatch.context() as tokyo:
        tokyo.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        when = time.strftime("%a, %d %b %Y %H:%M:%S", time.gmtime(time.time() + 60))
        for date in (when, f"{when} -0000", f"{when} GMT"):
            assert faults.retry_after({"retry-after": date}) == pytest.approx(60, abs=15)
    time.tzset()


@pytest.mark.parametrize(
    "path",
    [
        "/srv/app/x.py",
        "open:/srv/app/x.py:12",
        "file:///srv/app/x",
        "file:/srv/app/x",
        "sqlite:////srv/x.db",
        "C:\\srv\\x",
        "C:\\\\srv\\\\x",
        "C:/srv/x",
        "\\\\box\\srv\\x",
        "/srv",
        "~/srv/x",
        "../srv/x",
        "'/a b/srv/x'",
        "(/srv/x)",
        "path=/srv/x",
        "http://box/v1?file=/srv/x",
        "http://box:/srv/x",
        "/\u200bsrv/x",
        "/donn\u00e9es/srv",
    ],
)
def test_a_vendors_paths_are_not_shown(path):
    message = faults.failure("bad_request", f"no {path} here").message
    assert "srv" not in message and "[path]" in message
    assert "It says: no " in message and " here" in message


@pytest.mark.parametrize(
    "words",
    [
        "see https://host/path/x.html, or http://127.0.0.1:8000/v1",
        "1/2 and/or n/a 24/7, 3 / 4 or w/ more",
        "image/png, text/* or */*, 12/31/2026",
        "use anthropic/claude or openai/gpt-4o:free",
        "tokens (input)/minute, $/token, a\\nb",
    ],
)
def test_what_only_looks_like_a_path_stays(words):
    assert words in faults.failure("bad_request", words).message


def test_a_letter_that_nobody_sees_does_not_hide_a_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    told = faults.failure("bad_request", "no sk-can\u200bary-0123456789").message
    assert "canary" not in told and "[redacted]" in told


def test_a_vendors_own_words_are_shown_redacted_short_and_in_one_line(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    told = "bad `temperature`\n for sk-canary-0123456789\x1b[31m " + "x" * 500
    message = faults.failure("bad_request", told).message
    assert "bad `temperature` for [redacted]" in message
    assert "canary" not in message and "\x1b" not in message and "\n" not in message
    assert len(message) < 300
    assert "temperature" not in faults.failure("auth", told).message


def test_a_page_where_an_error_should_be_is_not_shown_and_the_address_is_doubted():
    message = faults.failure("not_found", "\n<html><body>404 Not Found</body></html>").message
    assert "html" not in message and "It says" not in message
    assert "base URL" in message


@pytest.mark.parametrize("tooth", ["/", "'/", "\\", "~", "../", "https://", ":/", "C:/"])
def test_looking_for_paths_takes_no_longer_per_letter_in_a_long_text(tooth):
    def cost(length):
        began = time.thread_time()
        faults.PATH.sub("", tooth * length)
        return (time.thread_time() - began) / length

    often = range(5)
    assert min(cost(16_000) for _ in often) < 8 * min(cost(1000) for _ in often) + 1e-6
