"""The npm packages that tests need, in `tests/js/node_modules`: installed when missing."""

import fcntl
import shutil
import subprocess

from tests.live import ROOT

FOLDER = ROOT / "tests" / "js"


def installed(name):
    """The folder of a package."""
    folder = FOLDER / "node_modules" / name
    # Two runs of the tests must not install into one folder at once.
    with open(FOLDER / "package.json", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            npm = shutil.which("npm")
            assert npm, "Install npm, or set PARALLAX_NO_BROWSER=1 to do without the page's tests."
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=FOLDER, check=True, timeout=300, capture_output=True)
    return folder
