"""Which labels the result of a PromQL expression can have, and what is asked that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from grafana.lint.names import Families

_NONE: frozenset[str] = frozenset()
_KEEPING = frozenset({"topk", "bottomk", "limitk"})


def find_labels(node: Any, families: Families, findings: list[str]) -> frozenset[str]:  # noqa: ANN401 - of the parser
    """The labels of the result; what is wrong on the way is added to `findings`."""
    match node:
        case promql.VectorSelector():
            metric = families.get(node.name or "")
            return metric.labels if metric else _NONE
        case promql.MatrixSelector():
            return find_labels(node.vector_selector, families, findings)
        case promql.AggregateExpr():
            return _aggregate(node, families, findings)
        case promql.BinaryExpr():
            return _combine(node, families, findings)
        case promql.Call():
            return _call(node, families, findings)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return find_labels(node.expr, families, findings)
        case _:
            return _NONE


def _aggregate(
    node: promql.AggregateExpr, families: Families, findings: list[str]
) -> frozenset[str]:
    inner = find_labels(node.expr, families, findings)
    operator = str(node.op)
    modifier = node.modifier
    if modifier is None:
        kept = inner if operator in _KEEPING else _NONE
    elif modifier.type == promql.AggModifierType.By:
        asked = frozenset(modifier.labels)
        if asked - inner:
            findings.append(f"{operator} by {sorted(asked - inner)}, which is not there")
        kept = inner if operator in _KEEPING else asked
    else:
        kept = inner - frozenset(modifier.labels)
    if operator == "count_values" and isinstance(node.param, promql.StringLiteral):
        kept |= {node.param.val}
    return kept


def _combine(node: promql.BinaryExpr, families: Families, findings: list[str]) -> frozenset[str]:
    left = find_labels(node.lhs, families, findings)
    right = find_labels(node.rhs, families, findings)
    operator = str(node.op)
    modifier = node.modifier
    matching = modifier.matching if modifier else None
    if matching is not None and matching.type == promql.LabelModifierType.Include:
        for side, there in (("left", left), ("right", right)):
            if missing := frozenset(matching.labels) - there:
                findings.append(f"{operator} on {sorted(missing)}, which the {side} has not")
    if operator == "or":
        return left | right
    if operator in ("and", "unless"):
        return left
    if _is_scalar(node.lhs):
        return right
    if _is_scalar(node.rhs) or matching is None or modifier is None:
        return left
    copied = frozenset(modifier.group_labels or ())
    card = str(modifier.card)
    if card.endswith("ManyToOne"):
        return left | copied
    if card.endswith("OneToMany"):
        return right | copied
    return left & frozenset(matching.labels)


def _is_scalar(node: Any) -> bool:  # noqa: ANN401 - of the parser
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        return _is_scalar(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return _is_scalar(node.lhs) and _is_scalar(node.rhs)
    if isinstance(node, promql.Call):
        return node.func.name in ("time", "scalar", "pi")
    return isinstance(node, promql.NumberLiteral)


def _call(node: promql.Call, families: Families, findings: list[str]) -> frozenset[str]:
    labels = _NONE
    for argument in node.args:
        labels |= find_labels(argument, families, findings)
    if node.func.name == "histogram_quantile":
        if "le" not in labels:
            findings.append("histogram_quantile without the label le")
        return labels - {"le"}
    if node.func.name == "label_replace":
        return labels | {node.args[1].val}
    return labels


def walk(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:  # noqa: ANN401 - of the parser
    """Every node with those that it stands in, the outermost first."""
    yield node, above
    inner: list[Any] = []
    match node:
        case promql.MatrixSelector():
            inner = [node.vector_selector]
        case promql.BinaryExpr():
            inner = [node.lhs, node.rhs]
        case promql.Call():
            inner = list(node.args)
        case promql.AggregateExpr():
            inner = [node.expr, *([node.param] if isinstance(node.param, promql.Expr) else [])]
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            inner = [node.expr]
    for one in inner:
        yield from walk(one, (*above, node))
