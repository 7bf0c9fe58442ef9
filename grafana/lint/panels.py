"""What each panel needs to be read: words, units, colours, links. Parses no query."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from grafana.boards.links import DOCUMENTS, PAGE
from grafana.boards.meaning import (
    DEGRADED,
    EMPTY,
    NEW,
    NO_VALUE,
    PLACES,
    PLAIN,
    READY,
    TERMINATING,
    UNKNOWN,
)

Document = Mapping[str, Any]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLORS = frozenset(
    {READY, DEGRADED, EMPTY, TERMINATING, UNKNOWN, NEW, PLACES, PLAIN, "transparent"}
)
UNITS = frozenset({"short", "s", "bytes", "Bps", "ops", "reqps", "percentunit"})
KINDS = frozenset({"stat", "timeseries", "state-timeline", "bargauge", "table"})
_SHORTEST = 40
#: How many pixels a column of the 24 has on a screen of 1280, less the board's own margins.
COLUMN_PIXELS = 1270 / 24
#: What stands beside a title (the mark of the description, the menu, margins), and a letter.
_TITLE_MARGIN, _LETTER = 125, 8
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
            *_lint_nothing(panel),
            *_lint_kind(panel),
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
    room = (panel["gridPos"]["w"] * COLUMN_PIXELS - _TITLE_MARGIN) / _LETTER
    if len(panel.get("title") or "") > room:
        yield f"the title is cut at 1280 pixels: {int(room)} letters fit"
    if panel["type"] == "table":
        kinds = [one["id"] for one in panel.get("transformations", ())]
        if kinds != ["merge", "organize"]:
            yield f"a table with the transformations {kinds}"


def _lint_nothing(panel: Document) -> Iterator[str]:
    """No value is grey and says so, on whatever shows single values; a list says what it means."""
    defaults = panel["fieldConfig"]["defaults"]
    said = defaults.get("noValue", "")
    if len(said) < len("No data") or (panel["type"] == "table" and said == "No data"):
        yield f"says {said!r} where there is nothing"
    if panel["type"] == "timeseries":
        return
    overrides = [
        one["value"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "mappings"
    ]
    text, color = {
        "stat": (said, UNKNOWN),
        "bargauge": (said, UNKNOWN),
        "table": (NO_VALUE, "transparent"),
    }.get(panel["type"], ("No data", UNKNOWN))
    for mappings in (defaults.get("mappings", []), *overrides):
        special = [one["options"] for one in mappings if one["type"] == "special"]
        shown = [(one["match"], one["result"]["text"], one["result"]["color"]) for one in special]
        wanted = [("null+nan", text, color)]
        if panel["type"] == "table":
            # A label that is missing is an empty text.
            wanted.append(("empty", text, color))
        if shown != wanted:
            yield f"shows no value as {shown}"


def _lint_kind(panel: Document) -> Iterator[str]:
    """What panels of one kind have to be, so that they show what they seem to show."""
    defaults = panel["fieldConfig"]["defaults"]
    match panel["type"]:
        case "stat" | "bargauge":
            if not all(target["instant"] for target in panel["targets"]):
                yield "a number of now that is asked for over time"
        case "state-timeline":
            # With merged values Grafana shows thresholds in place of words.
            if "thresholds" in defaults or defaults["color"]["mode"] != "fixed":
                yield "a state timeline with thresholds, or coloured by something else than words"
            if not any(one["type"] == "value" for one in defaults.get("mappings", ())):
                yield "a state timeline without words"
        case "timeseries":
            yield from _lint_legend(panel["options"]["legend"])
            if "axisSoftMax" not in defaults["custom"]:
                yield "an axis that goes to 100 where all is 0"
            for override in panel["fieldConfig"]["overrides"]:
                kept = {one["id"]: one["value"] for one in override["properties"]}
                if "custom.lineStyle" in kept and kept.get("custom.fillOpacity") != 0:
                    yield "a line to compare with that is filled"


def _lint_legend(legend: Document) -> Iterator[str]:
    wanted = {
        "displayMode": "table",
        "placement": "right",
        "calcs": ["last", "max"],
        "sortBy": "Last",
        "sortDesc": True,
    }
    for key, value in wanted.items():
        if legend.get(key) != value:
            yield f"the legend's {key} is {legend.get(key)!r}"


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
        abroad = link["url"].startswith((DOCUMENTS, PAGE))
        if set(link) != {"title", "url"} | ({"targetBlank"} if abroad else set()):
            yield f"a data link with the fields {sorted(link)}"
        if not abroad:
            yield from _lint_url(link["url"], boards)
    if panel["type"] != "table":
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
