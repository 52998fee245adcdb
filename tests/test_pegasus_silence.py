"""TwelveLabs silent, and hung up on, beside a model that is well."""

import os
import time
from dataclasses import replace

import pytest

from server.errors import ProviderError
from server.vendors import wire
from server.providers.demo import WORDS
from tests.live import SOON_S, until
from tests.vendors import pegasus_server as speak
from tests.vendors.pegasus_asking import BY_ASSET, MODEL
from tests.vendors.pegasus_asking import fresh, in_a_run, pegasus_vendor, short_film  # noqa: F401


def cancel_at_twelfth_word(run, event):
    if event.get("text") == WORDS[12] + " ":
        run.cancel_model("pegasus", ProviderError("cancelled", "Stopped on request."))


def test_every_silence_ends_at_its_own_limit(vendor, watch):
    vendor.plays(speak.never_answers, about="mute")
    vendor.plays(lambda exchange: (speak.head(exchange), speak.drips(exchange)), about="dripping")
    vendor.plays(speak.speaks_then("So far", then=speak.stalls), about="stalling")
    vendor.plays(speak.speaks_then("So far", then=speak.drips), about="trickling")
    vendor.plays(speak.says(*["on "] * 1000, every=0.02), about="endless")
    vendor.first_states = ["processing"]
    names = ["mute", "dripping", "stalling", "trickling", "endless"]
    models = [replace(MODEL, name=name, upstream=name) for name in names]
    models[-1] = replace(models[-1], timeout_s=3.5)
    watched = watch(
        *models,
        replace(BY_ASSET, name="digesting"),
        first_text_timeout_s=2.5,
        idle_timeout_s=2.7,
        model_timeout_s=12.0,
    )
    for name, code, limit in (
        ("mute", "timeout_first_text", 2.5),
        ("dripping", "timeout_first_text", 2.5),
        ("digesting", "timeout_first_text", 2.5),
        ("stalling", "timeout_idle", 2.7),
        ("trickling", "timeout_idle", 2.7),
        ("endless", "timeout_total", 3.5),
    ):
        error = watched.error(name)
        assert error["code"] == code and error["retryable"]
        assert limit - 0.05 < watched.error_at(name) < limit + SOON_S, name
        assert error["partial"] == bool(watched.text(name))
    for exchange in vendor.questions:
        assert exchange.hung_up.wait(SOON_S)


@pytest.mark.parametrize(
    ("script", "model"),
    [
        (speak.never_answers, MODEL),
        (speak.speaks_then("So", then=speak.stalls), MODEL),
        (speak.speaks_then("So", then=speak.drips), BY_ASSET),
    ],
)
def test_a_cancelled_models_line_is_hung_up_at_once(vendor, watch, script, model):
    vendor.plays(script)
    cancelled = []

    def on_event(run, event):
        if not cancelled and event.get("text") == WORDS[12] + " ":
            vendor.wait_for(1)
            cancelled.append(time.monotonic())
            run.cancel_model("pegasus", ProviderError("cancelled", "Stopped on request."))

    assert watch(model, on_event=on_event).error("pegasus")["code"] == "cancelled"
    for exchange in vendor.questions:
        assert exchange.hung_up.wait(SOON_S)
        assert exchange.hung_up_at - cancelled[0] < SOON_S


def test_a_cancel_while_the_upload_is_processed_asks_no_more(vendor, watch):
    vendor.first_states = ["processing"]
    watched = watch(BY_ASSET, on_event=cancel_at_twelfth_word)
    assert watched.error("pegasus")["code"] == "cancelled"
    assert vendor.questions == []


def test_a_flood_is_dammed(vendor, watch, monkeypatch):
    monkeypatch.setattr(wire, "MAX_BODY", 1_000_000)
    vendor.plays(lambda exchange: (speak.head(exchange), speak.floods(exchange)))
    error = watch().error("pegasus")
    assert (error["code"], error["retryable"]) == ("upstream", False)


def test_thirty_models_of_one_run_do_not_mix_and_leave_no_socket(vendor, watch):
    names = [f"m{number}" for number in range(30)]
    for name in names:
        vendor.plays(speak.says(*[f"{name}:{n} " for n in range(30)], every=0.005), about=name)
    watch(replace(MODEL, name="m0", upstream="m0"))
    before = len(os.listdir("/proc/self/fd"))
    watched = watch(*[replace(MODEL, name=name, upstream=name) for name in names])
    for name in names:
        assert watched.text(name) == "".join(f"{name}:{n} " for n in range(30))
        assert watched.kinds(name)[-1] == "model_end"
    until(lambda: len(os.listdir("/proc/self/fd")) <= before)
