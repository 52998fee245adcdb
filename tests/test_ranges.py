"""Conditional requests and byte ranges, against RFC 9110 and a plain oracle."""

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.views.ranges import Decision, decide, http_date, one_range

SIZE, ETAG, MODIFIED = 1000, "abc-1", 1_700_000_000
QUOTED = '"' + ETAG + '"'
NOW = MODIFIED + 3600
WHOLE, NOT_MODIFIED, FAILED = Decision(200, 0, SIZE), Decision(304, 0, 0), Decision(412, 0, 0)


def date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


def ask(method="GET", size=SIZE, now=NOW, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return decide(method, named, size, ETAG, MODIFIED, now)


@pytest.mark.parametrize(
    "text, start, length",
    [
        ("bytes=0-", 0, 1000),
        ("bytes=0-0", 0, 1),
        ("bytes=-100", 900, 100),
        ("bytes=-5000", 0, 1000),
        ("bytes=999-", 999, 1),
        ("bytes=10-19", 10, 10),
        ("bytes=990-5000", 990, 10),
        ("bytes=0-" + "9" * 5000, 0, 1000),
        ("bytes=-" + "9" * 5000, 0, 1000),
        ("BYTES=1-2", 1, 2),
        ("bytes=, 1-2 ,", 1, 2),
        ("bytes=007-008", 7, 2),
    ],
)
def test_a_range_is_answered_with_its_bytes(text, start, length):
    assert ask(Range=text) == Decision(206, start, length)


@pytest.mark.parametrize("text", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_of_the_file_is_416(text):
    assert ask(Range=text).status == 416


@pytest.mark.parametrize(
    "text",
    [
        "lines=0-5",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=0-5-7",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=\u0661-\u0662",
        "bytes=0-1,5-6",
        "",
    ],
)
def test_what_is_no_single_range_of_bytes_is_ignored(text):
    assert ask(Range=text) == WHOLE


def test_an_empty_file_has_no_range_to_offer():
    assert ask(size=0, Range="bytes=0-").status == 416
    assert ask(size=0, Range="bytes=-5") == Decision(200, 0, 0)


def test_head_ignores_a_range():
    assert ask("HEAD", Range="bytes=0-5") == WHOLE


@pytest.mark.parametrize(
    "if_range, honoured",
    [
        (QUOTED, True),
        ("W/" + QUOTED, False),
        ('"other"', False),
        (date(MODIFIED), True),
        (date(MODIFIED + 1), False),
        (date(MODIFIED - 1), False),
        ("nonsense", False),
    ],
)
def test_if_range_wants_a_strong_and_exact_match(if_range, honoured):
    answer = ask(Range="bytes=0-9", If_Range=if_range)
    assert answer == (Decision(206, 0, 10) if honoured else WHOLE)


def test_if_range_by_date_proves_nothing_within_the_second_of_the_change():
    assert ask(now=MODIFIED, Range="bytes=0-9", If_Range=date(MODIFIED)) == WHOLE


def test_if_range_without_a_range_means_nothing():
    assert ask(If_Range='"other"') == WHOLE


@pytest.mark.parametrize(
    "tags, matches",
    [
        (QUOTED, True),
        ("W/" + QUOTED, True),
        (f'"x", W/"y" ,{QUOTED}', True),
        ("*", True),
        ('"x"', False),
        (ETAG, False),
        ("", False),
    ],
)
def test_if_none_match_compares_weakly(tags, matches):
    assert ask(If_None_Match=tags) == (NOT_MODIFIED if matches else WHOLE)
    assert ask("HEAD", If_None_Match=tags) == (NOT_MODIFIED if matches else WHOLE)


@pytest.mark.parametrize(
    "tags, matches",
    [
        (QUOTED, True),
        ("W/" + QUOTED, False),
        (f'"x",{QUOTED}', True),
        ("*", True),
        ("", False),
    ],
)
def test_if_match_compares_strongly(tags, matches):
    assert ask(If_Match=tags) == (WHOLE if matches else FAILED)


def test_dates_decide_where_no_tag_does():
    assert ask(If_Modified_Since=date(MODIFIED)) == NOT_MODIFIED
    assert ask(If_Modified_Since=date(MODIFIED - 1)) == WHOLE
    assert ask(If_Unmodified_Since=date(MODIFIED)) == WHOLE
    assert ask(If_Unmodified_Since=date(MODIFIED - 1)) == FAILED
    assert ask(If_Modified_Since="yesterday") == WHOLE
    assert ask(If_Unmodified_Since="yesterday") == WHOLE


def test_tags_go_before_dates():
    assert ask(If_None_Match='"x"', If_Modified_Since=date(MODIFIED)) == WHOLE
    assert ask(If_Match=QUOTED, If_Unmodified_Since=date(MODIFIED - 1)) == WHOLE


def test_conditions_are_judged_in_the_order_of_the_rfc():
    assert ask(If_Match='"x"', If_None_Match=QUOTED) == FAILED
    assert ask(If_None_Match=QUOTED, Range="bytes=0-9") == NOT_MODIFIED
    assert ask(If_Match='"x"', Range="bytes=5000-") == FAILED
    assert ask(If_Match=QUOTED, Range="bytes=0-9") == Decision(206, 0, 10)


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_ways_to_write_a_date_are_read(text):
    assert http_date(text) == 784111777


specs = st.one_of(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map("{0[0]}-{0[1]}".format),
    st.integers(0, 40).map("{}-".format),
    st.integers(0, 40).map("-{}".format),
)


@given(specs, st.integers(0, 30))
def test_a_range_selects_the_bytes_an_oracle_selects(spec, size):
    """The oracle looks at every byte and asks whether it is wanted."""
    first, _, last = spec.partition("-")
    if first:
        wanted = [i for i in range(size) if int(first) <= i <= (int(last) if last else size)]
    else:
        wanted = [i for i in range(size) if i >= size - int(last)]
    found = one_range(f"bytes={spec}", size)
    if first and last and int(last) < int(first) or not first and size == 0:
        assert found is None
    else:
        start, length = found
        assert list(range(start, start + length)) == wanted


@given(st.text(max_size=40), st.integers(0, 100))
def test_no_text_makes_a_range_outside_of_the_file(text, size):
    for range_header in (text, f"bytes={text}"):
        found = one_range(range_header, size)
        if found and found[1]:
            assert 0 <= found[0] and found[0] + found[1] <= size


@given(st.dictionaries(st.sampled_from(["If-Match", "If-None-Match", "If-Range"]), st.text()))
def test_no_condition_brings_it_down(headers):
    answer = decide("GET", {**headers, "Range": "bytes=0-1"}, SIZE, ETAG, MODIFIED, NOW)
    assert answer.status in (200, 206, 304, 412)


@given(st.text())
def test_no_date_brings_it_down(text):
    http_date(text)
