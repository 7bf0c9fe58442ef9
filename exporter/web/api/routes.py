"""/api/v1/routes: what refers to Services, and where it leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.explaining.routes import RouteDocument, describe_route
from exporter.model import RouteReport
from exporter.web.api.lists import refuse
from exporter.web.messages import Request, Response, Site
from exporter.web.query import BadQuery
from exporter.web.routing import read_route_query, sort_routes
from exporter.web.sending import JSON, send_steps
from exporter.web.writing import write_json


class RoutePage(msgspec.Struct, frozen=True):
    """A page of routes, webhooks and monitors, worst first, of `total` that pass the filters.

    `next` is the token of the next page, null on the last. `revision` changes whenever anything
    else is told of a route.
    """

    items: tuple[RouteDocument, ...]
    total: int
    next: str | None
    revision: int


def answer_routes(request: Request, site: Site) -> Response:
    """A page of routes; an empty one where they are not read."""
    routes = site.routes
    try:
        query = read_route_query(request.query)
    except BadQuery as bad:
        return refuse(bad)
    snapshot = site.snapshot()

    def steps() -> Iterator[bytes]:
        found: list[tuple[str, RouteReport]] = []
        if routes is not None:
            yield from sort_routes(routes, query, found)
        shown = found[query.skip : query.skip + query.limit]
        after = query.skip + len(shown)
        items = []
        for number, (_, report) in enumerate(shown, 1):
            items.append(describe_route(report, snapshot.reports.get))
            if not number % 50:
                yield b""
        more = str(after) if after < len(found) else None
        revision = 0 if routes is None else routes.revision
        yield write_json(RoutePage(tuple(items), len(found), more, revision))

    return send_steps(request, JSON, steps())
