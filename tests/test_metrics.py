"""What /metrics of a real server says after real work, commentaries above all."""

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from server.commentary import STAGES
from server.metrics import LINE_CODES, Metrics
from tests.commentaries import check, of, told
from tests.live import serving, until
from tests.marks import film
from tests.vendors.commentators import Commentators


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    film(folder / "film.mp4", 20)
    return folder


def commented(videos, data_dir, **variables):
    """(the events of a commentary, what /metrics says afterwards, as a function)"""
    (data_dir / "videos").mkdir(parents=True)
    (data_dir / "videos/film.mp4").write_bytes((videos / "film.mp4").read_bytes())
    with serving(data_dir, **variables) as server:
        events = check(told(server, "film.mp4"))
        assert server.get("/nowhere/at/all")[0] == 404
        value = until(lambda: at_rest(reader(server.request("GET", "/metrics")[2].decode())))
    assert of(events, "complete"), events
    return events, value


def at_rest(value):
    """What is counted once its place is free: a moment after its last word."""
    places = ("runs_open", "streams_open", "commentaries_working", "commentaries_waiting")
    return value if not any(value(f"parallax_{name}") for name in places) else None


def reader(text):
    samples = [sample for family in families(text) for sample in family.samples]

    def value(name, **labels):
        """The sum of what has this name and at least these labels."""
        return sum(
            sample.value
            for sample in samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    value.labels = lambda name, label: {s.labels[label] for s in samples if s.name == name}
    return value


@pytest.fixture(scope="module")
def keyless(videos, tmp_path_factory):
    return commented(videos, tmp_path_factory.mktemp("keyless") / "data")


def test_a_commentary_without_keys_is_counted_stage_by_stage(keyless):
    events, value = keyless
    chunks, lines = of(events, "chunk_ready"), of(events, "commentary_ready")
    for stage in STAGES:
        assert value("parallax_commentary_stage_seconds_count", stage=stage) == len(chunks), stage
    assert value("parallax_commentary_stage_seconds_count", stage="final") == 1
    assert value.labels("parallax_commentary_stage_seconds_count", "stage") == {*STAGES, "final"}
    assert value("parallax_commentary_lines_total", outcome="ok") == len(lines) > 0
    assert value("parallax_voice_requests_total", voice="espeak", outcome="ok") >= len(lines)
    assert value("parallax_voice_duration_seconds_sum", voice="espeak") > 0


def test_its_first_chunk_is_measured_and_it_leaves_no_place_taken(keyless):
    _, value = keyless
    assert value("parallax_commentary_time_to_first_chunk_seconds_count") == 1
    assert value("parallax_commentary_time_to_first_chunk_seconds_sum") > 0
    assert value("parallax_runs_total", kind="commentary", state="complete") == 1
    assert value("parallax_stuck") == 0
    assert value("parallax_ready") == 1
    assert 0 < value("parallax_streams_limit") and 0 < value("parallax_runs_limit")


def test_no_model_was_asked_so_none_is_counted(keyless):
    _, value = keyless
    assert value("parallax_model_requests_total") == 0
    assert value("gen_ai_client_operation_duration_seconds_count") == 0


def test_requests_are_counted_under_our_own_patterns(keyless):
    _, value = keyless
    name = "parallax_http_requests_total"
    stream = "/api/analyze-stream/<path:filename>"
    assert value(name, method="GET", route=stream, status="200") == 1
    assert value(name, route="none", status="404") == 1
    assert not [route for route in value.labels(name, "route") if "film" in route]


def test_models_and_voices_that_a_commentary_asks_are_counted_as_an_analysis_counts_them(
    videos, tmp_path
):
    with Commentators() as vendors:
        _, value = commented(videos, tmp_path / "data", **vendors.environment())
    asked = vendors.asked["detect"] + vendors.asked["write"]
    assert asked > 1
    assert value("parallax_model_requests_total", provider="gemini", outcome="ok") == asked
    assert value("parallax_model_duration_seconds_count", provider="gemini") == asked
    assert value("parallax_time_to_first_text_seconds_count", provider="gemini") == asked
    gemini = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "gemini"}
    assert value("gen_ai_client_operation_duration_seconds_count", **gemini) == asked
    assert value("gen_ai_client_operation_time_to_first_chunk_seconds_count", **gemini) == asked
    for direction in ("input", "output"):
        tokens = value("parallax_tokens_total", provider="gemini", direction=direction)
        assert tokens > 0
        named = {**gemini, "gen_ai_token_type": direction}
        assert value("gen_ai_client_token_usage_sum", **named) == tokens
    spoken = value("parallax_voice_requests_total", voice="elevenlabs", outcome="ok")
    assert spoken == vendors.asked["speak"] > 0


def test_no_label_is_what_somebody_else_wrote():
    metrics = Metrics()
    for code in ("x" * 100, "too_long", "upstream", None):
        metrics.line(code)
    value = reader(metrics.text().decode())
    assert value.labels("parallax_commentary_lines_total", "outcome") <= {
        *LINE_CODES,
        "ok",
        "other",
    }
