"""A vendor that goes silent, and one that is hung up on, beside a model that is well."""

import time

import pytest

from server.asking import attempts
from server.errors import ProviderError
from server.providers import openai
from server.vendors import wire
from server.providers.demo import WORDS
from tests.vendors import openai_server as speak
from tests.vendors.openai_asking import KEY, slot
from tests.vendors.openai_server import OpenAIServer
from tests.watched import Watched

SOON_S = 4.0  # less than a vendor of tests waits for its client to leave


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(attempts, "FIRST_DELAY_S", 0.02)
    monkeypatch.setattr(wire, "_clients", {})
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    openai.libraries()  # half a second, the first time: not the vendor's to answer for


@pytest.fixture
def vendor(monkeypatch):
    with OpenAIServer(speak.says("Hel", "lo")) as vendor:
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        yield vendor


def test_every_silence_ends_at_its_own_limit(vendor, make_services):
    vendor.plays(speak.never_answers, about="mute")
    vendor.plays(lambda exchange: (exchange.head(), speak.drips(exchange)), about="dripping")
    vendor.plays(speak.speaks_then("So far", then=speak.stalls), about="stalling")
    vendor.plays(speak.speaks_then("So far", then=speak.drips), about="trickling")
    vendor.plays(speak.says(*["on "] * 1000, every=0.02), about="endless")
    watched = Watched(
        make_services(first_text_timeout_s=1.8, idle_timeout_s=2.2, model_timeout_s=30.0),
        slot("mute"),
        slot("dripping"),
        slot("stalling"),
        slot("trickling"),
        slot("endless", timeout_s=3.0),
    )
    for name, code, limit in (
        ("mute", "timeout_first_text", 1.8),
        ("dripping", "timeout_first_text", 1.8),
        ("stalling", "timeout_idle", 2.2),
        ("trickling", "timeout_idle", 2.2),
        ("endless", "timeout_total", 3.0),
    ):
        error = watched.error(name)
        assert error["code"] == code and error["retryable"]
        assert limit - 0.05 < watched.error_at(name) < limit + 3, name
        assert error["partial"] == bool(watched.text(name))
    assert len(vendor.exchanges) == 5
    for exchange in vendor.exchanges:
        assert exchange.hung_up.wait(SOON_S)


@pytest.mark.parametrize(
    "script", [speak.never_answers, speak.speaks_then("So", then=speak.stalls)]
)
def test_a_cancelled_models_line_is_hung_up_at_once(vendor, make_services, script):
    vendor.plays(script)
    cancelled = []

    def cancel(run, event):
        if not cancelled and event.get("text") == WORDS[12] + " ":
            vendor.wait_for(1)
            cancelled.append(time.monotonic())
            run.cancel_model("gpt", ProviderError("cancelled", "Stopped on request."))

    watched = Watched(make_services(), slot(), on_event=cancel)
    [exchange] = vendor.exchanges
    assert exchange.hung_up.wait(SOON_S)
    assert exchange.hung_up_at - cancelled[0] < SOON_S
    assert watched.error()["code"] == "cancelled"


def test_a_cancel_while_waiting_to_try_again_asks_no_more(vendor, make_services):
    vendor.plays(speak.status(503, Retry_After="30"))

    def cancel(run, event):
        if event.get("text") == WORDS[12] + " ":
            vendor.wait_for(1)
            run.cancel_model("gpt", ProviderError("cancelled", "Stopped on request."))

    watched = Watched(make_services(), slot(), on_event=cancel)
    assert watched.error()["code"] == "cancelled"
    assert len(vendor.exchanges) == 1


@pytest.mark.parametrize("lingers", [speak.stalls, speak.drips])
def test_a_whole_answer_ends_well_though_its_vendor_lingers(
    vendor, make_services, monkeypatch, lingers
):
    monkeypatch.setattr(openai, "FAREWELL_S", 2.5)
    vendor.plays(speak.finishes_then("All ", "said.", then=lingers), about="hanging")
    vendor.plays(
        speak.finishes_then("Cut", finish="length", counts=(4, 2), then=lingers), about="counted"
    )
    vendor.plays(speak.finishes_then(finish="content_filter", then=lingers), about="filtered")
    services = make_services(idle_timeout_s=1.5, first_text_timeout_s=2.0)
    watched = Watched(services, slot("hanging"), slot("counted"), slot("filtered"))
    for name, text, reason in (("hanging", "All said.", "stop"), ("counted", "Cut", "length")):
        assert watched.text(name) == text
        end = watched.of(name)[-1]
        assert (end["event_type"], end.get("finish_reason")) == ("model_end", reason)
        assert 2.4 < watched.at[watched.events.index(end)] < 2.5 + SOON_S
    counted = next(each for each in watched.of("counted") if "metrics" in each)["metrics"]
    assert (counted["input_tokens"], counted["output_tokens"]) == (4, 2)
    assert watched.error("filtered")["code"] == "blocked"
    for exchange in vendor.exchanges:
        assert exchange.hung_up.wait(SOON_S)


def test_an_answer_that_ends_by_itself_takes_its_hang_up_back(vendor, make_services, monkeypatch):
    begun, after = [], openai._farewells.after
    monkeypatch.setattr(
        openai._farewells, "after", lambda *when: begun.append(after(*when)) or begun[-1]
    )
    vendor.plays(speak.says("All ", "said."))
    assert Watched(make_services(), slot()).text("gpt") == "All said."
    [alarm] = begun
    assert alarm.ring is None


def test_a_flood_is_dammed(vendor, make_services, monkeypatch):
    monkeypatch.setattr(wire, "MAX_BODY", 1_000_000)
    vendor.plays(lambda exchange: (exchange.head(), speak.floods(exchange)))
    error = Watched(make_services(), slot()).error()
    assert (error["code"], error["retryable"]) == ("upstream", False)


def test_thirty_models_of_one_run_do_not_mix(vendor, make_services):
    names = [f"m{number}" for number in range(30)]
    for name in names:
        vendor.plays(speak.says(*[f"{name}:{n} " for n in range(30)], every=0.005), about=name)
    watched = Watched(make_services(), *map(slot, names))
    for name in names:
        assert watched.text(name) == "".join(f"{name}:{n} " for n in range(30))
        assert watched.kinds(name)[-1] == "model_end"
