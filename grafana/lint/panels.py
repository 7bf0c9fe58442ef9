"""What each panel needs to be read: words, units, colours, links. Parses no query."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from grafana.boards.meaning import DEGRADED, EMPTY, PLAIN, READY, TERMINATING, UNKNOWN

Document = Mapping[str, Any]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLORS = frozenset({READY, DEGRADED, EMPTY, TERMINATING, UNKNOWN, PLAIN})
UNITS = frozenset({"short", "s", "bytes", "Bps", "ops", "reqps", "percentunit", "dateTimeFromNow"})
KINDS = frozenset({"stat", "timeseries", "state-timeline", "bargauge", "table"})
_SHORTEST = 40
_KEPT = ("${datasource:queryparam}", "${cluster:queryparam}", "${__url_time_range}")


def lint_panels(board: Document, boards: Mapping[str, Document]) -> Iterator[str]:
    """What is wrong with the looks and words of the panels."""
    titles: set[str] = set()
    for panel in board["panels"]:
        if panel["type"] == "row":
            if not panel.get("title"):
                yield f"row {panel['id']}: no title"
            continue
        where = f"panel {panel.get('title')!r}"
        if panel.get("title") in titles:
            yield f"{where}: the title is there twice"
        titles.add(panel.get("title", ""))
        for finding in (
            *_lint_words(panel),
            *_lint_targets(panel),
            *_lint_colors(panel),
            *_lint_links(panel, boards),
        ):
            yield f"{where}: {finding}"


def _lint_words(panel: Document) -> Iterator[str]:
    description = panel.get("description", "")
    if len(description) < _SHORTEST or not description.endswith("."):
        yield "no description that says what it means"
    if panel["type"] not in KINDS:
        yield f"of the kind {panel['type']}"
    if not panel.get("title"):
        yield "no title"
    defaults = panel["fieldConfig"]["defaults"]
    if defaults.get("unit") not in UNITS:
        yield f"the unit {defaults.get('unit')!r}"
    wanted = "–" if panel["type"] == "table" else "No data"
    if defaults.get("noValue") != wanted:
        yield f"says {defaults.get('noValue')!r} where there is no value"
    if panel["type"] == "timeseries" and panel["options"]["legend"]["displayMode"] != "table":
        yield "the legend is no table"
    if panel["type"] == "table":
        kinds = [one["id"] for one in panel.get("transformations", ())]
        if kinds != ["merge", "organize"]:
            yield f"a table with the transformations {kinds}"


def _lint_targets(panel: Document) -> Iterator[str]:
    names = [target["refId"] for target in panel["targets"]]
    if not names or len(set(names)) != len(names):
        yield f"the queries are called {names}"
    for target in panel["targets"]:
        if target.get("datasource") != SOURCE or panel.get("datasource") != SOURCE:
            yield "asks a fixed data source"
        if bool(target.get("instant")) == bool(target.get("range")):
            yield "a query is both instant and over time, or neither"
        table = panel["type"] == "table"
        if table and not (target["instant"] and target.get("format") == "table"):
            yield "a table whose query is not instant"
        if panel["type"] in ("timeseries", "state-timeline") and not target.get("legendFormat"):
            yield "a series without a legend"


def _lint_colors(panel: Document) -> Iterator[str]:
    text = json.dumps(panel["fieldConfig"])
    found = set(re.findall(r'"(?:color|fixedColor)": "([^"]+)"', text))
    if found - COLORS:
        yield f"colours without a meaning: {sorted(found - COLORS)}"
    for mapping in re.findall(r'\{"color": "[^"]+", "index": \d+(, "text": "[^"]+")?\}', text):
        if not mapping:
            yield "a colour without a word"


def _lint_links(panel: Document, boards: Mapping[str, Document]) -> Iterator[str]:
    for link in _find_links(panel["fieldConfig"]):
        if set(link) != {"title", "url"}:
            yield f"a data link with the fields {sorted(link)}"
        yield from _lint_url(link["url"], boards)
    if panel["type"] == "table":
        yield from _lint_cells(panel)
    else:
        legend = panel["targets"][0].get("legendFormat", "")
        if "{{service}}" in legend and not panel["fieldConfig"]["defaults"].get("links"):
            yield "series of Services without a link to them"


def _lint_url(url: str, boards: Mapping[str, Document]) -> Iterator[str]:
    parts = urlsplit(url)
    target = boards.get(parts.path.removeprefix("/d/"))
    if target is None:
        yield f"a link to {parts.path}, which is no board"
        return
    for kept in _KEPT:
        if kept not in parts.query:
            yield f"a link that loses {kept}"
    there = {variable["name"] for variable in target["templating"]["list"]}
    asked = set(re.findall(r"var-(\w+)=", url)) | set(re.findall(r"\$\{(\w+):queryparam\}", url))
    if asked - there:
        yield f"a link sets {sorted(asked - there)}, which {parts.path} has not"


def _lint_cells(panel: Document) -> Iterator[str]:
    renamed = find_columns(panel)
    linked = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if any(one["id"] == "links" for one in override["properties"])
    }
    for label in ("namespace", "service"):
        if label in renamed and renamed[label] not in linked:
            yield f"the cells of {label} are no links"
    fields = set(re.findall(r"__data\.fields\.(\w+)", json.dumps(panel["fieldConfig"])))
    if fields - set(renamed):
        yield f"links use the fields {sorted(fields - set(renamed))}, which the table has not"


def find_columns(panel: Document) -> dict[str, str]:
    """The title of each column of a table, by the field that it shows."""
    found: dict[str, str] = {}
    for one in panel["transformations"]:
        found |= one.get("options", {}).get("renameByName", {})
    return found


def _find_links(value: object) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        yield from value.get("links", ())
        if value.get("id") == "links":
            yield from value["value"]
        for inner in value.values():
            yield from _find_links(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_links(inner)
