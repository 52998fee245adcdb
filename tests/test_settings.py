import contextlib
import os
import re
import socket
import threading
from dataclasses import fields
from pathlib import Path

import pytest

from server import credentials
from server import settings as module
from server.settings import InvalidSetting, Settings, load

ROOT = Path(__file__).parents[1]
VARIABLES = [item.metadata["env"] for item in fields(Settings)]


def test_without_variables_everything_has_its_default():
    assert load({}) == Settings()


def test_an_empty_variable_counts_as_unset():
    assert load({"THREADS": "", "MAX_RUNS": "  "}) == Settings()


def test_a_path_may_begin_at_home():
    assert load({"DATA_DIR": "~/films"}).data_dir == Path.home() / "films"


@pytest.mark.parametrize(
    "host, address", [("a.example", "a.example:80"), ("::1", "[::1]:80"), ("[::]", "[::]:80")]
)
def test_an_address_has_its_brackets_where_it_needs_them(host, address):
    assert Settings(host=host, port=80).address == address


def test_variables_are_read_into_their_types():
    settings = load({"THREADS": "8", "HEARTBEAT_S": "2.5", "DATA_DIR": "/tmp/x"})
    assert (settings.threads, settings.heartbeat_s) == (8, 2.5)
    assert settings.data_dir == Path("/tmp/x")


@pytest.mark.parametrize(
    "name, value",
    [
        ("THREADS", "many"),
        ("THREADS", "0"),
        ("THREADS", "2"),
        ("PORT", "99999"),
        ("RATE_LIMIT", "banana"),
        ("RATE_LIMIT", "0/minute"),
        ("HEARTBEAT_S", "-1"),
        ("HEARTBEAT_S", "nan"),
        ("FORWARDED_ALLOW_IPS", "10.0.0.0/8"),
        ("FORWARDED_ALLOW_IPS", "nginx"),
        ("DATA_DIR", "~nobody-of-that-name/data"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "redis://127.0.0.1:port"),
        ("REDIS_URL", "unix:///run/redis.sock"),
    ],
)
def test_a_value_that_makes_no_sense_names_its_variable(name, value):
    with pytest.raises(InvalidSetting, match=name):
        load({name: value})


@pytest.mark.parametrize(
    "name, value", [("AUTH_TOKEN", "s3crét-token"), ("REDIS_URL", "redis://:s3crét@redis:port")]
)
def test_a_secret_that_makes_no_sense_is_not_shown(name, value):
    with pytest.raises(InvalidSetting, match=name) as refused:
        load({name: value})
    assert "s3cr" not in str(refused.value)


TIMES = [item for item in fields(Settings) if isinstance(item.default, float)]


@pytest.mark.parametrize("item", TIMES, ids=lambda item: item.metadata["env"])
def test_the_longest_time_that_is_let_in_is_one_the_system_can_wait_for(item):
    name = item.metadata["env"]
    longest = 0.0
    for exponent in range(1, 40):
        with contextlib.suppress(InvalidSetting):
            longest = vars(load({name: f"1e{exponent}"}))[item.name]
    assert 100 <= longest <= threading.TIMEOUT_MAX
    if name == "SEND_TIMEOUT_S":
        with socket.socket() as sock:
            sock.settimeout(longest)


def test_whom_to_believe_may_be_several_addresses_or_all():
    for text in ("10.0.0.7, ::1", "*"):
        assert load({"FORWARDED_ALLOW_IPS": text}).trusted_proxies == text


@pytest.mark.parametrize("threads", [3, 4, 16, 128])
def test_threads_are_kept_back_from_streams(threads):
    settings = Settings(threads=threads)
    assert settings.stream_threads >= 1
    assert settings.stream_threads + settings.media_threads + settings.spare_threads <= threads


def test_dotenv_fills_what_is_unset_or_empty_and_never_overrides(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("A_TEST=file\nB_TEST=file\nC_TEST=file\nD_TEST=\n")
    monkeypatch.setenv("A_TEST", "set")
    monkeypatch.setenv("B_TEST", "")
    monkeypatch.setenv("C_TEST", "x")
    monkeypatch.delenv("C_TEST")
    module.load_dotenv(tmp_path / ".env")
    found = [os.environ.get(f"{letter}_TEST") for letter in "ABCD"]
    monkeypatch.setenv("C_TEST", "x")  # so that the fixture takes it away again
    assert found == ["set", "file", "file", None]


def test_a_dotenv_that_is_no_text_is_an_invalid_setting(tmp_path):
    (tmp_path / ".env").write_bytes("MAX_RUNS=7 # für alle".encode("latin-1"))
    with pytest.raises(InvalidSetting, match="UTF-8"):
        module.load_dotenv(tmp_path / ".env")


# -- what is written about them


CONFIGURATION = (ROOT / "docs/configuration.md").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")


def rows():
    """variable -> its default, as the tables of the page have it."""
    found = {}
    for line in CONFIGURATION.splitlines():
        if line.startswith("| `"):
            names, default = line.split("|")[1:3]
            names = re.findall(r"`(\w+)`", names)
            defaults = default.replace("`", "").split(", ") if len(names) > 1 else [default]
            found |= dict(zip(names, (text.strip(" `") for text in defaults), strict=False))
    return found


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.metadata["env"])
def test_every_variable_is_documented_with_its_default(item):
    text = rows()[item.metadata["env"]]
    if item.name == "models_file":
        assert module.SHIPPED_MODELS == ROOT / text
    else:
        assert (item.metadata["parse"](text) if text else "") == item.default


def test_the_example_holds_every_variable_there_is_and_no_value():
    lines = [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Z_]+=", line) for line in lines)
    names = [line.rstrip("=") for line in lines]
    assert len(names) == len(set(names))
    assert set(VARIABLES) | set(credentials.KEYS) <= set(names)
    assert all(re.search(rf"\b{name}\b", CONFIGURATION) for name in names)
