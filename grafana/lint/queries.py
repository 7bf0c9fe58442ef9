"""What the queries of a board have to keep to: names, labels, matchers, rates, few series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql

from grafana.lint.labels import find_labels, walk
from grafana.lint.names import Families
from grafana.lint.panels import find_columns
from grafana.lint.tables import lint_table

Document = Mapping[str, Any]

_RATES = frozenset({"rate", "increase", "irate"})
_LIMITS = frozenset({"topk", "bottomk"})
#: Grafana's own variables, with a value of the kind that it puts in.
GRAFANA = {
    "$__rate_interval": "4m",
    "$__interval": "30s",
    "$__range_s": "21600",
    "$__range": "6h",
}
_RATE_WINDOW = 240.0


def lint_queries(board: Document, families: Families) -> Iterator[str]:
    """What is wrong with the queries of panels, variables and annotations."""
    variables = [
        variable["name"]
        for variable in board["templating"]["list"]
        if variable["name"] != "datasource"
    ]
    for panel in board["panels"]:
        if panel["type"] != "row":
            for finding in _lint_panel(panel, variables, families):
                yield f"panel {panel['title']!r}{finding}"
    for annotation in board["annotations"].get("list", ()):
        for finding in _lint_annotation(annotation, variables, families):
            yield f"annotation {annotation['name']!r}: {finding}"
    yield from _lint_variables(board, families)


def _lint_panel(panel: Document, variables: list[str], families: Families) -> Iterator[str]:
    labels: frozenset[str] = frozenset()
    trees: list[Any] = []
    for target in panel["targets"]:
        linter = _Query(target["expr"], variables, families)
        for finding in (*linter.lint(), *linter.lint_fit(panel, target)):
            yield f", query {target['refId']}: {finding}"
        labels |= linter.labels
        trees.append(linter.tree)
    if panel["type"] == "table":
        if all(tree is not None for tree in trees):
            for finding in lint_table(panel, trees, families):
                yield f": {finding}"
        shown = {name for name in find_columns(panel) if not name.startswith("Value")}
        if shown - labels:
            yield f": columns {sorted(shown - labels)} of no query"


def _lint_annotation(
    annotation: Document, variables: list[str], families: Families
) -> Iterator[str]:
    linter = _Query(annotation["expr"], variables, families)
    yield from linter.lint()
    asked = {*annotation["tagKeys"].split(","), *_templates(annotation["titleFormat"])}
    if asked - linter.labels:
        yield f"speaks of {sorted(asked - linter.labels)}, which is not there"


def _lint_variables(board: Document, families: Families) -> Iterator[str]:
    before: list[str] = []
    for variable in board["templating"]["list"]:
        if variable["name"] == "datasource":
            continue
        where = f"variable {variable['name']}"
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        if found is None:
            yield f"{where}: the query is no label_values"
            continue
        linter = _Query(found[1], before, families)
        for finding in linter.lint():
            yield f"{where}: {finding}"
        if found[2] != variable["name"] or found[2] not in linter.labels:
            yield f"{where}: asks for the label {found[2]}"
        if variable["definition"] != variable["query"]["query"]:
            yield f"{where}: shows another query than it asks"
        before.append(variable["name"])


def _templates(text: str) -> set[str]:
    return set(re.findall(r"\{\{(\w+)\}\}", text))


class _Query:
    """One parsed query and what is around it."""

    def __init__(self, text: str, variables: list[str], families: Families) -> None:
        self.text = text
        self.variables = variables
        self.families = families
        self.labels: frozenset[str] = frozenset()
        self.metrics: list[str] = []
        self._findings: list[str] = []
        filled = text
        for name, value in GRAFANA.items():
            filled = filled.replace(name, value)
        try:
            self.tree: Any = promql.parse(filled)
        except ValueError as error:
            self.tree = None
            self._findings.append(f"does not parse: {error}")
            return
        self.labels = find_labels(self.tree, families, self._findings)

    def lint(self) -> Iterator[str]:
        """What is wrong with the query by itself."""
        yield from self._findings
        if self.tree is None:
            return
        for node, above in walk(self.tree):
            if isinstance(node, promql.VectorSelector):
                yield from self._lint_selector(node, above)
            elif isinstance(node, promql.Call):
                yield from self._lint_call(node)
            elif isinstance(node, promql.BinaryExpr):
                yield from self._lint_shared(node, above)
        if not any(isinstance(node, promql.BinaryExpr) for node, _ in walk(self.tree)) and any(
            self.families[name].shared for name in self.metrics if name in self.families
        ):
            yield "asks for a metric of every program"

    def lint_fit(self, panel: Document, target: Document) -> Iterator[str]:
        """What is wrong with the query in its panel."""
        if self.tree is None:
            return
        asked = _templates(target.get("legendFormat", ""))
        if asked - self.labels:
            yield f"the legend speaks of {sorted(asked - self.labels)}, which is not there"
        used = re.findall(r"__field\.labels\.(\w+)", str(panel["fieldConfig"]))
        if set(used) - self.labels:
            yield f"links use {sorted(set(used) - self.labels)}, which is not there"
        if {"service", "resource"} & self.labels and panel["type"] != "stat":
            operators = {
                str(node.op)
                for node, _ in walk(self.tree)
                if isinstance(node, promql.AggregateExpr)
            }
            if not operators & _LIMITS:
                yield "as many series as there are Services"
        yield from self._lint_told(panel["description"])

    def _lint_told(self, description: str) -> Iterator[str]:
        for name in self.metrics:
            metric = self.families.get(name)
            if metric is None:
                continue
            if metric.group and f"group {metric.group} " not in description:
                yield f"{name} needs the group {metric.group}; the description does not say so"
            if (metric.recorded or name == "ALERTS") and "rules in alerts/" not in description:
                yield f"{name} needs our rules; the description does not say so"

    def _lint_selector(self, node: promql.VectorSelector, above: tuple[Any, ...]) -> Iterator[str]:
        name = node.name or ""
        self.metrics.append(name)
        metric = self.families.get(name)
        if metric is None:
            yield f"{name!r} is no metric of ours"
            return
        # Two matchers of one label: that of the variable is the one that counts here.
        matchers = {
            matcher.name: matcher
            for matcher in sorted(node.matchers.matchers, key=lambda one: "$" in one.value)
        }
        if unknown := set(matchers) - metric.labels:
            yield f"{name} has no label {sorted(unknown)}"
        for variable in self.variables:
            if variable not in metric.labels:
                continue
            matcher = matchers.get(variable)
            # The second is for alerts that have no such label.
            if matcher is None or matcher.value not in (f"${variable}", f"${variable}|"):
                yield f"{name} is not limited to ${variable}"
            elif matcher.op != promql.MatchOp.Re:
                yield f"{name}: {variable} is matched by {matcher.op}"
        calls = [one.func.name for one in above if isinstance(one, promql.Call)]
        if metric.counter and not set(calls) & _RATES:
            yield f"{name} is a counter and not in a rate"
        if not metric.counter and set(calls) & _RATES:
            yield f"{name} is a gauge in a rate"

    def _lint_call(self, node: promql.Call) -> Iterator[str]:
        if node.func.name == "vector":
            yield "vector() makes a number out of a missing exporter"
        if node.func.name in _RATES:
            window = node.args[0]
            if (
                not isinstance(window, promql.MatrixSelector)
                or window.range.total_seconds() != _RATE_WINDOW
            ):
                yield f"{node.func.name} over another window than $__rate_interval"

    def _lint_shared(self, node: promql.BinaryExpr, above: tuple[Any, ...]) -> Iterator[str]:
        """A metric of every program must be joined with one that only the exporter has."""
        if any(isinstance(one, promql.BinaryExpr) for one in above):
            return
        names = [one.name for one, _ in walk(node) if isinstance(one, promql.VectorSelector)]
        shared = [self.families[name].shared for name in names if name in self.families]
        if any(shared) and all(shared):
            yield "asks for a metric of every program"
