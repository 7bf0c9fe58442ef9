"""The alerts of alerts/ as rules that Grafana itself evaluates: its provisioning file.

A rule fires for each series that its query returns, whatever the value, as in Prometheus: the three
steps are those that Grafana's own import of Prometheus rules makes. Recording rules stay in
Prometheus, which these alerts ask. Reads files, asks no server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from grafana.boards import render_boards
from grafana.boards.links import EXPORTER, NAMESPACE, OVERVIEW, SERVICE, SLO

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "alerts"
FILE = ROOT / "grafana" / "provisioning" / "alerting" / "kube-endpoints-exporter.yaml"
#: The data source of grafana/provisioning/datasources; whoever has another puts its uid in place.
SOURCE = "prometheus"
FOLDER = "Service endpoints"
HEADER = """\
# Made from alerts/ by grafana/alerting.py; don't edit. Grafana evaluates these alerts itself: load
# either these or the alerts in alerts/, not both. alerts/recording.rules.yaml, and of
# alerts/slo.rules.yaml what records, stay in Prometheus. `datasourceUid` is your Prometheus.
"""
_EXPRESSION = "__expr__"
_SHOWN = {
    OVERVIEW: "Front doors that lead nowhere",
    SERVICE: "Standing over time",
    NAMESPACE: "Slices by namespace",
    SLO: "Objectives and budgets",
    EXPORTER: "Resources",
}
#: How far back a query may look by Grafana's count; the queries are instant and name their ranges.
_LOOK_BACK = 600
_ACTION = re.compile(r"(\{\{.*?\}\})")
_ENCODED = re.compile(r"\{\{ (\$labels\.\w+) \| urlquery \}\}")

Group = dict[str, Any]


def list_groups(folder: Path = RULES) -> list[Group]:
    """The groups of alerts: name, interval, and rules in Grafana's form."""
    panels = _find_panels()
    groups: list[Group] = []
    for path in sorted(folder.glob("*.rules.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            rules = [_convert(rule, panels) for rule in group["rules"] if "alert" in rule]
            if rules:
                groups.append({"name": group["name"], "interval": "1m", "rules": rules})
    return groups


def render_provisioning(folder: Path = RULES) -> str:
    """The text of the provisioning file."""
    groups = [
        {"orgId": 1, "name": group["name"], "folder": FOLDER, **group}
        for group in list_groups(folder)
    ]
    document = {"apiVersion": 1, "groups": groups}
    # Values of the environment are put in for $NAME: a dollar sign of ours is written twice.
    return HEADER + yaml.safe_dump(_double(document), sort_keys=False, width=100)


def _find_panels() -> dict[str, int]:
    """The number of the panel that an alert's board is opened at, by the board's uid."""
    boards = [json.loads(text) for text in render_boards().values()]
    return {
        board["uid"]: panel["id"]
        for board in boards
        for panel in board["panels"]
        if panel["title"] == _SHOWN.get(board["uid"])
    }


def _convert(rule: Mapping[str, Any], panels: Mapping[str, int]) -> dict[str, Any]:
    board = rule["annotations"]["__dashboardUid__"]
    panel = panels[board]
    annotations = {key: _translate(text) for key, text in rule["annotations"].items()}
    return {
        "uid": rule["alert"],
        "title": rule["alert"],
        "condition": "threshold",
        "data": [
            _query(rule["expr"]),
            _step("found", "math", "is_number($query) || is_nan($query) || is_inf($query)"),
            _step("threshold", "threshold", "found", conditions=[_ABOVE_ZERO]),
        ],
        "dashboardUid": board,
        "panelId": panel,
        # In Prometheus no series is no alert.
        "noDataState": "OK",
        "execErrState": "Error",
        "for": rule.get("for", "0s"),
        "keepFiringFor": rule.get("keep_firing_for", "0s"),
        "annotations": annotations | {"__panelId__": str(panel)},
        "labels": {key: _translate(text) for key, text in rule["labels"].items()},
        "isPaused": False,
    }


_ABOVE_ZERO = {"evaluator": {"type": "gt", "params": [0]}}


def _query(expression: str) -> dict[str, Any]:
    model = {"refId": "query", "expr": expression, "instant": True, "range": False}
    return {
        "refId": "query",
        "relativeTimeRange": {"from": _LOOK_BACK, "to": 0},
        "datasourceUid": SOURCE,
        "model": {"datasource": {"type": "prometheus", "uid": SOURCE}, **model},
    }


def _step(name: str, kind: str, expression: str, **more: object) -> dict[str, Any]:
    source = {"type": _EXPRESSION, "uid": _EXPRESSION}
    return {
        "refId": name,
        "queryType": kind,
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": _EXPRESSION,
        "model": {
            "refId": name,
            "type": kind,
            "datasource": source,
            "expression": expression,
            **more,
        },
    }


def _translate(text: str) -> str:
    """A template of Prometheus as Grafana's: no query of its own, the value by its step."""
    text = _drop_queries(text)
    # A label that is not there would be encoded as '<nil>'.
    text = _ENCODED.sub(r"{{ with \1 }}{{ . | urlquery }}{{ end }}", text)
    return re.sub(r"\$value\b", "$values.query.Value", text)


def _drop_queries(text: str) -> str:
    """Leave out what is said with the answer to a query; where that had an else, say 'some'."""
    kept: list[str] = []
    depth = 0
    for part in _ACTION.split(text):
        word = part.removeprefix("{{ ").partition(" ")[0] if part.startswith("{{") else ""
        if depth == 0 and not part.startswith("{{ with query"):
            kept.append(part)
        elif word in ("with", "if", "range"):
            depth += 1
        elif word == "else" and depth == 1:
            kept.append("some")
        elif word == "end":
            depth -= 1
    return "".join(kept)


def _double(value: Any) -> Any:  # noqa: ANN401 - a document
    if isinstance(value, dict):
        return {key: _double(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_double(one) for one in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
