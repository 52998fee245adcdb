"""What we stand on is what we say we stand on: pinned, installed, and there for a reason."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.live import ROOT


def pins(name):
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


SERVER, CHECKS = list(pins("requirements.txt")), list(pins("tests/requirements.txt"))


@pytest.mark.parametrize("pin", SERVER + CHECKS)
def test_every_pin_is_exact_installed_and_has_its_reason(pin):
    name, equals, wanted = pin.partition("==")
    assert equals and version(name) == wanted
    said = (ROOT / "docs/dependencies.md").read_text("utf-8")
    row = rf"(?m)^\| {re.escape(name)} \| \S" if pin in SERVER else rf"\b{re.escape(name)}\b"
    assert re.search(row, said), f"docs/dependencies.md does not say why {name} is here"


def test_what_is_installed_fits_together():
    tried = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stdout
