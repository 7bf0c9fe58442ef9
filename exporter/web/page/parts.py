"""Pieces of HTML that the pages share. Every value is escaped here or by whoever hands it over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote, urlencode

from exporter.explaining.durations import human_duration, show_time
from exporter.model import BROKEN, ResourceStatus, Result, Snapshot, Standing
from exporter.web.health import describe_further, describe_state
from exporter.web.status import find_as_of, is_stale

STANDINGS_IN_WORDS = {
    Standing.DOWN: "no ready endpoint",
    Standing.DEGRADED: "something about them needs attention",
    Standing.UNKNOWN: "can't be told",
    Standing.NEW: "just made",
    Standing.READY: "as they should be",
    Standing.INTENDED: "empty on purpose",
}

#: Results of references that are not as good as ready, in the words and colours of Services.
STANDING_OF = {
    **dict.fromkeys(BROKEN, Standing.DOWN),
    Result.DEGRADED: Standing.DEGRADED,
    Result.UNKNOWN: Standing.UNKNOWN,
    Result.NOT_JUDGED: Standing.UNKNOWN,
    Result.NEW: Standing.NEW,
    Result.INTENDED: Standing.INTENDED,
    Result.WEIGHT_ZERO: Standing.INTENDED,
}


def write_head(title: str, root: str, script: str) -> str:
    """The document up to and with the opening of its body. `root` is the way to /, relative."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n"
        f'<link rel="stylesheet" href="{root}ui/style.css">\n'
        f'<script type="module" src="{root}ui/{script}"></script>\n</head>\n'
        f'<body data-root="{root or "./"}">\n'
        '<a class="skip" href="#content">Skip to the content</a>\n'
    )


def write_banner(snapshot: Snapshot, root: str) -> str:
    """The top of a page, with how old it is when that matters."""
    stale = is_stale(snapshot)
    text = ""
    if stale:
        moment = find_as_of(snapshot)
        age = "nothing was read yet" if moment is None else f"it is {ago(moment, snapshot.now)} old"
        errors = {s.error for s in snapshot.resources if s.required and s.error}
        text = (
            "<b>The API server can’t be read.</b> What is shown may be out of date: "
            f"{age}. <small>{escape('; '.join(sorted(errors)))}</small>"
        )
    hidden = "" if stale else " hidden"
    return (
        f'<header>\n<p class="name"><a href="{root or "./"}">Kubernetes endpoints</a></p>\n'
        '<p id="live" role="status"></p>\n</header>\n'
        f'<div id="stale" role="alert" class="banner"{hidden}>{text}</div>\n'
    )


def write_foot(version: str, root: str) -> str:
    """The end of a document."""
    links = (
        ("routes", "routes"),
        ("metrics", "metrics"),
        ("api/v1/summary", "JSON"),
        ("api/v1/openapi.json", "API description"),
        ("readyz?verbose", "readiness"),
    )
    items = " · ".join(f'<a href="{root}{path}">{text}</a>' for path, text in links)
    return (
        f"<footer><p>kube-endpoints-exporter {escape(version)} · {items}</p></footer>\n"
        "</body>\n</html>\n"
    )


def mark(state: str, words: str = "") -> str:
    """A state by shape and word, or by other words that say more."""
    return (
        f'<span class="state {escape(state)}"><span class="mark" aria-hidden="true"></span>'
        f"{escape(words or state)}</span>"
    )


def ago(moment: float | None, now: float) -> str:
    """How long ago, with the exact time for those who point at it."""
    if moment is None:
        return "–"
    age = escape(human_duration(now - moment))
    exact = show_time(moment)
    return age if exact is None else f'<time datetime="{exact}" title="{exact}">{age}</time>'


def write_table(
    name: str, titles: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str
) -> str:
    """A table whose cells are HTML; on phones each row is a block with titles before its values."""
    head = "".join(f'<th scope="col" role="columnheader">{title}</th>' for title in titles)
    body = "".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-title="{title}">{cell}</td>'
            for title, cell in zip(titles, row, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<table class="{name}" role="table">\n<caption class="quiet">{escape(caption)}</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{body}</tbody>\n</table>\n'
    )


def write_resources(snapshot: Snapshot) -> str:
    """How reading each resource goes."""
    rows = [
        (
            escape(status.resource),
            mark(_standing(status), describe_state(status)),
            escape("; ".join(describe_further(status, snapshot.now))),
        )
        for status in snapshot.resources
    ]
    if not rows:
        return "<p>Nothing is read yet.</p>\n"
    return write_table(
        "plain", ("Resource", "State", "More"), rows, caption="How reading the API server goes"
    )


def _standing(status: ResourceStatus) -> str:
    if status.forbidden:
        return "down" if status.required else "unknown"
    if status.error:
        return "degraded"
    return "ready" if status.synced else "new"


def link_service(namespace: str, name: str, root: str) -> str:
    """The way to a Service's page."""
    return escape(f"{root}services/{quote(namespace, safe='')}/{quote(name, safe='')}")


def link_list(root: str, **filters: str) -> str:
    """The way to a list with filters."""
    query = urlencode({name: value for name, value in filters.items() if value})
    return escape(f"{root or './'}{'?' if query else ''}{query}")
