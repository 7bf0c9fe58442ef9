"""/api/v1/services, /api/v1/summary and /api/v1/namespaces: everything at a glance."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec

from exporter.judging import STANDINGS
from exporter.web.api.documents import Namespace, NamespaceList, Summary
from exporter.web.desk import STEP, Desk, Row
from exporter.web.messages import Request, Response, Site
from exporter.web.query import BadQuery, Found, Query, find, read_query
from exporter.web.sending import JSON, answer_problem, send_steps, send_whole
from exporter.web.status import describe_status
from exporter.web.writing import write_json

#: Rows that are filtered in one go: some five milliseconds with as many terms as there may be.
_AT_ONCE = 2000


def answer_services(request: Request, site: Site) -> Response:
    """A page of Services."""
    try:
        query = read_query(request.query)
        return _with_rows(request, site, lambda _rows: _list(site.desk, query), _name(query))
    except BadQuery as bad:
        return refuse(bad)


def answer_summary(request: Request, site: Site) -> Response:
    """Numbers over all Services. It is never quite the same: it says how old it is."""
    try:
        check_none(request)
    except BadQuery as bad:
        return refuse(bad)
    return _with_rows(request, site, lambda rows: _summarise(rows, site), None)


def answer_namespaces(request: Request, site: Site) -> Response:
    """Numbers by namespace."""
    try:
        check_none(request)
    except BadQuery as bad:
        return refuse(bad)
    return _with_rows(request, site, _list_namespaces, "namespaces")


def refuse(bad: BadQuery) -> Response:
    """The 400 for a query."""
    return answer_problem(400, "Bad query", str(bad), parameter=bad.parameter)


def check_none(request: Request) -> None:
    """BadQuery when there is a parameter where none is known."""
    for name, _ in request.query:
        raise BadQuery(name[:80], "takes no parameters")


def count_standings(rows: Iterable[Row]) -> dict[str, int]:
    """How many stand in which way, all of them named, worst first."""
    found = Counter(row.item.standing for row in rows)
    return {str(standing): found[standing] for standing in STANDINGS}


def _with_rows(
    request: Request,
    site: Site,
    make: Callable[[list[Row]], Iterable[bytes]],
    name: str | None,
) -> Response:
    """The document that `make` makes of the rows, tagged by them and the query's name."""
    desk = site.desk
    work = desk.begin(site.snapshot())
    if work is None:
        rows = desk.rows()
        tag = "" if name is None else f"{desk.tag}-{name}"
        if len(rows) <= _AT_ONCE:
            return send_whole(request, JSON, b"".join(make(rows)), tag)
        begun = iter(make(rows))
        # A query that can't be meant is told by the first step, and then the status is not sent.
        return send_steps(request, JSON, chain((next(begun),), begun), tag)
    remaining = work

    def steps() -> Iterator[bytes]:
        yield from remaining
        yield from desk.arrange()
        # The status is sent: a page token that is none of this list now gives an empty page.
        try:
            yield from make(desk.rows())
        except BadQuery:
            yield _write_page(Found((), 0, None))

    return send_steps(request, JSON, steps())


def _list(desk: Desk, query: Query) -> Iterator[bytes]:
    found = yield from find(desk, query)
    yield _write_page(found)


def _name(query: Query) -> str:
    shown = repr(
        [
            sorted(part) if isinstance(part, frozenset) else part
            for part in msgspec.structs.astuple(query)
        ]
    )
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:16]


def _write_page(found: Found) -> bytes:
    items = b",".join(row.json for row in found.rows)
    return b'{"items":[%b],"total":%d,"next":%b}' % (
        items,
        found.total,
        write_json(found.next),
    )


def _summarise(rows: list[Row], site: Site) -> Iterator[bytes]:
    reasons, findings, types = Counter[str](), Counter[str](), Counter[str]()
    ready = not_ready = 0
    namespaces: set[str] = set()
    for number, row in enumerate(rows, 1):
        item = row.item
        if item.reason is not None:
            reasons[item.reason] += 1
        findings.update(str(note.code) for note in item.findings)
        types[item.type] += 1
        ready += item.ready or 0
        not_ready += item.not_ready or 0
        namespaces.add(item.namespace)
        if not number % STEP:
            yield b""
    standings = count_standings(rows)
    yield write_json(
        Summary(
            version=site.version,
            services=len(rows),
            namespaces=len(namespaces),
            ready=ready,
            not_ready=not_ready,
            states=standings,
            reasons=dict(reasons.most_common()),
            types=dict(types.most_common()),
            standings=standings,
            findings=dict(findings.most_common()),
            status=describe_status(site.snapshot()),
        )
    )


def _list_namespaces(rows: list[Row]) -> Iterator[bytes]:
    found: dict[str, list[Row]] = {}
    for number, row in enumerate(rows, 1):
        found.setdefault(row.item.namespace, []).append(row)
        if not number % STEP:
            yield b""
    items = []
    for name in sorted(found):
        own = found[name]
        items.append(
            Namespace(
                namespace=name,
                services=len(own),
                ready=sum(row.item.ready or 0 for row in own),
                not_ready=sum(row.item.not_ready or 0 for row in own),
                states=count_standings(own),
                standings=count_standings(own),
            )
        )
        yield b""
    yield write_json(NamespaceList(tuple(items)))
