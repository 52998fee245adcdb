"""`GET /api/runs`: the runs a server remembers, newest first, a page at a time."""

import pytest

from server.app import create_app
from server.commentary.sessions import Sessions
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


@pytest.mark.parametrize(
    "limit", ("0", "101", "x", "-1", "", "1.5", "99999999999", "000100000", "00000000150")
)
def test_a_limit_that_is_none_is_refused(app, limit):
    assert answer(app, "GET", f"/api/runs?limit={limit}").status_code == 400


def test_a_run_of_a_video_names_it_and_how_each_model_fared(app, make_settings):
    moving(make_settings().data_dir / "videos" / "clip.mp4", 1.0)
    ask(app, **VIDEO, video_id="clip")
    (run,) = listed(app)["runs"]
    assert (run["kind"], run["video"]) == ("analysis", "clip.mp4")
    assert list(run["models"].values()) == ["done", "failed"]


def shelved(make_settings, id, created, *events):
    """A commentary as a server that died has left it."""
    session = Sessions(make_settings().data_dir, 3600, 10_000).open(id)
    session.make()
    session.keep("job.json", {"video": "film.mp4", "options": {}, "created": created})
    session.tell(events)


def test_commentaries_on_disk_are_listed_among_the_others(app, make_settings):
    said = {"type": "status", "message": "Looking.", "progress": 0, "stage": "prepare"}
    shelved(make_settings, "a" * 24, 2000.0, said, {"type": "complete"})
    shelved(make_settings, "b" * 24, 1000.0, said)
    shelved(make_settings, "c" * 24, 3000.0)  # it never said a word
    newest = compared(app, "?")
    body = listed(app)
    valid("RunList", body)
    assert [run["run_id"] for run in body["runs"]] == [newest, "a" * 24, "b" * 24]
    assert [run["state"] for run in body["runs"]] == ["complete", "complete", "interrupted"]
    assert body["runs"][1]["kind"] == "commentary" and body["runs"][1]["video"] == "film.mp4"
    pages = [listed(app, "?limit=1"), listed(app, f"?limit=1&before={newest}")]
    pages.append(listed(app, f"?limit=1&before={pages[1]['older']}"))
    assert [page["runs"][0]["run_id"][0] for page in pages[1:]] == ["a", "b"]
    assert pages[2]["older"] is None


def test_it_takes_the_token_like_everything(make_settings):
    app = create_app(make_settings(auth_token="secret"))
    assert answer(app, "GET", "/api/runs").status_code == 401
