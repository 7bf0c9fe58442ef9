"""What a scrape gets: domain families from kept pieces, in the format and encoding asked for.

A scrape joins bytes that are there; it computes no sample and waits for nobody. What it shows is
the state of the last commit, whole: a batch that is half put in can't be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableSequence, Sequence

from exporter.catalogue import Family, Scope
from exporter.exposition.chunks import ChunkStore
from exporter.exposition.formats import (
    Format,
    accepts_gzip,
    content_type,
    family_head,
    negotiate,
)
from exporter.exposition.fragments import Fragment, Renderer, WideRenderer
from exporter.exposition.pages import Body, Page
from exporter.exposition.pieces import Key, Piece, lone_piece
from exporter.model import (
    KindReport,
    NamespaceReport,
    RouteKey,
    RouteReport,
    ServiceKey,
    ServiceReport,
)

__all__ = [
    "Exposition",
    "Format",
    "Page",
    "accepts_gzip",
    "content_type",
    "negotiate",
]

#: Routes whose keys are made between two pauses.
_STRIDE = 256


class Exposition:
    """The rendered state of all chosen families."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families = tuple(families)
        #: Tells nothing but the tail: another process speaks.
        self.silent = False
        about_services = _of(families, Scope.SERVICE, Scope.ENDPOINT)
        about_namespaces = _of(families, Scope.NAMESPACE)
        about_routes = _of(families, Scope.ROUTE)
        about_kinds = _of(families, Scope.KIND)
        self._service_renderer = Renderer(about_services)
        self._namespace_renderer = Renderer(about_namespaces)
        self._services = ChunkStore(len(about_services))
        self._namespaces = ChunkStore(len(about_namespaces))
        self._route_renderer = WideRenderer(about_routes)
        self._kind_renderer = WideRenderer(about_kinds)
        self._routes = ChunkStore(len(about_routes))
        self._kinds = ChunkStore(len(about_kinds))
        self._stores = (self._services, self._namespaces, self._routes, self._kinds)
        self._places: list[tuple[Family, ChunkStore, int]] = [
            (family, store, number)
            for store, members in (
                (self._services, about_services),
                (self._namespaces, about_namespaces),
                (self._routes, about_routes),
                (self._kinds, about_kinds),
            )
            for number, family in enumerate(members)
        ]
        self._places.sort(key=lambda place: self.families.index(place[0]))
        #: What whole scrapes share until the next commit, by format.
        self._bodies: dict[Format, Body] = {}
        self._heads = {
            form: {family.name: lone_piece(family_head(family, form)) for family in families}
            for form in Format
        }

    def render(self, report: ServiceReport, before: ServiceReport | None = None) -> Fragment:
        """A Service's lines, to be committed later; `before` is the report committed last."""
        return self._service_renderer.render_service(report, before)

    def render_namespace(self, report: NamespaceReport) -> Fragment:
        """A namespace's lines, to be committed later."""
        return self._namespace_renderer.render_namespace(report)

    def render_route(self, report: RouteReport) -> Fragment:
        """A route's lines, to be committed later; most have none."""
        return self._route_renderer.render(report.key, report)

    def render_kind(self, report: KindReport) -> Fragment:
        """A kind's lines, to be committed later."""
        return self._kind_renderer.render((report.kind,), report)

    def prepare_routes(
        self,
        routes: MutableSequence[tuple[RouteKey, Fragment | None]],
        kinds: Mapping[str, Fragment | None],
    ) -> Iterator[None]:
        """As prepare, for routes and their kinds. A scrape of single namespaces tells no kind."""
        # Keys begin with the namespace: by it a scrape may leave lines out.
        placed: list[tuple[Key, Fragment | None]] = []
        while routes:
            key, lines = routes.pop()
            placed.append(((key.namespace, key.kind, key.name), lines))
            if not len(routes) % _STRIDE:
                yield
        yield from self._routes.prepare(placed)
        yield from self._kinds.prepare([(("", kind), lines) for kind, lines in kinds.items()])

    def commit(
        self,
        services: Mapping[ServiceKey, Fragment | None],
        namespaces: Mapping[str, Fragment | None],
    ) -> None:
        """Makes a batch visible at once; None takes a Service or namespace away."""
        for _ in self.prepare(list(services.items()), namespaces):
            pass
        self.publish()
        for _ in self.release():
            pass

    def prepare(
        self,
        services: MutableSequence[tuple[ServiceKey, Fragment | None]],
        namespaces: Mapping[str, Fragment | None],
    ) -> Iterator[None]:
        """Puts a batch in, in short steps, where nobody sees it before `publish`.

        What is given of Services is used up.
        """
        yield from self._services.prepare(services)
        yield from self._namespaces.prepare(
            [((name,), lines) for name, lines in namespaces.items()]
        )

    def publish(self) -> None:
        """Shows what was prepared last: one assignment."""
        for store in self._stores:
            if store.publish():
                self._bodies.clear()

    def release(self) -> Iterator[None]:
        """Lets go, in short steps, of what was shown before the last `publish`."""
        for store in self._stores:
            yield from store.release()

    def series(self) -> dict[str, int]:
        """How many series there are, by group."""
        found: dict[str, int] = {}
        for family, store, number in () if self.silent else self._places:
            group = family.group.value
            found[group] = found.get(group, 0) + store.series[number]
        return found

    def scrape(
        self,
        form: Format,
        *,
        namespaces: frozenset[str] | None = None,
        families: frozenset[str] | None = None,
        tail: bytes = b"",
    ) -> Page:
        """The page of the committed state.

        `namespaces` and `families` restrict it (None: all). `tail` is text that other metrics were
        rendered to in the same format; for OpenMetrics without its end mark, which is added here.
        """
        if form is Format.OPENMETRICS_1_0_0:
            tail += b"# EOF\n"
        if self.silent:
            return Page(Body(()), tail)
        if namespaces is not None or families is not None:
            return Page(self._collect(form, namespaces, families), tail)
        body = self._bodies.get(form)
        if body is None:
            body = self._bodies[form] = self._collect(form, None, None)
        return Page(body, tail)

    def _collect(
        self, form: Format, namespaces: frozenset[str] | None, families: frozenset[str] | None
    ) -> Body:
        pieces: list[Piece | bytes] = []
        for family, store, number in self._places:
            if families is not None and family.name not in families:
                continue
            if namespaces is None:
                found: Sequence[Piece | bytes] = store.pieces(number)
            else:
                lines = store.lines_of(number, namespaces)
                found = [lines] if lines else []
            if found:
                pieces.append(self._heads[form][family.name])
                pieces.extend(found)
        return Body(pieces)


def _of(families: Sequence[Family], *scopes: Scope) -> tuple[Family, ...]:
    return tuple(family for family in families if family.scope in scopes)
