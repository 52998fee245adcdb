import pytest

from server.asking.circuit import Circuit
from server.errors import ProviderError


def failing(times, code="upstream", now=0):
    circuit = Circuit(failures=3, rest_s=10)
    for _ in range(times):
        circuit.failed(code, now)
    return circuit


def test_a_few_failures_change_nothing():
    failing(2).check(0)


def test_failures_in_a_row_make_it_rest_and_it_says_for_how_long():
    with pytest.raises(ProviderError) as caught:
        failing(3).check(4)
    assert caught.value.code == "upstream"
    assert caught.value.retry_after == 6
    assert caught.value.retryable


def test_a_success_in_between_starts_the_count_again():
    circuit = failing(2)
    circuit.succeeded()
    circuit.failed("upstream", 0)
    circuit.check(0)


def test_failures_of_another_kind_start_the_count_again():
    circuit = failing(2)
    circuit.failed("network", 0)
    circuit.check(0)


def test_failures_that_say_nothing_of_the_vendors_health_do_not_count():
    failing(20, code="auth").check(0)


def test_a_refusal_is_an_answer_and_starts_the_count_again():
    circuit = failing(2)
    circuit.failed("auth", 0)
    circuit.failed("upstream", 0)
    circuit.check(0)
    circuit = failing(2)
    circuit.failed("cancelled", 0)
    circuit.failed("upstream", 0)
    with pytest.raises(ProviderError):
        circuit.check(0)


def test_after_the_rest_one_ask_goes_through_and_its_success_closes_the_circuit():
    circuit = failing(3)
    circuit.check(10)
    with pytest.raises(ProviderError):
        circuit.check(10)
    circuit.succeeded()
    circuit.check(10)


def test_after_the_rest_a_failed_probe_makes_it_rest_again():
    circuit = failing(3)
    circuit.check(10)
    circuit.failed("upstream", 11)
    with pytest.raises(ProviderError):
        circuit.check(20)
