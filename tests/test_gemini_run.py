"""Gemini in a run beside another model: its faults are its own, and end in time."""

import importlib
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.analysis.run import AnalysisRun
from server.errors import ProviderError
from server.providers.base import Question
from tests.asking_gemini import KEY, short_film, gemini_vendor  # noqa: F401
from tests.live import until
from tests.vendors import gemini_server as speak

SOON_S = 4.0  # less than a vendor of tests waits for its client to leave
OTHER = "demo@first=0.02,rate=100,tokens=20"


def run_of(services, question="What happens?", models=("gemini", OTHER), **options):
    question = Question(question) if isinstance(question, str) else question
    slots = [services.models.slot(name) for name in models]
    run, _ = services.runs.admit(lambda: AnalysisRun(question, slots, services, **options))
    return run


def listen(run, on_event=lambda event: None):
    """Every event of the run, as a client would read it."""
    run.attach()
    events = []
    for frames in run.start(ThreadPoolExecutor(len(run.lanes), thread_name_prefix="gemini-run")):
        for frame in frames:
            events.append(json.loads(frame.decode().split("data: ")[1]))
            on_event(events[-1])
    run.detach()
    return events


def of(events, model="gemini"):
    return [event for event in events if event.get("model") == model]


def ending(events, model="gemini"):
    """How that model ended, having made sure that the other one ended well."""
    assert of(events, OTHER)[-1]["event_type"] == "model_end"
    assert sum(event["event_type"] == "text_generation" for event in of(events, OTHER)) == 20
    assert events[-1]["event_type"] == "complete"
    return of(events, model)[-1]


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("gemini-run") and t.is_alive()]


@pytest.fixture(scope="module", autouse=True)
def libraries():
    """Seconds, the first time: not the vendor's to answer for."""
    importlib.import_module("server.providers.gemini_line")


@pytest.fixture(autouse=True)
def nothing_is_left_and_no_key_was_said(caplog):
    caplog.set_level(logging.DEBUG)
    yield
    until(lambda: not workers(), 8)
    assert KEY not in caplog.text


def silent(exchange):
    exchange.wait_for_hang_up()


def stalls(exchange):
    speak.Answer(exchange).say(speak.chunk("So far"))
    exchange.wait_for_hang_up()


def drips(exchange):
    exchange.head(content_type="application/json; charset=UTF-8")
    exchange.chunk(b"[" + json.dumps(speak.chunk("So far")).encode())
    while not exchange.hung_up.is_set():
        exchange.chunk(b"\n")
        exchange.pause(0.05)


def test_a_good_answer_ends_well_with_its_counts_beside_another_model(vendor, film, make_services):
    events = listen(run_of(make_services(), Question("What moves?", film)))
    assert ending(events)["finish_reason"] == "stop"
    said = [e["text"] for e in of(events) if e["event_type"] == "text_generation"]
    assert said == ["Hel", "lo"]
    metrics = next(e for e in of(events) if e["event_type"] == "performance_metrics")["metrics"]
    assert (metrics["input_tokens"], metrics["output_tokens"]) == (7, 3)
    assert of(events)[0]["evidence"]["sent"] == "original"


@pytest.mark.parametrize(
    ("script", "code", "limits"),
    [
        (silent, "timeout_first_text", {"first_text_timeout_s": 0.8}),
        (stalls, "timeout_idle", {"idle_timeout_s": 0.6}),
        (drips, "timeout_total", {"model_timeout_s": 2.5}),
    ],
    ids=["never a header", "stalls mid-answer", "drips for ever"],
)
def test_a_vendor_that_does_not_go_on_times_out_and_the_other_model_does_not(
    vendor, make_services, script, code, limits
):
    vendor.plays(script)
    began = time.monotonic()
    events = listen(run_of(make_services(**limits)))
    [limit] = limits.values()
    assert limit <= time.monotonic() - began < limit + SOON_S
    error = ending(events)
    assert (error["code"], error["retryable"]) == (code, True)
    assert error["partial"] == (script is not silent)
    assert vendor.exchanges[-1].hung_up.wait(SOON_S)
    assert len(vendor.exchanges) == 1


FAULTS = [
    (speak.refuses(401, speak.error(401, KEY)), "auth", False, 1),
    (speak.refuses(403, speak.error(403, KEY)), "auth", False, 1),
    (speak.refuses(404, speak.error(404, "no such model")), "not_found", False, 1),
    (speak.refuses(400, speak.error(400, f"bad ?key={KEY}")), "bad_request", False, 1),
    (speak.refuses(429, speak.error(429, "slow"), Retry_After="0"), "rate_limit", True, 3),
    (speak.refuses(503, speak.error(503, "busy"), Retry_After="0"), "upstream", True, 3),
    (speak.says(speak.error(500, "broke")), "upstream", True, 3),
    (speak.says(speak.chunk("So far"), speak.error(500, "broke")), "upstream", True, 1),
    (speak.says(speak.chunk("So far")), "truncated", True, 1),
    (speak.says(), "truncated", True, 1),
    (speak.says({"promptFeedback": {"blockReason": 1}}), "blocked", False, 1),
    (speak.says(speak.chunk("So far"), speak.chunk(finish=3)), "blocked", False, 1),
]


@pytest.mark.parametrize(("script", "code", "retryable", "asked"), FAULTS)
def test_a_fault_is_one_error_of_that_model_alone(
    vendor, make_services, monkeypatch, script, code, retryable, asked
):
    monkeypatch.setattr("server.asking.attempts.FIRST_DELAY_S", 0.05)
    vendor.plays(script)
    events = listen(run_of(make_services()))
    error = ending(events)
    assert (error["event_type"], error["code"], error["retryable"]) == ("error", code, retryable)
    assert len(vendor.exchanges) == asked
    assert [e["event_type"] for e in of(events)].count("model_start") == 1
    assert KEY not in json.dumps(events)


def test_a_wait_the_vendor_asks_for_is_waited_for(vendor, make_services):
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.4s"}
    busy = speak.refuses(429, speak.error(429, "slow", details=[retry]))
    vendor.plays(busy, speak.text("Now."))
    events = listen(run_of(make_services()))
    assert ending(events)["event_type"] == "model_end"
    first, second = vendor.exchanges
    assert 0.4 <= second.at - first.at < 0.5 + SOON_S


@pytest.mark.parametrize("script", [silent, stalls], ids=["before the headers", "mid-answer"])
def test_one_model_is_cancelled_and_the_other_goes_on(vendor, make_services, script):
    vendor.plays(script)
    run = run_of(make_services())
    cancelled_at = []

    def cancel():
        vendor.wait_for(1)
        cancelled_at.append(time.monotonic())
        run.cancel_model("gemini", ProviderError("cancelled", "Stopped."))

    threading.Thread(target=cancel, daemon=True).start()
    events = listen(run)
    assert ending(events)["code"] == "cancelled"
    (exchange,) = vendor.exchanges
    assert exchange.hung_up.wait(SOON_S) and exchange.hung_up_at - cancelled_at[0] < SOON_S


def test_a_film_that_is_never_processed_times_out_and_is_not_uploaded_again(
    vendor, film, make_services, tmp_path
):
    vendor.first_states = ["PROCESSING"]
    question = Question("What moves?", film)
    services = make_services(first_text_timeout_s=2.0)
    models = ["gemini@upload=files", OTHER]
    error = ending(listen(run_of(services, question, models)), models[0])
    assert error["code"] == "timeout_first_text"
    vendor.files["files/f0"] = ["ACTIVE"]
    assert ending(listen(run_of(services, question, models)), models[0])["finish_reason"] == "stop"
    assert len(vendor.of("take")) == 1
