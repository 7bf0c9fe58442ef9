"""Panels of a few kinds, all with a title, a description, a unit and targets; and their looks.

A thin layer over Grafana's Foundation SDK that leaves out what our boards never vary. It knows no
query and places nothing; tables have a module of their own.
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
    DynamicConfigValue,
    FieldColorModeId,
    MatcherConfig,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.dashboard import Panel as Built

from grafana.boards.meaning import (
    NO_DATA,
    PLAIN,
    STANDINGS,
    UNKNOWN,
    Word,
    color_reasons,
    map_values,
    steps,
)
from grafana.boards.variables import SOURCE

#: How many points a graph of many series has over the shown time: enough to see, cheap to ask.
FEW_POINTS = 120
#: How many points a state timeline has.
STATE_POINTS = 100

Builder = TypeVar(
    "Builder", stat.Panel, timeseries.Panel, statetimeline.Panel, bargauge.Panel, tables.Panel
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
    """One query of a graph: PromQL, the legend, and a fixed colour where it has a meaning.

    A `dashed` line is something to compare with: it is not filled.
    """

    expression: str
    legend: str
    color: str = ""
    dashed: bool = False


def set_thresholds(colors: Sequence[Threshold]) -> ThresholdsConfig:
    """Absolute thresholds."""
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(list(colors))


def start(panel: Builder, title: str, description: str, unit: str, nothing: str) -> Builder:
    """What every panel has; `nothing` is said where there is no data."""
    return (
        panel.title(title).description(description).datasource(SOURCE).unit(unit).no_value(nothing)
    )


def ask(expression: str, number: int, *, legend: str = "") -> prometheus.Dataquery:
    """A target with the letter of its place as its name."""
    target = prometheus.Dataquery().expr(expression).datasource(SOURCE)
    return target.ref_id(name_target(number)).legend_format(legend)


def name_target(number: int) -> str:
    """The name of the target in this place: A, B and so on."""
    return chr(ord("A") + number)


def number(  # noqa: PLR0913 - named, and each with a default
    title: str,
    description: str,
    expression: str,
    *,
    colors: Sequence[Threshold] = (),
    words: Sequence[Word] = (),
    unit: str = "short",
    decimals: int | None = None,
    legend: str = "",
    nothing: str = NO_DATA,
    links: Sequence[Mapping[str, object]] = (),
    width: int = 4,
) -> Panel:
    """One number, as it is now; with `legend` the text of that legend in place of the number."""
    panel = start(stat.Panel(), title, description, unit, nothing)
    panel.thresholds(set_thresholds(colors or steps(PLAIN)))
    panel.with_target(ask(expression, 0, legend=legend).instant())
    # What was counted a minute ago by somebody who is silent now is no answer to 'right now'.
    panel.graph_mode(looks.BigValueGraphMode.NONE)
    panel.color_mode(looks.BigValueColorMode.VALUE)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.justify_mode(looks.BigValueJustifyMode.AUTO)
    panel.mappings(map_values(*words, nothing=nothing))
    if decimals is not None:
        panel.decimals(decimals)
    if legend:
        panel.text_mode(looks.BigValueTextMode.NAME)
    return Panel(panel.build(), width, 4, tuple(links))


def graph(  # noqa: PLR0913 - as number
    title: str,
    description: str,
    *lines: Line,
    unit: str = "short",
    stacked: bool = False,
    whole: bool = False,
    reasons: bool = False,
    colors: Sequence[tuple[str, str]] = (),
    points: int = 0,
    nothing: str = NO_DATA,
    links: Sequence[Mapping[str, object]] = (),
    marks: Sequence[Threshold] = (),
    width: int = 12,
    height: int = 9,
) -> Panel:
    """Values over time, the legend as a table; `whole` numbers have no decimals on the axis.

    `marks` draws dashed lines at thresholds; `reasons` says that series are named after reasons;
    `colors` are those of series with a meaning, by name.
    `points` limits how many are asked for, where each costs a look at every Service.
    """
    panel = start(timeseries.Panel(), title, description, unit, nothing)
    panel.thresholds(set_thresholds(marks or steps(PLAIN)))
    for place, line in enumerate(lines):
        panel.with_target(ask(line.expression, place, legend=line.legend).range())
    panel.legend(
        common.VizLegendOptions()
        .display_mode(looks.LegendDisplayMode.TABLE)
        .placement(looks.LegendPlacement.RIGHT)
        .show_legend(True)
        # The last point, not the last that is there: what is over is not counted any more.
        .calcs(["last", "max"])
        .sort_by("Last")
        .sort_desc(True)
    )
    panel.tooltip(
        common.VizTooltipOptions()
        .mode(looks.TooltipDisplayMode.MULTI)
        .sort(looks.SortOrder.DESCENDING)
    )
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.line_width(1).fill_opacity(60 if stacked else 10)
    panel.show_points(looks.VisibilityMode.NEVER).axis_soft_min(0)
    # Where all is 0 the axis would else go to 100.
    panel.axis_soft_max(1 if whole or unit in {"percentunit", "bytes", "Bps"} else 0.01)
    if whole:
        panel.decimals(0).line_interpolation(looks.LineInterpolation.STEP_AFTER)
    if stacked:
        panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    if points:
        panel.max_data_points(points)
    if marks:
        style = looks.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
    _color(panel, lines, colors, reasons=reasons)
    return Panel(panel.build(), width, height, tuple(links))


def _color(
    panel: timeseries.Panel,
    lines: Sequence[Line],
    colors: Sequence[tuple[str, str]],
    *,
    reasons: bool,
) -> None:
    for place, line in enumerate(lines):
        if properties := _dress(line):
            panel.with_override(MatcherConfig("byFrameRefID", name_target(place)), properties)
    for name, color in colors:
        fixed = {"mode": "fixed", "fixedColor": color}
        panel.with_override(MatcherConfig("byName", name), [DynamicConfigValue("color", fixed)])
    for pattern, color in color_reasons() if reasons else ():
        shades = {"mode": "shades", "fixedColor": color}
        panel.with_override(
            MatcherConfig("byRegexp", pattern), [DynamicConfigValue("color", shades)]
        )


def _dress(line: Line) -> list[DynamicConfigValue]:
    found: list[DynamicConfigValue] = []
    if line.color:
        fixed = {"mode": "fixed", "fixedColor": line.color}
        found.append(DynamicConfigValue("color", fixed))
    if line.dashed:
        style = {"fill": "dash", "dash": [8, 6]}
        found.append(DynamicConfigValue("custom.lineStyle", style))
        found.append(DynamicConfigValue("custom.fillOpacity", 0))
    return found


def timeline(  # noqa: PLR0913 - as number
    title: str,
    description: str,
    expression: str,
    legend: str,
    *,
    words: Sequence[Word] = STANDINGS,
    nothing: str = NO_DATA,
    links: Sequence[Mapping[str, object]] = (),
    width: int = 24,
    height: int = 9,
) -> Panel:
    """States over time, one line for each series, words beside colours.

    Words and colours come by mappings alone: where there are thresholds, Grafana shows those in
    place of the words as soon as it merges equal values.
    """
    panel = start(statetimeline.Panel(), title, description, "short", nothing)
    panel.with_target(ask(expression, 0, legend=legend).range())
    panel.color_scheme(FieldColor().mode(FieldColorModeId.FIXED).fixed_color(UNKNOWN))
    panel.mappings(map_values(*words)).max_data_points(STATE_POINTS)
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
    *lines: Line,
    unit: str = "short",
    colors: Sequence[Threshold] = (),
    nothing: str = NO_DATA,
    links: Sequence[Mapping[str, object]] = (),
    width: int = 12,
    height: int = 8,
) -> Panel:
    """One bar for each series, as it is now."""
    panel = start(bargauge.Panel(), title, description, unit, nothing)
    panel.thresholds(set_thresholds(colors or steps(PLAIN)))
    for place, line in enumerate(lines):
        panel.with_target(ask(line.expression, place, legend=line.legend).instant())
        if line.color:
            fixed = {"mode": "fixed", "fixedColor": line.color}
            panel.with_override(
                MatcherConfig("byFrameRefID", name_target(place)),
                [DynamicConfigValue("color", fixed)],
            )
    panel.color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS)).min(0)
    panel.mappings(map_values(nothing=nothing))
    panel.orientation(looks.VizOrientation.HORIZONTAL)
    panel.display_mode(looks.BarGaugeDisplayMode.BASIC)
    panel.value_mode(looks.BarGaugeValueMode.TEXT).show_unfilled(True)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return Panel(panel.build(), width, height, tuple(links))
