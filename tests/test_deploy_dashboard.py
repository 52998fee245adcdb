"""The example dashboard asks for metrics that the server exports, by labels they have."""

import itertools
import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from server.services import Services
from server.settings import Settings
from tests.live import ROOT

BOARD = json.loads((ROOT / "deploy/grafana.json").read_text("utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
ALARMS = re.findall(
    r"(?m)^\| `((?:rate|changes|parallax)[^`]*)`", PAGE.split("Alarms worth having")[1]
)
ASKED = re.compile(r"\b((?:parallax|gen_ai|process)_\w+)(\{[^}]*\})?")
AROUND = {"job", "instance"}  # what Prometheus adds


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """The server's own, each once used: name of a sample -> its labels."""
    metrics = Services(Settings(data_dir=tmp_path_factory.mktemp("data"))).metrics
    for metric in vars(metrics).values():
        if labels := getattr(metric, "_labelnames", ()):
            metric.labels(*labels)
    found = {}
    for family in families(metrics.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_what_is_exported(query, metrics):
    asked = ASKED.findall(query)
    assert asked, query
    for name, selector in asked:
        assert name in metrics, f"nothing exports {name}"
        selected = set(re.findall(r'(\w+)[!=]?[=~]"', selector))
        assert selected <= metrics[name] | AROUND and AROUND <= selected, query
        for group in re.findall(r"by \(([^)]*)\)", query):
            assert set(group.split(", ")) <= metrics[name] | AROUND, query
    assert query.count("(") == query.count(")")
    counted = any(name.endswith(("_total", "_bucket")) for name, _ in asked)
    assert counted == ("rate(" in query), "counters are read as rates, gauges as they are"


def test_an_alarm_of_the_runbook_names_what_is_exported(metrics):
    assert len(ALARMS) == 8
    for name, selector in (found for alarm in ALARMS for found in ASKED.findall(alarm)):
        assert set(re.findall(r"(\w+)=", selector)) <= metrics[name], name


def test_a_legend_names_labels_the_query_leaves():
    for panel in PANELS:
        for target in panel["targets"]:
            kept = {
                label
                for group in re.findall(r"by \(([^)]*)\)", target["expr"])
                for label in group.split(", ")
            } or (AROUND if "sum" not in target["expr"] else set())
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept, target


def test_it_shows_what_an_operator_looks_for(metrics):
    shown = " ".join(QUERIES)
    # Under OpenTelemetry's names there is nothing that is not there under ours.
    for sample in metrics:
        name = re.sub("_(bucket|sum|count|created)$", "", sample)
        if name.startswith("parallax_"):
            assert name in shown, f"no panel shows {name}"
    assert "process_resident_memory_bytes" in shown and "process_open_fds" in shown


def test_it_can_be_imported_anywhere():
    (wanted,) = BOARD["__inputs"]
    assert (wanted["type"], wanted["pluginId"]) == ("datasource", "prometheus")
    for item in (*PANELS, *BOARD["templating"]["list"], *(t for p in PANELS for t in p["targets"])):
        assert item["datasource"]["uid"] == "${%s}" % wanted["name"]
    types = {item["id"] for item in BOARD["__requires"] if item["type"] == "panel"}
    assert types == {panel["type"] for panel in PANELS}
    assert "id" not in BOARD and all(panel["description"] for panel in PANELS)


def test_panels_have_ids_and_places_of_their_own():
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for one, other in itertools.combinations([panel["gridPos"] for panel in BOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
        assert one["x"] + one["w"] <= 24
