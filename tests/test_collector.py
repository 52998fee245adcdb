"""Once an SDK is there, the garbage collector does not walk it any more."""

import subprocess
import sys

import pytest

from tests.live import ROOT

IMPORTS = {
    "openai": "from server.providers import openai; openai.libraries()",
    "google.generativeai": "import server.providers.gemini_line",
    "twelvelabs": "from server.providers import pegasus_wire; pegasus_wire.libraries()",
}
LEFT = """
import gc, sys
{imports}
assert {sdk!r} in sys.modules
print(gc.get_freeze_count(), len(gc.get_objects()))
"""


@pytest.mark.parametrize("sdk", IMPORTS)
def test_what_an_sdk_brings_is_left_alone_by_the_collector(sdk):
    script = LEFT.format(sdk=sdk, imports=IMPORTS[sdk])
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    left_alone, walked = map(int, told.stdout.split())
    assert left_alone > 40_000 > 10 * walked
