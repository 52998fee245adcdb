import os
import re
from dataclasses import fields
from pathlib import Path

import pytest

from server import settings as module
from server.settings import InvalidSetting, Settings, load

ROOT = Path(__file__).parents[1]
VARIABLES = [item.metadata["env"] for item in fields(Settings)]


def test_without_variables_everything_has_its_default():
    assert load({}) == Settings()


def test_an_empty_variable_counts_as_unset():
    assert load({"THREADS": "", "MAX_RUNS": "  "}) == Settings()


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
        ("HEARTBEAT_S", "-1"),
        ("HEARTBEAT_S", "nan"),
    ],
)
def test_a_value_that_makes_no_sense_names_its_variable(name, value):
    with pytest.raises(InvalidSetting, match=name):
        load({name: value})


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


@pytest.mark.parametrize("page", [".env.example", "docs/configuration.md"])
@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_is_documented(page, name):
    assert re.search(rf"\b{name}\b", (ROOT / page).read_text("utf-8"))
