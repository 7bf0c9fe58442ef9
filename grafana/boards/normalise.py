"""From a board to the text of its file: what the SDK leaves to be mended is mended here.

Classic JSON of schema version 39, which Grafana reads from 10.4 on: positions set one by one,
panels numbered in their order, keys sorted, so that the same code always gives the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from grafana.boards.board import Board, Section
from grafana.boards.links import TAG, board_links
from grafana.boards.panels import Panel
from grafana.boards.variables import annotate, choose, choose_source

SCHEMA_VERSION = 39
COLUMNS = 24

#: Keys of newer schemas, or of the SDK's own making, that older Grafanas misread.
_SUPERFLUOUS = frozenset({"placement", "repeatDirection", "auto", "auto_min", "auto_count"})


def render(board: Board) -> str:
    """The JSON of a board, with a line end at its end."""
    document = _decode(_outline(board))
    document["schemaVersion"] = SCHEMA_VERSION
    document["panels"] = list(_place(board.sections))
    return json.dumps(_prune(document), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _outline(board: Board) -> Dashboard:
    dashboard = (
        Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh(board.refresh)
        .timezone("browser")
        .with_variable(choose_source())
        .links(list(board_links()))
    )
    if board.annotated is not None:
        dashboard.annotations(list(annotate(board.variables, shown=board.annotated)))
    for name in board.variables:
        dashboard.with_variable(choose(name, board.known, one=name in board.single))
    return dashboard


def _decode(built: object) -> Any:  # noqa: ANN401 - parsed JSON
    model = built.build() if isinstance(built, Dashboard) else built
    return json.loads(json.dumps(model, cls=JSONEncoder))


def _place(sections: tuple[Section, ...]) -> Iterator[dict[str, Any]]:
    """The panels with their numbers and positions, a row with the title before each section."""
    number = 0
    top = 0
    for section in sections:
        number += 1
        yield {
            "type": "row",
            "id": number,
            "title": section.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": top},
        }
        top += 1
        for line in _break_lines(section.panels):
            height = max(panel.height for panel in line)
            left = 0
            for panel in line:
                number += 1
                place = {"h": height, "w": panel.width, "x": left, "y": top}
                yield _finish(panel, number, place)
                left += panel.width
            top += height


def _break_lines(panels: tuple[Panel, ...]) -> Iterator[list[Panel]]:
    line: list[Panel] = []
    for panel in panels:
        if line and sum(one.width for one in line) + panel.width > COLUMNS:
            yield line
            line = []
        line.append(panel)
    if line:
        yield line


def _finish(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    document: dict[str, Any] = _decode(panel.built)
    document.update(id=number, gridPos=place)
    if panel.links:
        # The SDK's data links carry the fields of dashboard links; ours are the two that count.
        document["fieldConfig"]["defaults"]["links"] = [dict(link) for link in panel.links]
    return document


def _prune(value: object) -> Any:  # noqa: ANN401 - parsed JSON
    if isinstance(value, dict):
        kept = {key: _prune(one) for key, one in value.items() if key not in _SUPERFLUOUS}
        legend = value.get("legend")
        if isinstance(legend, dict) and "placement" in legend:
            # There, and only there, a placement belongs.
            kept["legend"]["placement"] = legend["placement"]
        return kept
    return [_prune(one) for one in value] if isinstance(value, list) else value
