import itertools
import time

import pytest

from server.asking import attempts as module
from server.asking.attempts import attempts
from server.asking.patience import Patience
from server.cancel import CancelToken
from server.errors import Abandoned, ProviderError
from server.providers.base import Call, Finish, Question, Usage
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
    parts = attempts(provider, Question("?"), call, patience)
    return list(itertools.chain.from_iterable(parts))


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


@pytest.mark.parametrize("said", [Usage(3, 0), Finish("stop")])
def test_what_was_counted_before_a_failure_is_told_and_is_no_text(said):
    failure = ProviderError("upstream", "")
    provider = Scripted([said, failure], [said, failure], [said, "fine"])
    assert ask(provider) == [said, said, said, "fine"]
    assert provider.asked == 3


def test_whoever_stops_reading_hangs_up():
    closed = []

    class Endless:
        def answer(self, question, call):
            try:
                while True:
                    yield "and "
            finally:
                closed.append(True)

    call = Call(CancelToken(), lambda phase: None)
    parts = attempts(Endless(), Question("?"), call, Patience(60, 60, 600, time.monotonic()))
    assert list(itertools.islice(itertools.chain.from_iterable(parts), 3)) == ["and "] * 3
    parts.close()
    assert closed


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
        list(attempts(provider, Question("?"), call, Patience(60, 60, 600, time.monotonic())))
    assert provider.asked == 1


def test_two_runs_that_failed_together_do_not_come_back_together():
    assert len({backoff(0, None, 0.5, 30) for _ in range(20)}) > 1
    assert len({backoff(0, 5, 0.5, 30) for _ in range(20)}) > 1
