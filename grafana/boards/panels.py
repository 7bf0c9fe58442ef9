"""Panels of a few kinds, all with a title, a description, a unit and targets; and their looks.

A thin layer over Grafana's Foundation SDK that leaves out what our boards never vary. It knows no
query and places nothing.
"""

# ruff: noqa: FBT003 - the SDK's setters take their booleans by position
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    prometheus,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    MatcherConfig,
    Threshold,
    ThresholdsMode,
    ValueMapping,
)
from grafana_foundation_sdk.models.dashboard import Panel as Built
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.boards.links import CELLS
from grafana.boards.meaning import NO_DATA, NO_VALUE, PLAIN, STATES, map_values, state_steps, steps
from grafana.boards.variables import SOURCE

#: A coloured cell is a mark, no wall.
_COLORED_WIDTH = 150

_Builder = TypeVar(
    "_Builder", stat.Panel, timeseries.Panel, statetimeline.Panel, bargauge.Panel, tables.Panel
)


class Panel(msgspec.Struct, frozen=True):
    """A panel as the SDK built it, how wide it is (of 24 columns) and how high.

    `links` are data links, as the dashboard's JSON has them.
    """

    built: Built
    width: int
    height: int
    links: tuple[Mapping[str, object], ...] = ()


class Line(msgspec.Struct, frozen=True):
    """One query of a graph: PromQL, the legend, and a fixed colour where it has a meaning."""

    expression: str
    legend: str
    color: str = ""


class Column(msgspec.Struct, frozen=True):
    """One column of a table: a label, or the value of a query when `expression` is there.

    `label` is the label's name (for values: nothing). `words` map values to text and colour,
    `colors` are thresholds of the cell's background.
    """

    title: str
    label: str = ""
    expression: str = ""
    unit: str = "short"
    words: tuple[tuple[int, str, str], ...] = ()
    colors: tuple[tuple[float, str], ...] = ()
    width: int = 0


CLUSTER = Column("Cluster", "cluster", width=120)
NAMESPACE = Column("Namespace", "namespace", width=140)
SERVICE = Column("Service", "service", width=180)
WHO = (CLUSTER, NAMESPACE, SERVICE)


def _thresholds(colors: Sequence[Threshold]) -> ThresholdsConfig:
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(list(colors))


def _start(
    panel: _Builder, title: str, description: str, unit: str, colors: Sequence[Threshold]
) -> _Builder:
    return (
        panel.title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .no_value(NO_DATA)
        .thresholds(_thresholds(colors))
    )


def _ask(expression: str, number: int, *, legend: str = "") -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(expression).datasource(SOURCE)
    return target.ref_id(chr(ord("A") + number)).legend_format(legend)


def number(  # noqa: PLR0913 - named, and each with a default
    title: str,
    description: str,
    expression: str,
    *,
    colors: Sequence[Threshold] = (),
    words: Sequence[ValueMapping] = (),
    unit: str = "short",
    legend: str = "",
    width: int = 4,
    trend: bool = True,
) -> Panel:
    """One number; with `legend` the text of that legend in place of the number."""
    panel = _start(stat.Panel(), title, description, unit, colors or steps(PLAIN))
    target = _ask(expression, 0, legend=legend)
    panel.with_target(target.range() if trend else target.instant())
    panel.graph_mode(looks.BigValueGraphMode.AREA if trend else looks.BigValueGraphMode.NONE)
    panel.color_mode(looks.BigValueColorMode.VALUE)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.justify_mode(looks.BigValueJustifyMode.AUTO)
    if legend:
        panel.text_mode(looks.BigValueTextMode.NAME)
    if words:
        panel.mappings(list(words))
    return Panel(panel.build(), width, 4)


def graph(  # noqa: PLR0913 - as number
    title: str,
    description: str,
    *lines: Line,
    unit: str = "short",
    stacked: bool = False,
    whole: bool = False,
    links: Sequence[Mapping[str, object]] = (),
    marks: Sequence[Threshold] = (),
    width: int = 12,
    height: int = 9,
) -> Panel:
    """Values over time, the legend as a table; `whole` numbers have no decimals on the axis.

    `marks` draws dashed lines at thresholds.
    """
    panel = _start(timeseries.Panel(), title, description, unit, marks or steps(PLAIN))
    for place, line in enumerate(lines):
        panel.with_target(_ask(line.expression, place, legend=line.legend).range())
    panel.legend(
        common.VizLegendOptions()
        .display_mode(looks.LegendDisplayMode.TABLE)
        .placement(looks.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
    panel.tooltip(
        common.VizTooltipOptions()
        .mode(looks.TooltipDisplayMode.MULTI)
        .sort(looks.SortOrder.DESCENDING)
    )
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.line_width(1).fill_opacity(60 if stacked else 10)
    panel.show_points(looks.VisibilityMode.NEVER).axis_soft_min(0)
    if whole:
        panel.decimals(0).line_interpolation(looks.LineInterpolation.STEP_AFTER)
    if stacked:
        panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    if marks:
        style = looks.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
    for place, line in enumerate(lines):
        if line.color:
            fixed = {"mode": "fixed", "fixedColor": line.color}
            panel.with_override(
                MatcherConfig("byFrameRefID", chr(ord("A") + place)),
                [DynamicConfigValue("color", fixed)],
            )
    return Panel(panel.build(), width, height, tuple(links))


def timeline(
    title: str,
    description: str,
    expression: str,
    legend: str,
    *,
    words: tuple[tuple[int, str, str], ...] = STATES,
    links: Sequence[Mapping[str, object]] = (),
    width: int = 24,
    height: int = 9,
) -> Panel:
    """States over time, one line for each series, words beside colours."""
    panel = _start(statetimeline.Panel(), title, description, "short", state_steps())
    panel.with_target(_ask(expression, 0, legend=legend).range())
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    panel.mappings(map_values(*words)).max_data_points(150)
    panel.show_value(looks.VisibilityMode.AUTO).row_height(0.85).merge_values(True)
    panel.fill_opacity(80).line_width(0)
    panel.legend(
        common.VizLegendOptions()
        .display_mode(looks.LegendDisplayMode.LIST)
        .placement(looks.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    panel.tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.SINGLE))
    return Panel(panel.build(), width, height, tuple(links))


def bars(
    title: str,
    description: str,
    expression: str,
    legend: str,
    *,
    unit: str = "short",
    colors: Sequence[Threshold] = (),
    width: int = 12,
    height: int = 8,
) -> Panel:
    """One bar for each series, as it is now."""
    panel = _start(bargauge.Panel(), title, description, unit, colors or steps(PLAIN))
    panel.with_target(_ask(expression, 0, legend=legend).instant())
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS)).min(0)
    panel.orientation(looks.VizOrientation.HORIZONTAL)
    panel.display_mode(looks.BarGaugeDisplayMode.BASIC)
    panel.value_mode(looks.BarGaugeValueMode.TEXT).show_unfilled(True)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return Panel(panel.build(), width, height)


def table(
    title: str,
    description: str,
    *columns: Column,
    sort: str = "",
    descending: bool = True,
    width: int = 24,
    height: int = 10,
) -> Panel:
    """A table of instant queries: those columns with an expression are joined by their labels."""
    panel = _start(tables.Panel(), title, description, "short", steps(PLAIN))
    panel.no_value(NO_VALUE)
    values = [column for column in columns if column.expression]
    for place, column in enumerate(values):
        target = _ask(column.expression, place).instant().format(PromQueryFormat.TABLE)
        panel.with_target(target)
    panel.with_transformation(DataTransformerConfig("merge", options={}))
    panel.with_transformation(DataTransformerConfig("organize", options=_organize(columns)))
    panel.show_header(True).cell_height(looks.TableCellHeight.SM).filterable(True)
    for column in columns:
        if properties := _properties(column):
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
            fields = [f"Value #{chr(ord('A') + count)}"]
            # A single query's value goes by the one name or the other, as versions differ.
            fields += ["Value"] if sum(1 for one in columns if one.expression) == 1 else []
            count += 1
        for field in fields:
            names[field] = column.title
            order[field] = place
    return {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}


def _properties(column: Column) -> list[DynamicConfigValue]:
    found: list[DynamicConfigValue] = []
    if width := column.width or (_COLORED_WIDTH if column.words or column.colors else 0):
        found.append(DynamicConfigValue("custom.width", width))
    if column.label in CELLS:
        found.append(DynamicConfigValue("links", [CELLS[column.label]]))
    if column.expression and column.unit != "short":
        found.append(DynamicConfigValue("unit", column.unit))
    if column.words:
        found.append(DynamicConfigValue("mappings", map_values(*column.words)))
    if column.words or column.colors:
        colors = (
            [Threshold(None, PLAIN)]
            if column.words
            else [
                Threshold(None if place == 0 else value, color)
                for place, (value, color) in enumerate(column.colors)
            ]
        )
        found.append(DynamicConfigValue("color", {"mode": "thresholds"}))
        found.append(DynamicConfigValue("thresholds", {"mode": "absolute", "steps": colors}))
        cell = {"type": "color-background", "mode": "basic"}
        found.append(DynamicConfigValue("custom.cellOptions", cell))
    return found
