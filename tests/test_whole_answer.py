"""Asking a model once for all it says, under the same deadlines as everybody."""

import re
import threading
from dataclasses import replace

import pytest

from server.asking import attempts
from server.asking.whole import whole_answer
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.models import Model
from server.providers.base import Provider, Question, Usage


class Scripted(Provider):
    """A vendor that says what its script says: pieces, seconds to wait, errors."""

    def __init__(self, *attempts):
        super().__init__(MODEL, {})
        self.attempts = list(attempts)
        self.closed = False

    def answer(self, question, call):
        try:
            for step in self.attempts.pop(0):
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    call.token.wait(step)
                elif callable(step):
                    step(call)
                else:
                    yield step
        finally:
            self.closed = True


MODEL = Model("scripted", "demo", "Scripted", takes=("text",))


class Slot:
    name = "scripted"
    model = MODEL

    def __init__(self, *attempts, **limits):
        self.provider = Scripted(*attempts)
        self.model = replace(MODEL, **limits)


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(attempts, "FIRST_DELAY_S", 0.01)


@pytest.fixture(name="services")
def one_services(make_services):
    return make_services()


def ask(services, slot, token=None, **more):
    return whole_answer(services, slot, Question("?"), token or CancelToken(), **more)


def counted(services, outcome):
    line = f'parallax_model_requests_total{{outcome="{outcome}",provider="demo"}} 1.0'
    return line in text(services)


def text(services):
    return services.metrics.text().decode()


def test_the_pieces_are_one_text(services):
    assert ask(services, Slot(["one ", "", "two", Usage(1, 2)])) == "one two"
    assert counted(services, "ok")
    assert 'parallax_tokens_total{direction="output",provider="demo"} 2.0' in text(services)


def test_an_answer_without_end_is_cut_and_the_vendor_hung_up_on(services):
    slot = Slot(["word " for _ in range(1000)])
    assert len(ask(services, slot, max_chars=12)) == 12
    assert slot.provider.closed


def test_what_may_pass_is_tried_again(services):
    assert ask(services, Slot([ProviderError("upstream", "")], ["fine"])) == "fine"


def test_half_an_answer_is_none(services):
    with pytest.raises(ProviderError) as caught:
        ask(services, Slot(["half ", ProviderError("truncated", "It broke off.")]))
    assert caught.value.code == "truncated"
    assert counted(services, "truncated")


def test_a_silent_model_fails_at_its_deadline_and_the_callers_token_lives_on(services):
    token = CancelToken()
    with pytest.raises(ProviderError) as caught:
        ask(services, Slot([60.0], first_text_timeout_s=0.05), token)
    assert caught.value.code == "timeout_first_text"
    assert not token.cancelled


def test_waiting_for_ones_turn_is_not_the_models_time(services):
    asked = []

    def turn(phase):
        asked.append(phase)
        CancelToken().wait(2.5)

    slot = Slot([lambda call: call.phase("uploading"), "fine"], first_text_timeout_s=2.0)
    assert ask(services, slot, turn=turn) == "fine"
    assert asked == ["uploading"]
    took = re.search(r"parallax_model_duration_seconds_sum\S* (\S+)", text(services))
    assert float(took[1]) < 2.0


def test_a_turn_that_never_comes_ends_with_the_caller(services, caplog):
    token, over = CancelToken(), threading.Event()
    token.on_cancel(lambda: over.wait(5))  # of others, and before the call is hung up on

    def turn(phase):
        threading.Thread(target=token.cancel, args=["enough"]).start()
        token.wait(5)

    with pytest.raises(Abandoned):
        ask(services, Slot([lambda call: call.phase("uploading"), "fine"]), token, turn=turn)
    over.set()
    assert counted(services, "cancelled") and not caplog.text, "it is no fault of ours"


def test_cancelling_the_caller_hangs_up(services):
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    with pytest.raises(Abandoned):
        ask(services, Slot(["a word", 60.0]), token)
    assert counted(services, "cancelled")


def test_a_fault_of_ours_is_said_to_be_one(services, caplog):
    with pytest.raises(ProviderError) as caught:
        ask(services, Slot([ZeroDivisionError("canary")]))
    assert caught.value.code == "internal"
    assert "canary" not in caught.value.message


def test_a_model_that_keeps_failing_is_rested(services):
    for _ in range(10):
        with pytest.raises(ProviderError):
            ask(services, Slot(*[[ProviderError("network", "gone")]] * 3))
    slot = Slot(["I am back"])
    with pytest.raises(ProviderError, match="rested"):
        ask(services, slot)
    assert slot.provider.attempts, "it was asked"
