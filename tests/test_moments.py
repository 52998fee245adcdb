"""Whatever a model answers, the moments that come of it lie in their window."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.commentary import times
from server.commentary.base import Moment, StageError, Window
from server.commentary.moments import MAX_MOMENTS, from_plain, parse, to_plain

WINDOW = Window(1, 30.0, 60.0)
TWO = [
    {"start": 32, "end": 35.5, "text": "A red car arrives", "weight": 0.4},
    {"start": 41.25, "end": 44, "text": "It crashes", "weight": 0.9},
]
AS_JSON = json.dumps(TWO)


def told(text, window=WINDOW):
    return [(each.start, each.text) for each in parse(text, window)]


BOTH = [(32.0, "A red car arrives"), (41.25, "It crashes")]


@pytest.mark.parametrize(
    "answer",
    [
        AS_JSON,
        f"```json\n{AS_JSON}\n```",
        f"Sure! Here are [2] moments [of it]:\n\n{AS_JSON}\n\nLet me know {{if}} I can help.",
        json.dumps({"moments": TWO}),
        json.dumps({"video": "x", "events": TWO}),
        json.dumps({"result": {"a": TWO[0], "b": TWO[1]}}),
        "\n".join(map(json.dumps, TWO)),
        AS_JSON[:-1] + ",]",
        AS_JSON[:-1] + ', {"start": 50, "text": "cut of',
        json.dumps([{"timestamp": "0:32", "event": "A red car arrives"}])[:-1]
        + ","
        + json.dumps({"Start_Time": "00:00:41.250", "Description": "It crashes"})
        + "]",
        json.dumps([[32, 35, "A red car arrives"], [41.25, 44, "It crashes"]]),
        json.dumps({"0:32": "A red car arrives"}) + json.dumps({"41.25": "It crashes"}),
        json.dumps(["0:32 A red car arrives", "[41.25 s] It crashes"]),
        "0:32 A red car arrives\n- **00:41,250** – It crashes",
        "[0:32-0:35] A red car arrives\n(41.25s): It crashes",
        json.dumps([{"start": t - 30, "text": text} for t, text in BOTH]),
    ],
)
def test_the_same_two_moments_in_many_ways(answer):
    assert told(answer) == BOTH


def test_a_sentence_that_names_a_time_stays_a_sentence():
    assert told("I measure cuts.\nCut at 0:42, after 3.1 s.\nIn all 1 cut.") == [
        (42.0, "Cut at 0:42, after 3.1 s.")
    ]


def test_the_whole_of_a_moment_is_read():
    assert parse(AS_JSON, WINDOW)[0] == Moment(32.0, 35.5, "A red car arrives", 0.4)
    assert parse('[{"time": "0:40 - 0:45", "text": "x", "score": 8}]', WINDOW) == (
        Moment(40.0, 45.0, "x", 0.8),
    )


@pytest.mark.parametrize("answer", ["[]", "```json\n[]\n```", '{"moments": []}'])
def test_nothing_happens_is_an_answer(answer):
    assert parse(answer, WINDOW) == ()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I'm sorry, I cannot watch videos.",
        "null",
        "[1, 2, 3]",
        "{" * 200_000,
        "[" * 200_000,
        '[{"start": 3000, "text": "far away"}]',
        '[{"start": -5, "text": "before"}]',
        '[{"start": "00:99:99", "text": "no such time"}]',
        '[{"start": NaN, "text": "x"}, {"start": Infinity, "text": "x"}]',
        '[{"start": true, "text": "x"}, {"start": 40, "text": 7}, {"start": 40}]',
        '[{"start": 40, "text": "\\u202e\\u0000 \\n"}]',
        '[{"start": %s, "text": "x"}]' % ("9" * 5000),
    ],
)
def test_an_answer_without_a_moment_is_the_models_failure(answer):
    with pytest.raises(StageError) as caught:
        parse(answer, WINDOW)
    assert caught.value.code == "upstream"


def test_what_is_usable_is_taken_beside_what_is_not():
    answer = [{"start": "00:99:99", "text": "a"}, {"start": 45, "text": "b"}, None, 7, "c", [[]]]
    assert told(json.dumps(answer)) == [(45.0, "b")]


def test_a_moment_over_the_edge_is_cut_to_the_window():
    answer = json.dumps(
        [{"start": 10, "end": 31, "text": "a"}, {"start": 59, "end": 90, "text": "b"}]
    )
    assert [(m.start, m.end) for m in parse(answer, WINDOW)] == [(30.0, 31.0), (59.0, 60.0)]


def test_ten_thousand_moments_become_the_weightiest_few():
    many = [{"start": 30 + n / 400, "text": f"m{n}", "weight": 0.1} for n in range(12_000)]
    many[5000]["weight"] = 1
    found = parse(json.dumps(many), WINDOW)
    assert len(found) == MAX_MOMENTS
    assert "m5000" in [each.text for each in found]


def test_text_is_one_short_line():
    answer = json.dumps([{"start": 40, "text": "a\n\u202eb" + "c " * 50_000}])
    (found,) = parse(answer, WINDOW)
    assert found.text.startswith("a b") and len(found.text) <= 300


def test_moments_survive_being_kept():
    found = (Moment(1.5, 2.0, "x", 0.3, ("cut", "colour=red")), Moment(3.0, 4.0, "y"))
    assert from_plain(json.loads(json.dumps(to_plain(found)))) == found


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6)
    | st.dictionaries(st.sampled_from(["start", "end", "text", "weight", "time", "x"]), inner),
    max_leaves=30,
)


@given(ANYTHING, st.floats(0, 100), st.floats(0.1, 100))
def test_no_answer_breaks_the_window(answer, start, seconds):
    window = Window(0, start, start + seconds)
    try:
        found = parse(json.dumps(answer), window)
    except StageError:
        return
    before = window.start - 0.001
    for each in found:
        assert before <= each.start <= each.end <= window.end + 0.001
        assert each.text and 0 <= each.weight <= 1
        before = each.end


@given(st.lists(st.tuples(st.floats(25, 65), st.floats(0, 20), st.floats(0, 1)), max_size=60))
def test_moments_never_overlap(drawn):
    answer = [{"start": a, "end": a + b, "text": "x", "weight": c} for a, b, c in drawn]
    try:
        found = parse(json.dumps(answer), WINDOW)
    except StageError:
        return
    assert all(one.end <= other.start for one, other in zip(found, found[1:], strict=False))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (12, 12.0),
        ("12.5", 12.5),
        ("12,5 s", 12.5),
        ("3 seconds", 3.0),
        ("75:10", 4510.0),
        ("1:02:03.5", 3723.5),
        ("00:99:99", None),
        ("0:60", None),
        ("-3", None),
        ("", None),
        ("soon", None),
        (True, None),
        (None, None),
        (-1, None),
        (float("nan"), None),
        (10**400, None),
        ("9" * 5000, None),
    ],
)
def test_times_as_models_write_them(said, meant):
    assert times.seconds(said) == meant
