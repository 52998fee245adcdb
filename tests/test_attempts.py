import time

import pytest

from server.asking import attempts as module
from server.asking.attempts import begun
from server.asking.patience import Patience
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.providers.base import Call, Question
from server.vendors.retrying import backoff


class Scripted:
    """Answers attempt N with the Nth script: pieces, and errors to raise."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.asked = 0

    def answer(self, question, call):
        script = self.scripts[self.asked]
        self.asked += 1
        for item in script:
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.01)


def ask(provider, token=None, first_text_s=60, phases=None):
    call = Call(token or CancelToken(), (phases if phases is not None else []).append)
    patience = Patience(first_text_s, 60, 600, time.monotonic())
    first, answer = begun(provider, Question("?"), call, patience)
    return [*first, *answer]


@pytest.mark.parametrize("code", ["rate_limit", "upstream", "network"])
def test_what_may_pass_is_tried_again_before_the_first_text(code):
    provider = Scripted([ProviderError(code, "")], [ProviderError(code, "")], ["fine"])
    phases = []
    assert ask(provider, phases=phases) == ["fine"]
    assert provider.asked == 3
    assert phases == ["retrying", "retrying"]


def test_three_failures_are_enough():
    provider = Scripted(*[[ProviderError("upstream", str(n))] for n in range(5)])
    with pytest.raises(ProviderError, match="2"):
        ask(provider)
    assert provider.asked == 3


@pytest.mark.parametrize("code", ["auth", "quota", "bad_request", "not_found", "blocked"])
def test_what_will_not_pass_is_not_tried_again(code):
    provider = Scripted([ProviderError(code, "")], ["never"])
    with pytest.raises(ProviderError):
        ask(provider)
    assert provider.asked == 1


def test_nothing_is_tried_again_after_text_was_sent():
    provider = Scripted(["some ", ProviderError("network", "")], ["never"])
    with pytest.raises(ProviderError):
        ask(provider)
    assert provider.asked == 1


def test_a_vendor_that_asks_for_longer_than_we_have_is_not_waited_for():
    provider = Scripted([ProviderError("rate_limit", "", retry_after=90)], ["never"])
    with pytest.raises(ProviderError):
        ask(provider, first_text_s=60)
    assert provider.asked == 1


def test_what_the_vendor_asked_for_is_honoured():
    provider = Scripted([ProviderError("rate_limit", "", retry_after=0.2)], ["fine"])
    began = time.monotonic()
    assert ask(provider) == ["fine"]
    assert time.monotonic() - began >= 0.2


def test_a_cancel_ends_the_wait():
    token = CancelToken()
    provider = Scripted([ProviderError("rate_limit", "", retry_after=30)], ["never"])
    call = Call(token, lambda phase: token.cancel())
    with pytest.raises(Abandoned):
        begun(provider, Question("?"), call, Patience(60, 60, 600, time.monotonic()))
    assert provider.asked == 1


def test_two_runs_that_failed_together_do_not_come_back_together():
    assert len({backoff(0, None, 0.5, 30) for _ in range(20)}) > 1
    assert len({backoff(0, 5, 0.5, 30) for _ in range(20)}) > 1
