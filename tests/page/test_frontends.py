"""The examples of docs/frontends.md, in React and in Vue, against a real server."""

import os
import shutil
import subprocess

from tests.page.acting import address
from tests.page.packages import FOLDER, installed


def test_the_hook_and_the_composable_of_the_docs_work(browser, server):
    """`browser` decides whether the page is tested at all."""
    for name in ("react", "react-test-renderer", "vue"):
        installed(name)
    environ = {**os.environ, "PARALLAX": address(server)}
    command = [shutil.which("node"), "--test", str(FOLDER / "frontends.mjs")]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert "# fail 0" in done.stdout
