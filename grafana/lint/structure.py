"""The frame of a board: keys, variables, annotations, positions, size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from grafana.boards.links import EXPORTER, NAMESPACE, SERVICE

Document = Mapping[str, Any]

SCHEMA_VERSION = 39
COLUMNS = 24
LARGEST = 250_000
ANNOTATIONS = ["Service lost all endpoints", "Exporter restarted"]
#: What is chosen one at a time, by board: sums over Services of all kinds answer no question there.
SINGLE = {SERVICE: ("namespace", "service")}
#: How often a board asks again by itself. Over all Services less often than over some.
REFRESH = {NAMESPACE: "1m", SERVICE: "1m", EXPORTER: "1m"}
_ONE = {"multi": False, "includeAll": False, "allValue": None}
_SEVERAL = {"multi": True, "includeAll": True, "allValue": ".*"}
ORDER = ("datasource", "cluster", "namespace", "service", "job", "instance")
_UID = re.compile(r"kube-endpoints-[a-z]{1,25}")
#: Grafana misreads these, or shows what they are on by another way.
_FORBIDDEN = ("auto", "auto_min", "auto_count", "repeatDirection", "placement")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def lint_structure(board: Document) -> Iterator[str]:
    """What is wrong with the frame."""
    yield from _lint_head(board)
    yield from _lint_variables(board)
    yield from _lint_annotations(board)
    yield from _lint_places(board["panels"])
    yield from _lint_keys(board, "board")
    if (size := len(json.dumps(board, separators=(",", ":")).encode())) > LARGEST:
        yield f"board: {size} bytes, more than {LARGEST}"


def _lint_head(board: Document) -> Iterator[str]:
    if board.get("schemaVersion") != SCHEMA_VERSION:
        yield f"board: schemaVersion is {board.get('schemaVersion')}"
    if not _UID.fullmatch(board.get("uid", "")):
        yield f"board: the uid {board.get('uid')!r} is not one of ours"
    if board.get("editable") is not False:
        yield "board: editable"
    if "id" in board or "version" in board:
        yield "board: carries the number or version of one server's copy"
    for key in ("title", "description", "refresh", "tags"):
        if not board.get(key):
            yield f"board: no {key}"
    if board.get("refresh") != REFRESH.get(board.get("uid", ""), "5m"):
        yield f"board: refreshes every {board.get('refresh')}"
    yield from _lint_dropdown(board)


def _lint_dropdown(board: Document) -> Iterator[str]:
    dropdowns = [link for link in board["links"] if link.get("asDropdown")]
    if [link["tags"] for link in dropdowns] != [board["tags"]]:
        yield "board: no drop-down with the other boards"
    for link in dropdowns:
        if not (link["includeVars"] and link["keepTime"]):
            yield "board: the drop-down loses variables or time"


def _lint_variables(board: Document) -> Iterator[str]:
    variables = board["templating"]["list"]
    names = [variable["name"] for variable in variables]
    if names[:1] != ["datasource"] or names != [name for name in ORDER if name in names]:
        yield f"variables: {names} are not in our order"
    for variable in variables:
        where = f"variable {variable['name']}"
        if not variable.get("label"):
            yield f"{where}: no label"
        if variable["name"] == "datasource":
            if variable["type"] != "datasource" or variable["label"] != "Data source":
                yield f"{where}: not the choice of a data source"
            continue
        single = variable["name"] in SINGLE.get(board["uid"], ())
        wanted = {"refresh": 2, "sort": 1, **(_ONE if single else _SEVERAL)}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield f"{where}: {key} is {variable.get(key)!r}"
        if variable.get("datasource") != SOURCE:
            yield f"{where}: asks a fixed data source"
        begins = variable.get("current", {}).get("value")
        if begins != (None if single else ["$__all"]):
            yield f"{where}: begins with {begins}"


def _lint_annotations(board: Document) -> Iterator[str]:
    """None where nothing happens to Services; elsewhere both, and shown on the drill-down alone."""
    annotations = board["annotations"].get("list", [])
    names = [annotation["name"] for annotation in annotations]
    wanted = (
        [] if board["uid"] == EXPORTER else ["Service lost all endpoints", "Exporter restarted"]
    )
    if names != wanted:
        yield f"annotations: {names}"
    for annotation in annotations:
        if annotation.get("datasource") != SOURCE:
            yield f"annotation {annotation['name']}: asks a fixed data source"
        if annotation["enable"] is not (board["uid"] == SERVICE):
            yield f"annotation {annotation['name']}: shown from the start, or not, on this board"


def _lint_places(panels: list[Document]) -> Iterator[str]:
    numbers = [panel["id"] for panel in panels]
    if numbers != list(range(1, len(panels) + 1)):
        yield "panels: not numbered in their order"
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] < 0 or place["w"] < 1 or place["x"] + place["w"] > COLUMNS:
            yield f"panel {panel['title']}: outside the {COLUMNS} columns"
    for one, other in combinations(panels, 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield f"panels {one['title']} and {other['title']}: overlap"


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def _lint_keys(value: object, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _FORBIDDEN and not where.endswith(".legend"):
                yield f"{where}: has the key {key}"
            yield from _lint_keys(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _lint_keys(inner, where)
