"""A canary for a key, and every way a run can go wrong: nothing that leaves the server or
stays on its disk holds it."""

import itertools

import pytest

from server import sample
from tests.live import serving, until

CANARY = "sk-canary-7d1f0c8b2a9e4"
NAMES = (
    *("OPENAI_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY", "TWELVELABS_API_KEY"),
    *("ELEVENLABS_API_KEY", "AUTH_TOKEN"),
)
BASES = ("OPENAI", "OPENROUTER", "GEMINI", "TWELVELABS", "ELEVENLABS")


@pytest.fixture
def keys():
    """Each its own, and vendors nobody answers for."""
    numbers = itertools.count()
    found = {name: f"{CANARY}-{next(numbers)}" for name in NAMES}
    return found | {f"{name}_BASE_URL": "http://127.0.0.1:9/v1" for name in BASES}


def test_no_key_is_in_anything_the_server_says_or_keeps(tmp_path, keys):
    data = tmp_path / "data"
    (data / "videos").mkdir(parents=True)
    sample.make(data / "videos/sample.mp4")
    bearer = {"Authorization": f"Bearer {keys['AUTH_TOKEN']}"}
    limits = {"FIRST_TEXT_TIMEOUT_S": 5, "MODEL_TIMEOUT_S": 10}
    with serving(data, **keys, **limits) as server:
        models = server.get("/api/models", **bearer)[1]["models"]
        slots = [m["name"] for m in models if m["available"] and not m["simulated"]][:8]
        asked = {"query": CANARY[:9], "models": [*slots, "demo@fail_after=1"], "video_id": "sample"}
        stream = server.open(asked, **bearer)
        events = stream.events()
        assert events[-1] == "[DONE]" and events[-2]["failed"] >= 3
        run = stream.headers["X-Run-Id"]
        until(lambda: server.get(f"/api/runs/{run}", **bearer)[1]["state"] == "complete")
        said = [stream.raw]
        for path in (f"/api/runs/{run}", "/api/runs", "/metrics", "/readyz", "/", "/nowhere"):
            said.append(server.request("GET", path, headers=bearer)[2])
        wrong = {"Authorization": f"Bearer {CANARY}-wrong"}
        for headers in (wrong, {}):
            status, _, body = server.request("GET", f"/x?token={keys['AUTH_TOKEN']}", None, headers)
            assert status == 401
            said.append(body)
        for body in (b"{", b"[]", b'{"models": 3}'):
            json = {"Content-Type": "application/json", **bearer}
            said.append(server.request("POST", "/compare", body, json)[2])
    said += [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    said.append(server.log_path.read_bytes())
    assert not any(CANARY.encode() in text for text in said)
