"""The list of all Services: counts by state, filters, and a table, worst first.

All of it works without scripts, page by page; the script takes the table over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from html import escape
from urllib.parse import urlencode

import msgspec

from exporter.judging import STANDINGS
from exporter.model import FindingCode, Snapshot, Weight
from exporter.web.desk import STEP, Item, Row
from exporter.web.messages import Request, Response, Site
from exporter.web.page.parts import (
    STANDINGS_IN_WORDS,
    ago,
    link_list,
    link_service,
    mark,
    write_banner,
    write_foot,
    write_head,
    write_resources,
)
from exporter.web.query import (
    NO_REASON,
    PARAMETERS,
    SORTS,
    TYPES,
    BadQuery,
    Found,
    Query,
    find,
    read_query,
)
from exporter.web.sending import HTML, send_steps

_TITLES = ("Service", "Standing", "Reason", "Since", "Ready", "Type")
_MOST_OPTIONS = 2000

Pairs = tuple[tuple[str, str], ...]


def answer_overview(request: Request, site: Site) -> Response:
    """The page, made in steps. What is no filter of the list is passed over."""
    asked = tuple((name, value) for name, value in request.query if name in PARAMETERS and value)
    fault, query = "", Query()
    try:
        query = read_query(asked)
    except BadQuery as bad:
        fault, asked = str(bad), ()
    snapshot = site.snapshot()

    def steps() -> Iterator[bytes]:
        yield _open(snapshot).encode("utf-8", "replace")
        yield from site.desk.begin(snapshot) or ()
        yield from site.desk.arrange()
        rows = site.desk.rows()
        yield b""
        text = yield from _write(site, snapshot, rows, query, asked, fault)
        yield text.encode("utf-8", "replace")

    response = send_steps(request, HTML, steps())
    if fault:
        return Response(400, response.headers, response.body)
    return response


def _open(snapshot: Snapshot) -> str:
    return (
        write_head("Services · kube-endpoints-exporter", "", "list.js")
        + write_banner(snapshot, "")
        + '<main id="content">\n<h1>Services</h1>\n'
    )


def _write(
    site: Site, snapshot: Snapshot, rows: list[Row], query: Query, asked: Pairs, fault: str
) -> Generator[bytes, None, str]:
    try:
        found = yield from find(site.desk, query)
    except BadQuery as bad:
        fault = str(bad)
        found = yield from find(site.desk, Query())
    states = yield from _write_states(rows, query)
    present = yield from _find_present(rows)
    filters = _write_filters(present, query, asked)
    yield b""
    table = yield from _write_rows(found, snapshot.now)
    return "".join(
        (
            states,
            filters,
            f'<p class="banner" role="alert">{escape(fault)}</p>\n' if fault else "",
            f'<p id="count" role="status">{_count(found.total, len(rows))}</p>\n',
            table,
            _write_next(found, asked),
            '</main>\n<details class="reading"><summary>How reading goes</summary>\n',
            write_resources(snapshot),
            "</details>\n",
            write_foot(site.version, ""),
        )
    )


def _count(number: int, of: int) -> str:
    if number == of:
        return f"{of:,} Service{'' if of == 1 else 's'}"
    return f"{number:,} of {of:,} Services"


def _write_states(rows: list[Row], query: Query) -> Generator[bytes, None, str]:
    others = msgspec.structs.replace(query, standings=frozenset())
    kept = yield from others.sift(rows)
    counts = Counter(row.item.standing for row in kept)
    items = []
    for state in STANDINGS:
        on = query.standings == {state}
        href = link_list("", standing="" if on else state)
        current = ' aria-current="true"' if on else ""
        items.append(
            f'<li><a class="count" data-standing="{state}" href="{href}"{current} '
            f'title="{escape(STANDINGS_IN_WORDS[state])}">'
            f"<b>{counts[state]:,}</b> {mark(state)}</a></li>\n"
        )
    return f'<nav aria-label="By standing"><ul class="states">\n{"".join(items)}</ul></nav>\n'


class _Present(msgspec.Struct, frozen=True):
    """What there is to choose among, in the order in which it is shown."""

    namespaces: list[str]
    reasons: list[str]
    findings: list[str]


def _find_present(rows: list[Row]) -> Generator[bytes, None, _Present]:
    namespaces: set[str] = set()
    reasons: set[str] = set()
    codes: set[str] = set()
    for number, row in enumerate(rows, 1):
        item = row.item
        namespaces.add(item.namespace)
        if item.reason:
            reasons.add(item.reason)
        for note in item.findings:
            codes.add(str(note.code))
        if not number % STEP:
            yield b""
    findings = [str(code) for code in FindingCode if code in codes]
    return _Present(sorted(namespaces)[:_MOST_OPTIONS], sorted(reasons), findings)


def _write_filters(present: _Present, query: Query, asked: Pairs) -> str:
    last = dict(asked)
    search = escape(last.get("q", ""))
    labels = escape(",".join(value for name, value in asked if name == "label"))
    hidden = "".join(
        f'<input type="hidden" name="standing" value="{escape(standing)}">'
        for standing in query.standings
    )
    return (
        '<form id="filters" role="search" method="get">\n'
        '<label class="wide">Search <input type="search" name="q" autocomplete="off" '
        f'spellcheck="false" value="{search}" placeholder="name, reason, label (press /)">'
        "</label>\n"
        + _select("namespace", "Namespace", present.namespaces, query.namespaces)
        + _select("reason", "Reason", [*present.reasons, NO_REASON], query.reasons)
        + _select("finding", "Finding", present.findings, query.findings)
        + _select("type", "Type", TYPES, query.types)
        + '<label>Label <input name="label" autocomplete="off" spellcheck="false" '
        f'value="{labels}" placeholder="app=web"></label>\n'
        + _select("sort", "Order", tuple(SORTS), {query.sort}, everything="")
        + f'{hidden}<button>Show</button>\n<a class="clear" href="./">Clear</a>\n</form>\n'
    )


def _select(
    name: str,
    title: str,
    words: Iterable[str],
    chosen: Iterable[str],
    everything: str = "all",
) -> str:
    chosen = set(chosen)
    options = f'<option value="">{everything}</option>' if everything else ""
    options += "".join(
        f"<option{' selected' if word in chosen else ''}>{escape(word)}</option>" for word in words
    )
    return f'<label>{title} <select name="{name}">{options}</select></label>\n'


def _write_rows(found: Found, now: float) -> Generator[bytes, None, str]:
    lines = []
    for row in found.rows:
        lines.append(_write_row(row, now))
        yield b""
    body = "".join(lines)
    head = "".join(f'<th scope="col" role="columnheader">{title}</th>' for title in _TITLES)
    return (
        '<table id="services" class="services" role="table">\n'
        '<caption class="quiet">Services</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{body}</tbody>\n</table>\n'
    )


def describe_item(item: Item) -> str:
    """Why a Service stands as it does: its reason, and the findings that are warnings."""
    warnings = [note.text for note in item.findings if note.weight is Weight.WARNING]
    return " · ".join(filter(None, (item.reason, item.detail, item.remark, *warnings)))


def _write_row(row: Row, now: float) -> str:
    item = row.item
    words = describe_item(item)
    known = item.ready is not None and item.not_ready is not None
    count = f"{item.ready}/{(item.ready or 0) + (item.not_ready or 0)}" if known else "unknown"
    href = link_service(item.namespace, item.service, "")
    name = f'<span class="ns">{escape(item.namespace)}/</span>{escape(item.service)}'
    cells = (
        f'<a href="{href}">{name}</a>',
        mark(item.standing),
        escape(words) or "–",
        ago(row.report.since, now),
        count,
        escape(item.type),
    )
    inside = "".join(
        f'<td role="cell" class="c{number}">{cell}</td>' for number, cell in enumerate(cells)
    )
    return f'<tr role="row">{inside}</tr>\n'


def _write_next(found: Found, asked: Pairs) -> str:
    if found.next is None:
        return ""
    kept = [(name, value) for name, value in asked if name != "page"]
    href = escape("?" + urlencode([*kept, ("page", found.next)]))
    return f'<p id="next"><a rel="next" href="{href}">Next {len(found.rows)}</a></p>\n'
