"""The rules of the mixin: those of alerts/, with marks where its configuration puts something in.

Jsonnet can't tell a metric's name from any other word, so that is done here: `«,»` stands where
a selector goes into braces that are there, `«{}»` where it needs braces of its own, and `«name»`
for a threshold. mixin/lib.libsonnet puts the values in. Reads texts, writes none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from tools.promql import Schema

#: Numbers in the expressions of alerts that are a matter of taste: alert, pattern, name.
THRESHOLDS = (
    ("EndpointsExporterBlind", r"(?<=< )600\b", "staleSeconds"),
    ("EndpointsExporterStale", r"(?<=> )600\b", "staleSeconds"),
    ("EndpointsExporterAPIErrors", r"(?<=> )5\b", "apiErrors"),
    ("KubeServiceErrorBudgetFastBurn", r"(?<=:rate1h > )[\d.]+", "burn1h"),
    ("KubeServiceErrorBudgetFastBurn", r"(?<=:rate5m > )[\d.]+", "burn1h"),
    ("KubeServiceErrorBudgetFastBurn", r"(?<=:rate6h > )[\d.]+", "burn6h"),
    ("KubeServiceErrorBudgetFastBurn", r"(?<=:rate30m > )[\d.]+", "burn6h"),
    ("KubeServiceErrorBudgetSlowBurn", r"(?<=:rate1d > )[\d.]+", "burn1d"),
    ("KubeServiceErrorBudgetSlowBurn", r"(?<=:rate2h > )[\d.]+", "burn1d"),
    ("KubeServiceErrorBudgetSlowBurn", r"(?<=:rate3d > )[\d.]+", "burn3d"),
    ("KubeServiceErrorBudgetSlowBurn", r"(?<=:rate6h > )[\d.]+", "burn3d"),
)


def mark_rules(text: str) -> str:
    """A rule file as JSON, its expressions marked."""
    document = yaml.safe_load(text)
    for group in document["groups"]:
        for rule in group["rules"]:
            rule["expr"] = _mark(rule.get("alert", ""), rule["expr"])
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def list_thresholds(texts: Iterable[str]) -> list[dict[str, str]]:
    """Where each threshold stands in the expressions: alert, name, what is before it, value."""
    expressions = {
        rule["alert"]: rule["expr"]
        for text in texts
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    found = []
    for alert, pattern, name in THRESHOLDS:
        value = re.search(pattern, expressions.get(alert, ""))
        before = re.match(r"\(\?<=(.*?)\)", pattern)
        if value and before:
            place = {"alert": alert, "name": name, "before": before[1], "value": value[0]}
            found.append(place)
    return found


def _mark(alert: str, expression: str) -> str:
    for name, pattern, threshold in THRESHOLDS:
        if name == alert:
            expression = re.sub(pattern, f"«{threshold}»", expression)
    return _SCRAPED.sub(_mark_selector, expression)


def _mark_selector(found: re.Match[str]) -> str:
    return found[0] + ("«,»" if found[2] else "«{}»")


def _match_scraped() -> re.Pattern[str]:
    """The names of all that is scraped, longest first, with the brace that may follow."""
    names = "|".join(sorted(Schema().labels, key=len, reverse=True))
    return re.compile(rf"(?<![\w:])({names})(?![\w:])(\{{)?")


_SCRAPED = _match_scraped()


def write_mixin(rules: Mapping[str, Any], boards: Mapping[str, Any], recorded: list[str]) -> str:
    """The mixin: it imports what lies beside it and hands it to lib.libsonnet."""

    def list_imports(folder: str, names: Mapping[str, Any]) -> str:
        return "".join(f"  '{name}': import '{folder}/{name}',\n" for name in sorted(names))

    return f"""\
// Made by tools/chart.py. What can be set stands in config.libsonnet:
//   (import 'mixin.libsonnet') + {{ _config+:: {{ clusterLabel: 'k8s_cluster' }} }}
local lib = import 'lib.libsonnet';
local rules = {{
{list_imports("rules", rules)}}};
local boards = {{
{list_imports("dashboards", boards)}}};
local recorded = {json.dumps(recorded, indent=2)};
(import 'config.libsonnet') + {{
  local groups = lib.configure(rules, $._config),
  prometheusAlerts+:: {{ groups+: lib.only('alert', groups) }},
  prometheusRules+:: {{ groups+: lib.only('record', groups) }},
  grafanaDashboards+:: lib.dress(boards, recorded, $._config),
}}
"""
