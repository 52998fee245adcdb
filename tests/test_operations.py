"""The runbook names tests and metrics; they exist."""

import re

import pytest

from tests.live import ROOT

PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
NAMED = re.findall(r"`(test_\w+)::(test_\w+)`", PAGE)


@pytest.mark.parametrize("file, name", NAMED)
def test_a_named_test_exists(file, name):
    [path] = (ROOT / "tests").rglob(f"{file}.py")
    assert re.search(rf"(?m)^def {name}\(", path.read_text("utf-8")), f"{file} has no {name}"


def test_each_row_of_the_table_has_a_test_or_a_reason():
    table = PAGE.split("## What it survives")[1]
    rows = re.findall(r"(?m)^\| (?!.*\| test \|)([^|]+) \| ([^|]+) \|$", table)
    assert len(rows) > 70 and len(NAMED) > 70
    for what, said in rows:
        assert said.startswith(("`test_", "not tested: ")), what


def test_every_metric_is_explained(make_services):
    families = re.findall(r"(?m)^# HELP (\w+) ", make_services().metrics.text().decode())
    assert len(families) > 25
    for name in families:
        if name.startswith(("parallax_", "gen_ai_")) and not name.endswith("_created"):
            assert name in PAGE, f"docs/operations.md does not say what {name} is"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_table_has_a_head(page):
    """A row after an empty line is no row: readers see its bars."""
    begun = re.findall(r"(?m)^\n(\|.*)\n(.*)$", page.read_text("utf-8"))
    for row, below in begun:
        assert re.fullmatch(r"[|:\- ]+", below), row
