"""Tables of instant queries, their columns, and how wide those are. Knows no query."""

# ruff: noqa: FBT003 - the SDK's setters take their booleans by position
from __future__ import annotations

from collections.abc import Sequence

import msgspec
from grafana_foundation_sdk.builders import common
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    MatcherConfig,
    Threshold,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.boards.links import CELLS
from grafana.boards.meaning import PLAIN, Word, map_cells, steps
from grafana.boards.panels import Panel, ask, name_target, set_thresholds, start

#: How narrow a column may become; Grafana's own minimum hides what a table is for.
NARROWEST = 60
#: A letter of a head, and what stands beside it where rows are sorted by the column.
_LETTER, _HEAD_MARGIN = 7, 34


class Column(msgspec.Struct, frozen=True):
    """One column of a table: a label, or the value of a query when `expression` is there.

    `label` is the label's name (for values: nothing). `words` map values to text and colour,
    `colors` are thresholds of the cell's background. Cells of a label link to what it names where
    `linked`: only where each row has a value for it. `filtered` ones can be filtered by.
    """

    title: str
    label: str = ""
    expression: str = ""
    unit: str = "short"
    decimals: int | None = None
    words: tuple[Word, ...] = ()
    colors: tuple[tuple[float, str], ...] = ()
    width: int = 0
    linked: bool = True
    hidden: bool = False
    filtered: bool = False
    grows: bool = False


CLUSTER = Column("Cluster", "cluster", width=100)
NAMESPACE = Column("Namespace", "namespace", width=130, filtered=True, grows=True)
SERVICE = Column("Service", "service", width=170, filtered=True, grows=True)
REASON = Column("Reason", "reason", width=190, filtered=True)
WHO = (CLUSTER, NAMESPACE, SERVICE)


def table(
    title: str,
    description: str,
    *columns: Column,
    nothing: str,
    sort: str = "",
    descending: bool = True,
    width: int = 24,
    height: int = 10,
) -> Panel:
    """A table of instant queries: those columns with an expression are joined by their labels.

    `nothing` is said in place of a table without rows.
    """
    panel = start(tables.Panel(), title, description, "short", nothing)
    panel.thresholds(set_thresholds(steps(PLAIN))).mappings(map_cells())
    values = [column for column in columns if column.expression]
    for place, column in enumerate(values):
        target = ask(column.expression, place).instant().format(PromQueryFormat.TABLE)
        panel.with_target(target)
    panel.with_transformation(DataTransformerConfig("merge", options={}))
    panel.with_transformation(DataTransformerConfig("organize", options=_organize(columns)))
    panel.show_header(True).cell_height(looks.TableCellHeight.SM).min_width(NARROWEST)
    for column in columns:
        least = NARROWEST
        if column.title == sort:
            least = max(least, _HEAD_MARGIN + _LETTER * len(column.title))
        if properties := _list_properties(column, least):
            panel.with_override(MatcherConfig("byName", column.title), properties)
    if sort:
        panel.sort_by([common.TableSortByFieldState().display_name(sort).desc(descending)])
    return Panel(panel.build(), width, height)


def _organize(columns: Sequence[Column]) -> dict[str, object]:
    names: dict[str, str] = {}
    order: dict[str, int] = {}
    count = 0
    for place, column in enumerate(columns):
        fields = [column.label]
        if column.expression:
            fields = [f"Value #{name_target(count)}"]
            # A single query's value goes by the one name or the other, as versions differ.
            fields += ["Value"] if sum(1 for one in columns if one.expression) == 1 else []
            count += 1
        for field in fields:
            names[field] = column.title
            order[field] = place
    return {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}


def _list_properties(column: Column, least: int) -> list[DynamicConfigValue]:
    found: list[DynamicConfigValue] = []
    if column.hidden:
        return [DynamicConfigValue("custom.hidden", True)]
    if column.grows:
        found.append(DynamicConfigValue("custom.minWidth", column.width))
    else:
        # Columns without a width share the room: the one that grows would not get it.
        found.append(DynamicConfigValue("custom.width", max(column.width, least)))
    if column.filtered:
        found.append(DynamicConfigValue("custom.filterable", True))
    if column.linked and column.label in CELLS:
        found.append(DynamicConfigValue("links", list(CELLS[column.label])))
    if not column.expression:
        # Else a label such as 9443 is taken for a number, and shown as 9.44 K.
        found.append(DynamicConfigValue("unit", "string"))
    elif column.unit != "short":
        found.append(DynamicConfigValue("unit", column.unit))
    return [*found, *_paint(column)]


def _paint(column: Column) -> list[DynamicConfigValue]:
    """How a value is written and coloured."""
    found: list[DynamicConfigValue] = []
    if column.decimals is not None:
        found.append(DynamicConfigValue("decimals", column.decimals))
    if column.words:
        found.append(DynamicConfigValue("mappings", map_cells(*column.words)))
        fixed = {"mode": "fixed", "fixedColor": "transparent"}
        found.append(DynamicConfigValue("color", fixed))
    if column.colors:
        colors = [
            Threshold(None if place == 0 else value, color)
            for place, (value, color) in enumerate(column.colors)
        ]
        found.append(DynamicConfigValue("color", {"mode": "thresholds"}))
        found.append(DynamicConfigValue("thresholds", {"mode": "absolute", "steps": colors}))
    if column.words or column.colors:
        cell = {"type": "color-background", "mode": "basic"}
        found.append(DynamicConfigValue("custom.cellOptions", cell))
    return found
