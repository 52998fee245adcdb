"""`GET /api/runs`: the runs a server remembers, newest first, a page at a time."""

import pytest

from server.app import create_app
from tests.clips import moving
from tests.openapi import answer, ask, valid

VIDEO = {"models": ["demo@first=0,tokens=1", "demo@fail_after=0,first=0"]}


@pytest.fixture
def app(make_settings):
    return create_app(make_settings())


def compared(app, prompt):
    asked = {"input_data": prompt, "models": ["demo@first=0,tokens=1"]}
    return answer(app, "POST", "/compare", json=asked).get_json()["run_id"]


def listed(app, query=""):
    return answer(app, "GET", f"/api/runs{query}").get_json()


def test_the_newest_comes_first_with_what_was_asked_of_whom(app):
    assert listed(app) == {"runs": [], "older": None}
    ids = [compared(app, prompt) for prompt in ("First?", "x" * 5000)]
    body = listed(app)
    valid("RunList", body)
    assert [run["run_id"] for run in body["runs"]] == ids[::-1]
    newest, oldest = body["runs"]
    assert newest["query"] == "x" * 300
    assert (oldest["kind"], oldest["state"], oldest["query"]) == (
        "comparison",
        "complete",
        "First?",
    )
    assert oldest["models"] == {"demo@first=0,tokens=1": "done"}
    assert body["older"] is None


def test_pages_follow_each_other_without_holes_whatever_is_asked_meanwhile(app):
    ids = [compared(app, "?") for _ in range(5)]
    seen, older = [], ""
    while older is not None:
        body = listed(app, f"?limit=2{older and '&before=' + older}")
        seen += [run["run_id"] for run in body["runs"]]
        older = body["older"]
        compared(app, "meanwhile")
    assert seen == ids[::-1]


def test_before_a_forgotten_run_there_is_nothing(app):
    compared(app, "?")
    assert listed(app, "?before=long-gone") == {"runs": [], "older": None}


@pytest.mark.parametrize("limit", ("0", "101", "x", "-1", "", "1.5", "99999999999"))
def test_a_limit_that_is_none_is_refused(app, limit):
    assert answer(app, "GET", f"/api/runs?limit={limit}").status_code == 400


def test_a_run_of_a_video_names_it_and_how_each_model_fared(app, make_settings):
    moving(make_settings().data_dir / "videos" / "clip.mp4", 1.0)
    ask(app, **VIDEO, video_id="clip")
    (run,) = listed(app)["runs"]
    assert (run["kind"], run["video"]) == ("analysis", "clip.mp4")
    assert list(run["models"].values()) == ["done", "failed"]


def test_it_takes_the_token_like_everything(make_settings):
    app = create_app(make_settings(auth_token="secret"))
    assert answer(app, "GET", "/api/runs").status_code == 401
