"""The page's logic, under Node's own test runner."""

import os
import shutil
import subprocess

import pytest

from tests.live import ROOT


def test_the_tests_in_javascript_pass():
    node = shutil.which("node")
    if node is None and os.environ.get("PARALLAX_NO_BROWSER") == "1":
        pytest.skip("PARALLAX_NO_BROWSER=1")
    assert node, "Install Node 18 or newer, or set PARALLAX_NO_BROWSER=1 to do without."
    files = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
