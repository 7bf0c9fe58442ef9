"""The boards keep to every rule of the lint, and the lint sees each fault."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.boards import BOARDS, FOLDER, find_differences, write_boards
from grafana.boards.links import GRAFANA
from grafana.lint import Families, lint_board, read_families

REPOSITORY = Path(__file__).resolve().parents[2]
OVERVIEW = "kube-endpoints-overview"
EXPORTER = "kube-endpoints-exporter"
SERVICE = "kube-endpoints-service"
TABLE = "Not as they should be"
TIMELINE = "Trouble over time"
ALERTS = "Alerts on Services"


@cache
def load_families() -> Families:
    """Every series name that a query may ask for."""
    return read_families()


def load_boards() -> dict[str, Any]:
    """The committed boards by uid."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")
    }


def find_panel(board: dict[str, Any], title: str) -> dict[str, Any]:
    """The panel of that title."""
    [panel] = [panel for panel in board["panels"] if panel["title"] == title]
    found: dict[str, Any] = panel
    return found


def test_files_are_what_the_code_makes() -> None:
    """grafana/dashboards holds exactly what grafana/boards makes."""
    assert find_differences() == []


def test_a_changed_missing_or_superfluous_file_is_seen(tmp_path: Path) -> None:
    """Each way in which a file can differ is told by its name; writing mends all of them."""
    write_boards(tmp_path)
    assert find_differences(tmp_path) == []
    (tmp_path / f"{OVERVIEW}.json").write_text("{}", encoding="utf-8")
    (tmp_path / f"{EXPORTER}.json").unlink()
    (tmp_path / "old.json").write_text("{}", encoding="utf-8")
    assert find_differences(tmp_path) == [f"{EXPORTER}.json", f"{OVERVIEW}.json", "old.json"]
    write_boards(tmp_path)
    assert find_differences(tmp_path) == []


@pytest.mark.parametrize("uid", [board.uid for board in BOARDS])
def test_boards_keep_to_all_rules(uid: str) -> None:
    """The lint finds nothing, and nothing is left out of it."""
    boards = load_boards()
    assert lint_board(boards[uid], boards, load_families()) == []


def test_the_boards_are_those_that_are_promised() -> None:
    """There are six boards, under the uids that alerts and bookmarks link to."""
    assert set(load_boards()) == {
        "kube-endpoints-overview",
        "kube-endpoints-namespace",
        "kube-endpoints-service",
        "kube-endpoints-resilience",
        "kube-endpoints-slo",
        "kube-endpoints-exporter",
    }


def test_titles_are_told_apart() -> None:
    """No two boards have one title: provisioning would give up on the folder."""
    titles = [board["title"] for board in load_boards().values()]
    assert len(set(titles)) == len(titles)


def test_alerts_link_to_boards_with_their_variables() -> None:
    """Each dashboard_url of an alert is a board, and sets only variables that it has."""
    boards = load_boards()
    linked = 0
    for path in sorted((REPOSITORY / "alerts").glob("*.rules.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                url = rule.get("annotations", {}).get("dashboard_url")
                if url is None:
                    continue
                uid, _, query = url.removeprefix(f"{GRAFANA}/d/").partition("?")
                there = {one["name"] for one in boards[uid]["templating"]["list"]}
                asked = {part.partition("=")[0] for part in query.split("&") if part}
                assert asked <= {f"var-{name}" for name in there}, rule["alert"]
                linked += 1
    assert linked > 0


def _set(title: str, *keys: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    """A change of one value in the panel of that title; '' is the board itself."""

    def change(board: dict[str, Any]) -> None:
        place: Any = find_panel(board, title) if title else board
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to

    return change


def _ask(expression: str) -> Callable[[dict[str, Any]], None]:
    return _set("Services", "targets", 0, "expr", to=expression)


_ALL = '{cluster=~"$cluster", namespace=~"$namespace"}'
_DEFAULTS = ("fieldConfig", "defaults")


def _spoil_axis(board: dict[str, Any]) -> None:
    defaults = find_panel(board, "Services by standing")["fieldConfig"]["defaults"]
    defaults["unit"] = "percentunit"
    del defaults["custom"]["axisSoftMax"]


def _fill_line(board: dict[str, Any]) -> None:
    dashed = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}}
    override = {"matcher": {"id": "byName", "options": "x"}, "properties": [dashed]}
    find_panel(board, "Services by standing")["fieldConfig"]["overrides"].append(override)


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "schema": (_set("", "schemaVersion", to=41), "schemaVersion is 41"),
    "editable": (_set("", "editable", to=True), "editable"),
    "uid": (_set("", "uid", to="x"), "is not one of ours"),
    "server": (_set("", "version", to=3), "one server's copy"),
    "dropdown": (_set("", "links", to=[]), "no drop-down"),
    "order": (
        lambda board: board["templating"]["list"].reverse(),
        "not in our order",
    ),
    "refresh": (_set("", "templating", "list", 1, "refresh", to=1), "refresh is 1"),
    "all": (_set("", "templating", "list", 1, "allValue", to=None), "allValue is None"),
    "variable": (
        _set("", "templating", "list", 1, "query", "query", to="query_result(up)"),
        "no label_values",
    ),
    "auto": (_set("", "templating", "list", 1, "auto", to=False), "has the key auto"),
    "placement": (_set("", "links", 0, "placement", to="x"), "has the key placement"),
    "annotation": (_set("", "annotations", "list", to=[]), "annotations: []"),
    "shown annotation": (_set("", "annotations", "list", 0, "enable", to=True), "shown from the"),
    "hasty": (_set("", "refresh", to="1m"), "refreshes every 1m"),
    "size": (_set("", "description", to="x" * 250_000), "more than 250000"),
    "number": (_set("Services", "id", to=7), "not numbered in their order"),
    "columns": (_set("Services", "gridPos", "w", to=25), "outside the 24 columns"),
    "overlap": (_set("Services", "gridPos", "w", to=7), "overlap"),
    "title": (_set("Services", "title", to="Degraded"), "the title is there twice"),
    "description": (_set("Services", "description", to="Services."), "no description"),
    "unit": (_set("Services", *_DEFAULTS, "unit", to="furlongs"), "the unit 'furlongs'"),
    "no value": (_set("Services", *_DEFAULTS, "noValue", to="0"), "says '0'"),
    "green nothing": (_set("Services", *_DEFAULTS, "mappings", to=[]), "shows no value as []"),
    "empty list": (_set(TABLE, *_DEFAULTS, "noValue", to="No data"), "says 'No data'"),
    "cut title": (
        _set("Degraded", "title", to="Degraded ones"),
        "the title is cut at 1280 pixels: 10 letters fit",
    ),
    "legend": (
        _set("Services by standing", "options", "legend", "displayMode", to="list"),
        "the legend's displayMode is 'list'",
    ),
    "legend below": (
        _set("Services by standing", "options", "legend", "placement", to="bottom"),
        "the legend's placement is 'bottom'",
    ),
    "what is over": (
        _set("Services by standing", "options", "legend", "calcs", to=["lastNotNull", "max"]),
        "the legend's calcs",
    ),
    "history": (
        lambda board: find_panel(board, "Services")["targets"][0].update(instant=False, range=True),
        "a number of now that is asked for over time",
    ),
    "axis": (_spoil_axis, "an axis that goes to 100 where all is 0"),
    "filled": (_fill_line, "a line to compare with that is filled"),
    "thresholds": (
        _set(TIMELINE, *_DEFAULTS, "thresholds", to={"mode": "absolute", "steps": []}),
        "a state timeline with thresholds",
    ),
    "wordless": (
        lambda board: find_panel(board, TIMELINE)["fieldConfig"]["defaults"]["mappings"].pop(0),
        "a state timeline without words",
    ),
    "bare table": (
        _set("Findings by kind", "targets", 0, "expr", to=f"topk(9, k8s_service_info{_ALL})"),
        "k8s_service_info keeps all its labels and joins nothing",
    ),
    "label beside": (
        _set(
            "Findings by kind",
            *("targets", 0, "expr"),
            to=f"topk(9, count by (finding, namespace) (k8s_service_endpoints_finding{_ALL}))",
        ),
        "shows ['namespace'] beside the columns",
    ),
    "rigid": (
        _set("Findings by kind", "fieldConfig", "overrides", to=[]),
        "no column takes the room that the others leave",
    ),
    "label as number": (
        _set(TABLE, "fieldConfig", "overrides", 0, "properties", 1, "value", to="short"),
        "the labels in 'Cluster' may be shown as numbers",
    ),
    "missing label": (
        lambda board: find_panel(board, TABLE)["fieldConfig"]["defaults"]["mappings"].pop(),
        "shows no value as [('null+nan', '–', 'transparent')]",
    ),
    "wide": (_set(TABLE, "gridPos", "w", to=12), "columns on a part of the board"),
    "wider": (
        _set(TABLE, "fieldConfig", "overrides", 0, "properties", 0, "value", to=900),
        "pixels, and 1270 are there",
    ),
    "narrowest": (
        _set(TABLE, *_DEFAULTS, "custom", "minWidth", to=150),
        "may not become narrower than 150",
    ),
    "head": (
        _set(TABLE, "fieldConfig", "overrides", 0, "properties", 0, "value", to=40),
        "the head 'Cluster' is wider than its 40 pixels",
    ),
    "filters": (_set(TABLE, *_DEFAULTS, "custom", "filterable", to=True), "a filter on every"),
    "filtered number": (
        _set(TABLE, "fieldConfig", "overrides", 3, "properties", 0, "id", to="custom.filterable"),
        "a filter on the numbers of 'Standing'",
    ),
    "link to nothing": (
        lambda board: find_panel(board, ALERTS)["targets"][0].update(
            expr=find_panel(board, ALERTS)["targets"][0]["expr"].replace(', service!=""', "")
        ),
        "links to service in rows that have none",
    ),
    "table": (_set(TABLE, "transformations", to=[{"id": "merge"}]), "transformations ['merge']"),
    "kind": (_set("Services", "type", to="news"), "of the kind news"),
    "source": (_set("Services", "datasource", to={"uid": "prom"}), "a fixed data source"),
    "references": (_set(TABLE, "targets", 1, "refId", to="A"), "the queries are called"),
    "moment": (_set(TABLE, "targets", 0, "instant", to=False), "both instant and over time"),
    "colour": (
        _set("Services", *_DEFAULTS, "thresholds", "steps", 0, "color", to="pink"),
        "colours without a meaning: ['pink']",
    ),
    "word": (
        _set(
            "Can this be trusted?",
            *_DEFAULTS,
            "mappings",
            0,
            "options",
            to={"1": {"color": "green", "index": 0}},
        ),
        "a colour without a word",
    ),
    "dead link": (
        _set(TABLE, "fieldConfig", "overrides", 1, "properties", 2, "value", 0, "url", to="/d/x"),
        "which is no board",
    ),
    "lost time": (
        _set(
            TABLE,
            *("fieldConfig", "overrides", 1, "properties", 2, "value", 0, "url"),
            to="/d/kube-endpoints-service?${datasource:queryparam}&${cluster:queryparam}",
        ),
        "loses ${__url_time_range}",
    ),
    "wrong variable": (
        _set(
            TABLE,
            *("fieldConfig", "overrides", 1, "properties", 2, "value", 0, "url"),
            to="/d/kube-endpoints-service?var-pod=x",
        ),
        "sets ['pod']",
    ),
    "no link": (_set(TABLE, "fieldConfig", "overrides", to=[]), "cells of service are no links"),
    "column": (
        _set(TABLE, "transformations", 1, "options", "renameByName", to={"pod": "Pod"}),
        "columns ['pod'] of no query",
    ),
    "syntax": (_ask("count("), "does not parse"),
    "metric": (_ask(f"count(k8s_service_endpoint_ready{_ALL})"), "is no metric of ours"),
    "label": (_ask(f"count by (zone) (k8s_service_info{_ALL})"), "by ['zone']"),
    "matched label": (
        _ask('count(k8s_service_info{cluster=~"$cluster", namespace=~"$namespace", pod="x"})'),
        "has no label ['pod']",
    ),
    "joined label": (
        _ask(f"k8s_service_info{_ALL} * on (zone) group_left () k8s_service_info{_ALL}"),
        "on ['zone']",
    ),
    "limited": (_ask("count(k8s_service_info)"), "is not limited to $cluster"),
    "matcher": (
        _ask('count(k8s_service_info{cluster="$cluster", namespace=~"$namespace"})'),
        "cluster is matched by",
    ),
    "window": (
        _ask(f"sum(rate(k8s_service_endpoints_changes_total{_ALL}[5m]))"),
        "over another window than $__rate_interval",
    ),
    "counter": (_ask(f"sum(k8s_service_endpoints_changes_total{_ALL})"), "is a counter"),
    "gauge": (_ask(f"sum(rate(k8s_service_info{_ALL}[$__rate_interval]))"), "is a gauge"),
    "false green": (_ask(f"count(k8s_service_info{_ALL}) or vector(0)"), "missing exporter"),
    "untold group": (
        _ask(f"sum(k8s_service_endpoints_ready_zones{_ALL})"),
        "needs the group topology",
    ),
    "untold rules": (
        _ask(f"sum(cluster_namespace_service:k8s_service_endpoints_lost:bool{_ALL})"),
        "needs our rules",
    ),
    "too many": (
        _set("Services by standing", "targets", 0, "expr", to=f"k8s_service_endpoints_ready{_ALL}"),
        "as many series as there are Services",
    ),
    "legend label": (
        _set("Services by standing", "targets", 0, "legendFormat", to="{{zone}}"),
        "the legend speaks of ['zone']",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_lint_sees_each_fault(fault: str) -> None:
    """A board with one fault is told of it, in these words."""
    change, words = FAULTS[fault]
    boards = load_boards()
    broken = copy.deepcopy(boards[OVERVIEW])
    change(broken)
    assert any(words in finding for finding in lint_board(broken, boards, load_families()))


def test_a_metric_of_every_program_is_joined_with_ours() -> None:
    """On the exporter's board the memory of other programs is not asked for."""
    boards = load_boards()
    broken = boards[EXPORTER]
    selector = (
        'process_resident_memory_bytes{cluster=~"$cluster", job=~"$job", instance=~"$instance"}'
    )
    _set("Memory", "targets", 0, "expr", to=f"topk(10, {selector})")(broken)
    assert lint_board(broken, boards, load_families()) == [
        "panel 'Memory', query A: asks for a metric of every program"
    ]


def test_queries_of_a_job_keep_to_the_chosen_job() -> None:
    """On the exporter's board a query without the variable job is a fault."""
    boards = load_boards()
    broken = boards[EXPORTER]
    selector = 'endpoints_exporter_series{cluster=~"$cluster", instance=~"$instance"}'
    _set("Series by group", "targets", 0, "expr", to=f"max by (group) ({selector})")(broken)
    assert lint_board(broken, boards, load_families()) == [
        "panel 'Series by group', query A: endpoints_exporter_series is not limited to $job"
    ]
