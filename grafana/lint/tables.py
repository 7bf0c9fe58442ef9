"""What tables have to keep to: rows that join, columns that fit, links that lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql

from grafana.boards.tables import NARROWEST
from grafana.lint.labels import find_labels, walk
from grafana.lint.names import Families
from grafana.lint.panels import COLUMN_PIXELS, find_columns

Document = Mapping[str, Any]

_PASSING = frozenset({"topk", "bottomk", "limitk"})
#: More columns than these need the whole width.
_MOST_BESIDE = 5
_WHOLE = 24
#: How many pixels the arrow takes beside the head of the column that is sorted by.
_SORTED = 22


def lint_table(panel: Document, trees: list[Any], families: Families) -> Iterator[str]:
    """What is wrong with a table; `trees` are its queries, parsed."""
    labels = [find_labels(tree, families, []) for tree in trees]
    shown = {name for name in find_columns(panel) if not name.startswith("Value")}
    for target, tree, there in zip(panel["targets"], trees, labels, strict=True):
        if name := find_bare(tree):
            yield f"query {target['refId']}: {name} keeps all its labels and joins nothing"
        if there - shown:
            yield f"query {target['refId']}: shows {sorted(there - shown)} beside the columns"
    yield from _lint_widths(panel)
    yield from _lint_labels(panel)
    yield from _lint_filters(panel)
    yield from _lint_links(panel, trees, labels, families)


def find_bare(node: Any) -> str:  # noqa: ANN401 - of the parser
    """The selector whose labels the result has as they are, __name__ too; "" when there is none."""
    match node:
        case promql.VectorSelector():
            return node.name or "a selector"
        case promql.AggregateExpr():
            return find_bare(node.expr) if str(node.op) in _PASSING else ""
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return find_bare(node.expr)
        case promql.MatrixSelector():
            return find_bare(node.vector_selector)
        case promql.Call():
            return "".join([find_bare(argument) for argument in node.args][:1])
        case promql.BinaryExpr():
            operator = str(node.op)
            if operator == "or":
                return find_bare(node.lhs) or find_bare(node.rhs)
            if operator in ("and", "unless"):
                return find_bare(node.lhs)
            right = node.modifier is not None and str(node.modifier.card).endswith("OneToMany")
            return find_bare(node.rhs if right else node.lhs)
    return ""


def _read_overrides(panel: Document) -> dict[str, dict[str, Any]]:
    return {
        override["matcher"]["options"]: {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }


def _lint_widths(panel: Document) -> Iterator[str]:
    defaults = panel["fieldConfig"]["defaults"]["custom"]
    if defaults.get("minWidth") != NARROWEST:
        yield f"columns may not become narrower than {defaults.get('minWidth')}"
    overrides = _read_overrides(panel)
    titles = {
        title
        for title in find_columns(panel).values()
        if not overrides.get(title, {}).get("custom.hidden")
    }
    widths = {title: _read_width(overrides.get(title, {})) for title in titles}
    if len(titles) > _MOST_BESIDE and panel["gridPos"]["w"] < _WHOLE:
        yield f"{len(titles)} columns on a part of the board"
    room = panel["gridPos"]["w"] * COLUMN_PIXELS
    if sum(widths.values()) > room:
        yield f"columns of {sum(widths.values())} pixels, and {int(room)} are there"
    if not any("custom.minWidth" in properties for properties in overrides.values()):
        yield "no column takes the room that the others leave"
    sorted_by = {one["displayName"] for one in panel["options"].get("sortBy", ())}
    for title, width in widths.items():
        if len(title) * 7 + (_SORTED if title in sorted_by else 0) + 12 > width:
            yield f"the head {title!r} is wider than its {width} pixels"


def _read_width(properties: Mapping[str, Any]) -> int:
    """How many pixels a column has at least."""
    return int(properties.get("custom.width", properties.get("custom.minWidth", NARROWEST)))


def _lint_labels(panel: Document) -> Iterator[str]:
    """Labels are texts, also those that look like numbers."""
    overrides = _read_overrides(panel)
    for name, title in find_columns(panel).items():
        properties = overrides.get(title, {})
        text = properties.get("custom.hidden") or properties.get("unit") == "string"
        if not name.startswith("Value") and not text:
            yield f"the labels in {title!r} may be shown as numbers"


def _lint_filters(panel: Document) -> Iterator[str]:
    if panel["fieldConfig"]["defaults"]["custom"].get("filterable"):
        yield "a filter on every column"
    named = {title for name, title in find_columns(panel).items() if not name.startswith("Value")}
    for title, properties in _read_overrides(panel).items():
        if properties.get("custom.filterable") and title not in named:
            yield f"a filter on the numbers of {title!r}"


def _lint_links(
    panel: Document, trees: list[Any], labels: list[frozenset[str]], families: Families
) -> Iterator[str]:
    """A cell links only where each row has a value for all that the link names."""
    columns = find_columns(panel)
    overrides = _read_overrides(panel)
    for label in ("namespace", "service"):
        if (
            label in columns
            and "links" not in overrides.get(columns[label], {})
            and not (
                overrides.get(columns[label], {}).get("custom.hidden")
                or label in _find_optional(trees, families)
            )
        ):
            yield f"the cells of {label} are no links"
    used = set(re.findall(r"__data\.fields\.(\w+)", json.dumps(panel["fieldConfig"])))
    if used - set(columns):
        yield f"links use the fields {sorted(used - set(columns))}, which the table has not"
    owners = {
        label: [tree for tree, there in zip(trees, labels, strict=True) if label in there]
        for label in used
    }
    for label, having in owners.items():
        texts = [str(tree) for tree in trees]
        # Rows of the other queries are among those of a query that has the label.
        limits = {str(one) for tree in having for one in _find_limits(tree)}
        if label in _find_optional(trees, families) or (
            len(having) < len(trees)
            and not all(any(limit in text for limit in limits) for text in texts)
        ):
            yield f"links to {label} in rows that have none"


def _find_limits(tree: Any) -> Iterator[Any]:  # noqa: ANN401 - of the parser
    for node, _ in walk(tree):
        if (
            isinstance(node, promql.AggregateExpr)
            and str(node.op) in _PASSING
            and (node.modifier is None)
        ):
            yield node


def _find_optional(trees: list[Any], families: Families) -> set[str]:
    """Labels that some row may lack, for no matcher asks for a value."""
    found: set[str] = set()
    for tree in trees:
        for node, _ in walk(tree):
            if isinstance(node, promql.VectorSelector) and node.name in families:
                matched = {
                    matcher.name
                    for matcher in node.matchers.matchers
                    if str(matcher.op) == str(promql.MatchOp.NotEqual) and matcher.value == ""
                }
                found |= families[node.name].optional - matched
    return found
