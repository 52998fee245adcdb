"""What we stand on is what we say we stand on: pinned, installed, and there for a reason."""

import json
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


VULNERABLE = {"id": "GHSA-1", "aliases": ["CVE-1"], "fix_versions": ["2.0"]}


@pytest.mark.parametrize(
    "vulnerabilities, accepted, code, said",
    [
        ([], "", 0, "1 packages audited, 0 vulnerabilities"),
        ([VULNERABLE], "", 1, "x 1.0: CVE-1 GHSA-1, mended in 2.0.\n    NOT ACCEPTED"),
        ([VULNERABLE], "CVE-1 we never call it", 0, "accepted: we never call it"),
        ([VULNERABLE], "CVE-2 another", 1, "NOT ACCEPTED"),
        (None, "", 0, "NOT AUDITED"),
    ],
)
def test_what_is_known_fails_the_audit_and_a_database_out_of_reach_does_not(
    tmp_path, vulnerabilities, accepted, code, said
):
    """The auditor is played by `cat` of what pip-audit prints; out of reach it prints nothing."""
    (tmp_path / "audit").write_bytes((ROOT / ".ci/audit").read_bytes())
    (tmp_path / "accepted").write_text(accepted)
    told = {"dependencies": [{"name": "x", "version": "1.0", "vulns": vulnerabilities}]}
    (tmp_path / "told").write_text("" if vulnerabilities is None else json.dumps(told))
    command = [sys.executable, tmp_path / "audit", "sh", "-c", f"cat {tmp_path}/told"]
    tried = subprocess.run(command, capture_output=True, text=True)
    assert tried.returncode == code and said in tried.stdout, tried


def test_what_is_installed_fits_together():
    tried = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stdout
