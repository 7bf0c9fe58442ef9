"""Routes in step with Services: what is to be resolved again, and what will be committed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from exporter.cluster import Cluster
from exporter.engine.shown import Shown
from exporter.exposition import Exposition
from exporter.exposition.fragments import Fragment
from exporter.model import KindReport, ObjectKey, RouteKey, RouteReport, ServiceKey, ServiceReport
from exporter.objects.codec import Retained
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.routing import Routing

Find = Callable[[ServiceKey], ServiceReport | None]


class _Known:
    """What routing may know: the cluster, as far as this process holds it."""

    def __init__(self, cluster: Cluster, owns: Callable[[ServiceKey], bool]) -> None:
        self._cluster = cluster
        self.owns = owns

    def reads(self, resource: str) -> bool:
        return self._cluster.knows(resource, None)

    def complete(self, resource: str, namespace: str) -> bool:
        return self._cluster.complete(resource, namespace)

    def undecodable(self, resource: str, key: ObjectKey) -> bool:
        return self._cluster.undecodable(resource, key)

    def find(self, resource: str, key: ObjectKey) -> Retained | None:
        return self._cluster.find(resource, key)

    def held(self, resource: str) -> Iterator[Retained]:
        return self._cluster.held(resource)

    def selected_pods(self, key: ServiceKey) -> tuple[Pod, ...] | None:
        view = self._cluster.view(key)
        return view.pods.selected if view is not None and view.pods is not None else None


class RouteBoard:
    """The reports on all that refers to Services, and the way to make them again.

    `owns` says of which Services this process knows the endpoints.
    """

    def __init__(
        self, cluster: Cluster, exposition: Exposition, owns: Callable[[ServiceKey], bool]
    ) -> None:
        self.routing = Routing(_Known(cluster, owns))
        self._cluster = cluster
        self._exposition = exposition
        self._reports: Shown[RouteKey, RouteReport] = Shown()
        self._kinds: Shown[str, KindReport] = Shown()
        #: Changes with every commit that tells anything else of a route.
        self.revision = 0

    @property
    def reports(self) -> Mapping[RouteKey, RouteReport]:
        """The committed reports."""
        return self._reports

    @property
    def kinds(self) -> Mapping[str, KindReport]:
        """The kinds that can be read, and how many there are of each."""
        return self._kinds

    def pointing(self, service: ServiceKey) -> list[RouteReport]:
        """What refers to a Service, in order."""
        found = self._cluster.find("services", ObjectKey(*service))
        keys = self.routing.pointing(service, found.labels if isinstance(found, Service) else {})
        return [self._reports[key] for key in keys if key in self._reports]

    @property
    def pending(self) -> bool:
        """Whether something is to be resolved again."""
        return self.routing.pending

    def feel(self, key: ServiceKey, old: ServiceReport | None, new: ServiceReport | None) -> None:
        """Takes a new report on a Service, and marks what refers to it where that matters."""
        if old is not None and new is not None and _alike(old, new):
            return
        for report in (old, new):
            labels = report.service.labels if report is not None else {}
            self.routing.touch(key, labels)

    def begin(self) -> RouteBatch:
        """What is to be made again, all of it."""
        return RouteBatch(self.routing.take(), self.routing.take_kinds())

    def computing(self, batch: RouteBatch, find: Find) -> Iterator[None]:
        """The work of resolving, one at a step."""
        tell = self.routing.reporting(find)
        while batch.routes:
            key = batch.routes.pop()
            report, before = tell(key), self._reports.get(key)
            if report != before:
                batch.reports[key] = report
                lines = None if report is None else self._exposition.render_route(report)
                # Of ten thousand that are read and well none has lines. Whoever had some keeps its
                # place: it may have some again, and to splice them in is quick.
                if before is not None or (lines is not None and any(lines)):
                    batch.lines.append((key, lines))
            yield
        while batch.kinds:
            kind = batch.kinds.pop()
            count = self.routing.count(kind)
            batch.counts[kind] = count
            batch.kind_lines[kind] = None if count is None else self._exposition.render_kind(count)
            yield

    def preparing(self, batch: RouteBatch) -> Iterator[None]:
        """The work of making a batch's lines ready to be shown."""
        yield from self._exposition.prepare_routes(batch.lines, batch.kind_lines)
        yield from self._reports.prepare(batch.reports)

    def show(self, batch: RouteBatch) -> None:
        """Makes the reports of a finished batch visible; the exposition publishes its lines."""
        self._reports.publish(batch.reports)
        self._kinds.publish(batch.counts)
        if batch.reports or batch.counts:
            self.revision += 1

    def release(self) -> Iterator[None]:
        """Lets go, in short steps, of what was shown before."""
        yield from self._reports.release()


class RouteBatch:
    """Work in hand: what is still to be resolved, and what will be committed."""

    def __init__(self, routes: set[RouteKey], kinds: set[str]) -> None:
        self.routes = routes
        self.kinds = kinds
        self.reports: dict[RouteKey, RouteReport | None] = {}
        self.lines: list[tuple[RouteKey, Fragment | None]] = []
        self.counts: dict[str, KindReport | None] = {}
        self.kind_lines: dict[str, Fragment | None] = {}

    @property
    def finished(self) -> bool:
        """Whether nothing is left to resolve."""
        return not (self.routes or self.kinds)

    @property
    def touched(self) -> Collection[RouteKey]:
        """The routes of which something else is told."""
        return self.reports.keys()


def _alike(old: ServiceReport, new: ServiceReport) -> bool:
    """Whether all that references look at is the same."""
    return (
        old.service is new.service
        and old.known == new.known
        and old.reason is new.reason
        and old.judgement == new.judgement
        and [port.ready > 0 for port in old.ports] == [port.ready > 0 for port in new.ports]
    )
