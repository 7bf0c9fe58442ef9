"""PromQL against the catalogue: whether the metrics and labels that a query names exist.

Queries in rules, runbooks and dashboards are parsed (never matched as text) and every name in them
is held against the families that the exporter has. It runs no query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql
from promql_parser import AggregateExpr, BinaryExpr, Call, Expr, MatrixSelector, VectorSelector

from exporter.catalogue import FAMILIES, Kind
from exporter.telemetry import OWN_FAMILIES

#: Labels that Prometheus adds to all that it scrapes, and the one that tells clusters apart.
TARGET_LABELS = frozenset({"job", "instance", "cluster"})
#: What our labels are called in a Prometheus that does not honour them.
RENAMED_LABELS = frozenset({"exported_namespace", "exported_service"})
#: Families of free labels: those of the labels group begin so.
FREE_PREFIXES = {"k8s_service_labels": "label_", "k8s_service_annotations": "annotation_"}
_FROM_PROMETHEUS = ("up", "scrape_duration_seconds", "scrape_samples_scraped")
_OF_COUNTERS = frozenset({"rate", "increase", "irate", "resets", "last_over_time"})
_SET_OPERATORS = frozenset({"and", "or", "unless"})

Labels = frozenset[str]


class Schema:
    """What can be asked for: metric names with their labels; names of counters; recorded names.

    `labels` holds the series names as Prometheus stores them (histograms as `_bucket`, `_sum`,
    `_count`). `recorded` is filled by `record`, in the order in which rules are evaluated.
    """

    def __init__(self) -> None:
        self.labels: dict[str, Labels] = {}
        self.counters: set[str] = set()
        self.recorded: set[str] = set()
        for family in FAMILIES:
            self._add(family.name, family.kind, frozenset(family.all_labels))
        for own in OWN_FAMILIES:
            self._add(own.name, own.kind, frozenset(own.labels))
        for name in _FROM_PROMETHEUS:
            self.labels[name] = TARGET_LABELS

    def _add(self, name: str, kind: Kind, labels: Labels) -> None:
        full = labels | TARGET_LABELS
        if kind is Kind.HISTOGRAM:
            self.labels |= {
                f"{name}_bucket": full | {"le"},
                f"{name}_sum": full,
                f"{name}_count": full,
            }
            self.counters |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
        else:
            self.labels[name] = full
        if kind is Kind.COUNTER:
            self.counters.add(name)

    def record(self, name: str, text: str, extra: Mapping[str, str] | None = None) -> None:
        """Add what a recording rule makes. A rule may ask for its own result."""
        expression = promql.parse(text)
        if name in {selector.name for selector in find_selectors(expression)}:
            self.labels.setdefault(name, frozenset({"cluster", "namespace", "service"}))
        self.labels[name] = infer_labels(expression, self) | frozenset(extra or ())
        self.recorded.add(name)

    def knows(self, name: str, label: str) -> bool:
        """Whether series of that name can have the label."""
        free = FREE_PREFIXES.get(name)
        return (
            label in self.labels.get(name, frozenset())
            or (name.startswith("k8s_service_") and label in RENAMED_LABELS)
            or (free is not None and label.startswith(free))
        )


def find_selectors(expression: Expr) -> list[VectorSelector]:
    """All selectors of a query, in the order in which they stand."""
    found: list[VectorSelector] = []

    def visit(node: Expr) -> None:
        if isinstance(node, VectorSelector):
            found.append(node)

    promql.walk(expression, pre_visit=visit)
    return found


def find_problems(text: str, schema: Schema) -> list[str]:
    """One line for all that is wrong with a query: syntax, names, labels, bare counters."""
    try:
        expression = promql.parse(text)
    except ValueError as error:
        return [f"does not parse: {error}"]
    return [*_find_unknown(expression, schema), *_find_misused(expression, schema)]


def _find_unknown(expression: Expr, schema: Schema) -> Iterator[str]:
    for selector in find_selectors(expression):
        name = selector.name
        if name is None:
            yield f"{selector} selects by no metric name"
        elif name not in schema.labels:
            yield f"{name} is in no catalogue"
        else:
            for matcher in selector.matchers.matchers:
                if not schema.knows(name, matcher.name):
                    yield f"{name} has no label {matcher.name}"


def _find_misused(expression: Expr, schema: Schema) -> list[str]:
    problems: list[str] = []

    def visit(node: Expr) -> None:
        if isinstance(node, AggregateExpr) and node.modifier is not None:
            inner = infer_labels(node.expr, schema) | RENAMED_LABELS
            problems.extend(
                f"{label} is aggregated by, and not there"
                for label in node.modifier.labels
                if label not in inner and not label.startswith(tuple(FREE_PREFIXES.values()))
            )
        elif isinstance(node, BinaryExpr) and node.modifier and node.modifier.matching:
            sides = (infer_labels(node.lhs, schema), infer_labels(node.rhs, schema))
            if str(node.modifier.matching.type) == str(promql.LabelModifierType.Include):
                problems.extend(
                    f"{label} is matched on, and not on both sides"
                    for label in node.modifier.matching.labels
                    if not all(label in side for side in sides)
                )
        elif isinstance(node, Call) and node.func.name in {"rate", "increase", "irate"}:
            problems.extend(
                f"{node.func.name} of {selector.name}, which is no counter"
                for selector in find_selectors(node)
                if selector.name not in schema.counters
            )

    promql.walk(expression, pre_visit=visit)
    return problems


def find_bare_counters(text: str, schema: Schema) -> list[str]:
    """Counters that a query shows as they are, outside rate, increase and the like."""
    covered: list[str] = []
    expression = promql.parse(text)

    def visit(node: Expr) -> None:
        if isinstance(node, Call) and node.func.name in _OF_COUNTERS:
            covered.extend(str(selector) for selector in find_selectors(node))

    promql.walk(expression, pre_visit=visit)
    return [
        str(selector)
        for selector in find_selectors(expression)
        if selector.name in schema.counters and str(selector) not in covered
    ]


def infer_labels(expression: Any, schema: Schema) -> Labels:  # noqa: ANN401 - the parser's
    """The labels that every result of a query can have; of both sides of `or` those in common."""
    if isinstance(expression, VectorSelector):
        return schema.labels.get(expression.name or "", frozenset()) | {
            matcher.name for matcher in expression.matchers.matchers
        }
    if isinstance(expression, MatrixSelector):
        return infer_labels(expression.vector_selector, schema)
    if isinstance(expression, AggregateExpr):
        return _infer_aggregate(expression, schema)
    if isinstance(expression, BinaryExpr):
        return _infer_binary(expression, schema)
    if isinstance(expression, Call):
        return _infer_call(expression, schema)
    inner = getattr(expression, "expr", None)  # parentheses, minus, subquery
    return frozenset() if inner is None else infer_labels(inner, schema)


def _infer_aggregate(expression: AggregateExpr, schema: Schema) -> Labels:
    inner = infer_labels(expression.expr, schema)
    if str(expression.op) in {"topk", "bottomk"}:
        return inner
    modifier = expression.modifier
    if modifier is None:
        return frozenset()
    named = frozenset(modifier.labels)
    return named if str(modifier.type) == str(promql.AggModifierType.By) else inner - named


def _infer_call(expression: Call, schema: Schema) -> Labels:
    vectors = [part for part in expression.args if not isinstance(part, promql.StringLiteral)]
    name = expression.func.name
    if name in {"time", "vector", "scalar"}:
        return frozenset()
    if name in {"absent", "absent_over_time"}:
        [selector] = find_selectors(expression)
        equal = str(promql.MatchOp.Equal)
        matchers = selector.matchers.matchers
        return frozenset(matcher.name for matcher in matchers if str(matcher.op) == equal)
    labels: Labels = frozenset().union(*(infer_labels(part, schema) for part in vectors))
    if name == "histogram_quantile":
        return labels - {"le"}
    if name == "label_replace":
        return labels | {expression.args[1].val}
    return labels


def _infer_binary(expression: BinaryExpr, schema: Schema) -> Labels:
    left, right = infer_labels(expression.lhs, schema), infer_labels(expression.rhs, schema)
    modifier = expression.modifier
    operator = str(expression.op)
    if operator in _SET_OPERATORS:
        return left & right if operator == "or" else left
    if modifier is None or modifier.matching is None:
        return left | right
    many = {str(promql.VectorMatchCardinality.OneToMany): right}
    if str(modifier.card) == str(promql.VectorMatchCardinality.OneToOne):
        matched = frozenset(modifier.matching.labels)
        include = str(modifier.matching.type) == str(promql.LabelModifierType.Include)
        return matched if include else left - matched
    return many.get(str(modifier.card), left) | frozenset(modifier.group_labels or ())
