"""Routes by host name, with the mark of the Service behind each; then what has no host.

It needs no script: a form filters, and the address says what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from exporter.explaining.routes import (
    BackendDocument,
    RouteDocument,
    RuleDocument,
    describe_route,
    show_backend,
)
from exporter.model import Result, RouteReport
from exporter.web.messages import Request, Response, Site
from exporter.web.page.parts import (
    STANDING_OF,
    link_service,
    mark,
    write_banner,
    write_foot,
    write_head,
    write_table,
)
from exporter.web.query import BadQuery
from exporter.web.routing import RouteQuery, read_route_query, sort_routes
from exporter.web.sending import HTML, send_steps

_MOST = 300
#: Words of routes in the page's colours for Services.
MARKS = {
    "broken": "down",
    "rejected": "unknown",
    "intended": "intended",
    "unknown": "unknown",
    "degraded": "degraded",
    "new": "new",
    "ok": "ready",
}


def answer_routes_page(request: Request, site: Site) -> Response:
    """The page, made in steps."""
    routes, fault, query = site.routes, "", RouteQuery()
    try:
        query = read_route_query(tuple(pair for pair in request.query if pair[1]))
    except BadQuery as bad:
        fault = f"{bad.parameter} {bad}"
    snapshot = site.snapshot()

    def steps() -> Iterator[bytes]:
        head = write_head("Routes · kube-endpoints-exporter", "", "app.js")
        text = f'{head}{write_banner(snapshot, "")}<main id="content">\n<h1>Routes</h1>\n'
        yield text.encode("utf-8", "replace")
        found: list[tuple[str, RouteReport]] = []
        if routes is not None:
            yield from sort_routes(routes, query, found)
        documents = []
        for number, (_, report) in enumerate(found[:_MOST], 1):
            documents.append(describe_route(report, snapshot.reports.get))
            if not number % 50:
                yield b""
        yield _write(documents, len(found), query, fault).encode("utf-8", "replace")
        yield f"</main>\n{write_foot(site.version, '')}".encode("utf-8", "replace")

    response = send_steps(request, HTML, steps())
    return Response(400, response.headers, response.body) if fault else response


def _write(documents: list[RouteDocument], total: int, query: RouteQuery, fault: str) -> str:
    words = escape(" ".join(query.words))
    form = (
        '<form method="get" class="filters"><label>Host, name or Service '
        f'<input type="search" name="q" value="{words}"></label> '
        '<button type="submit">Show</button></form>\n'
    )
    alarm = f'<p class="banner" role="alert">{escape(fault)}</p>\n' if fault else ""
    hosted = [one for one in documents if one.hosts]
    others = [one for one in documents if not one.hosts]
    if not documents:
        inside = (
            "<p>There are no routes, or they are not read: the group routes switches them on.</p>\n"
        )
    else:
        inside = ""
        if hosted:
            rows = sorted(_host_rows(hosted), key=lambda row: row[0])
            titles = ("Host", "State", "Path", "Route", "Service")
            cells = [row[1] for row in rows]
            inside += "<h2>By host</h2>\n" + write_table(
                "plain routes", titles, cells, caption="Rules by host name"
            )
        if others:
            inside += "<h2>Without a host</h2>\n" + write_table(
                "plain routes",
                ("Object", "State", "Rule", "Service"),
                _other_rows(others),
                caption="Webhooks, APIs, monitors and routes by address",
            )
    more = total - len(documents)
    note = f"<p>{more:,} more, all of them better than these: filter, or ask the API.</p>\n"
    return f"{alarm}{form}{inside}{note if more > 0 else ''}"


def _host_rows(
    documents: Iterable[RouteDocument],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for one in documents:
        for rule in one.rules:
            for host in rule.hosts or ("*",):
                state = "rejected" if one.state == "rejected" else rule.state
                yield (
                    (host, *rule.matches, one.kind, one.namespace, one.name),
                    (
                        escape(host),
                        mark(MARKS[state], state),
                        escape(" or ".join(rule.matches)) or "–",
                        _name(one),
                        "<br>".join(map(_backend, rule.backends)) or _bare(rule),
                    ),
                )


def _other_rows(documents: Iterable[RouteDocument]) -> Iterator[tuple[str, ...]]:
    for one in documents:
        for rule in one.rules:
            state = "rejected" if one.state == "rejected" else rule.state
            policy = f" ({rule.failure_policy})" if rule.failure_policy else ""
            yield (
                _name(one),
                mark(MARKS[state], state),
                escape(rule.name + policy) or "–",
                "<br>".join(map(_backend, rule.backends)) or _bare(rule),
            )


def _name(one: RouteDocument) -> str:
    return escape("/".join(filter(None, (one.kind, one.namespace, one.name))))


def _bare(rule: RuleDocument) -> str:
    return "redirect" if rule.redirects else "no backend"


def _backend(one: BackendDocument) -> str:
    text = escape(show_backend(one))
    if one.service and one.ready is not None:
        text = f'<a href="{link_service(one.namespace, one.service, "")}">{text}</a>'
    ready = f" {one.ready} ready" if one.ready is not None else ""
    more = f' <span class="quieter">{escape(one.message)}</span>' if one.message else ""
    return f"{text} {mark(STANDING_OF.get(Result(one.result), 'ready'), one.result)}{ready}{more}"
