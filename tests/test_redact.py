import json
import logging

import pytest

from server import credentials, log
from server.errors import ProviderError
from server.redact import redact

CANARY = "canary-7f3a9c"


def test_a_set_key_never_gets_through(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert CANARY not in redact(f"Incorrect API key provided: {CANARY}.")


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://x/upload?key={CANARY}&alt=json",
        f"Authorization: Bearer {CANARY}",
        f"'x-goog-api-key': '{CANARY}'",
        f"x-api-key: {CANARY}",
        f"xi-api-key={CANARY}",
    ],
)
def test_what_looks_like_a_key_does_not_get_through_either(text):
    assert CANARY not in redact(text)


def test_ordinary_text_is_left_alone():
    text = "The key to the scene is at 0:42; bearers carry the flag?"
    assert redact(text) == text


def test_a_key_that_was_asked_for_under_another_name_is_known_from_then_on(monkeypatch):
    monkeypatch.setenv("MY_VLLM_KEY", CANARY)
    assert credentials.key("MY_VLLM_KEY") == CANARY
    assert CANARY not in redact(f"oops {CANARY}")


def test_a_missing_key_says_which_variable_to_set():
    with pytest.raises(ProviderError, match="GEMINI_API_KEY or GOOGLE_API_KEY"):
        credentials.key("GEMINI_API_KEY", "GOOGLE_API_KEY")


def test_log_lines_are_json_without_secrets_even_in_tracebacks(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        record = logging.LogRecord(
            "server.x", logging.ERROR, "", 1, "run %s failed", ("r1",), (ValueError, error, None)
        )
    record.facts = {"run_id": "r1", "note": CANARY}
    line = log.JsonLines().format(record)
    assert CANARY not in line
    assert json.loads(line)["message"] == "run r1 failed"
    assert json.loads(line)["run_id"] == "r1"


def test_what_a_library_warns_of_is_such_a_line_too(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    log.set_up()
    warned = logging.LogRecord("urllib3", logging.WARNING, "", 1, f"GET /?k={CANARY}", (), None)
    line = logging.lastResort.format(warned)
    assert CANARY not in line
    assert json.loads(line)["logger"] == "urllib3"
