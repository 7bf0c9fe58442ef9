"""The live state: changes go in, reports and rendered lines come out, one commit at a time.

It does no I/O and knows no tasks; whoever drives it decides how long it may work at a stretch.
Readers see only what was committed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from exporter.catalogue import Group
from exporter.cluster import Cluster, Dirty
from exporter.engine.batch import Batch
from exporter.engine.choices import Choices
from exporter.engine.routes import RouteBoard
from exporter.engine.shown import Shown
from exporter.engine.transitions import Transitions, compare
from exporter.exposition import Exposition
from exporter.history import Clock, Past
from exporter.judging import assess
from exporter.model import (
    Change,
    ObjectKey,
    Reason,
    ResourceStatus,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Snapshot,
    Upsert,
)
from exporter.objects.resources import NODES
from exporter.objects.slices import EndpointSlice

__all__ = ["Choices", "State"]

#: Reports compared, and transitions kept, between two pauses.
STRIDE = 64


class State:
    """Cluster, memory, reports and exposition, kept in step."""

    def __init__(self, choices: Choices) -> None:
        # A route needs the Services of all shards: the first one holds them all and tells of it.
        self._tells_routes = Group.ROUTES in choices.groups and choices.shard.index == 0
        self.cluster = Cluster(
            choices.source,
            partial=choices.partial,
            denied_namespaces=choices.denied_namespaces,
            shard=choices.shard,
            whole=self._tells_routes,
            refills=choices.refills,
        )
        self.shard = choices.shard
        self.exposition = Exposition(choices.families())
        owns = (lambda _key: True) if self._tells_routes else choices.shard.owns
        self.routes = RouteBoard(self.cluster, self.exposition, owns)
        if choices.shard.index == 0:
            self.cluster.observe(self.routes.routing)
        self._track = choices.tracks
        #: What reports are judged by; whoever judges what is not the case asks for it too.
        self.options = choices.judging()
        self._memory: dict[ServiceKey, Past] = {}
        self._due: dict[ServiceKey, float] = {}
        # Services with a Pod that a Node has lost: the Node may come back.
        self._lost: set[ServiceKey] = set()
        self._reports: Shown[ServiceKey, ServiceReport] = Shown()
        #: Of Services that other shards report on.
        self._foreign: Shown[ServiceKey, ServiceReport] = Shown()
        #: How many of the Services shown have an annotation of ours that can't be used.
        self.misannotated = 0
        self._dirty = Dirty()
        self._observers: list[Callable[[Collection[ServiceKey]], None]] = []
        self._seen_all = False
        self._begun = Clock(0.0, 0.0)
        #: What became of each Service lately.
        self.transitions = Transitions()

    def observe(self, told: Callable[[Collection[ServiceKey]], None]) -> None:
        """Have `told` called with the keys of each commit; it must be quick."""
        self._observers.append(told)

    @property
    def reports(self) -> Mapping[ServiceKey, ServiceReport]:
        """The committed reports."""
        return self._reports

    @property
    def pending(self) -> bool:
        """Whether something is to be computed again."""
        return bool(self._dirty) or self.routes.pending

    def deliver(self, change: Change) -> None:
        """Takes a change."""
        for _ in self.take(change):
            pass

    def take(self, change: Change, came: Clock | None = None) -> Iterator[None]:
        """Takes a change in short steps, between which nothing else may be taken.

        `came` is when it did; without it, when the last batch began.
        """
        self._look_at_node(change)
        if self._track:
            self._look_before(change, self._begun if came is None else came)
        return self.cluster.take(change, self._dirty)

    def _look_at_node(self, change: Change) -> None:
        """Whether a Node is ready matters to nobody but those who have lost a Pod to one."""
        if self._lost and change.resource == NODES.name:
            self._dirty.services |= self._lost

    def _look_before(self, change: Change, clock: Clock) -> None:
        """What comes and goes within one batch is to be counted: look before it is gone."""
        # Only where a slice changes again that nobody has looked at since it changed.
        if not isinstance(change, Upsert) or not isinstance(change.object, EndpointSlice):
            return
        fresh = change.object
        key = ServiceKey(fresh.namespace, fresh.service)
        if key in self._dirty.services and key in self._memory:
            held = self.cluster.find(change.resource, ObjectKey(fresh.namespace, fresh.name))
            if isinstance(held, EndpointSlice) and held.endpoints != fresh.endpoints:
                self._report(key, clock)

    def resolving(self) -> Iterator[None]:
        """The work, in short steps, that comes before a batch; nothing may be taken meanwhile."""
        return self.cluster.resolve(self._dirty)

    def touch(self, services: Iterable[ServiceKey]) -> None:
        """Marks Services whose report changes with time alone."""
        self._dirty.services.update(services)

    @property
    def lag_threshold(self) -> float:
        """Seconds that slices and Pods may disagree before it is told."""
        return self.options.lag_threshold

    def heed(self, *, pods_behind: bool) -> None:
        """Takes whether Pods are not followed closely: what they say then contradicts nothing."""
        if pods_behind == self.cluster.pods_behind:
            return
        self.cluster.pods_behind = pods_behind
        self.touch(key for key, past in self._memory.items() if past.begun or past.down)

    def begin(self, now: float, ticks: float | None = None) -> Batch:
        """A batch of all that is pending.

        `ticks` are seconds on a clock that nobody sets; without them `now` is taken for it.
        """
        for _ in self.resolving():
            pass
        dirty, self._dirty = self._dirty, Dirty()
        self._begun = Clock(now, now if ticks is None else ticks)
        return Batch(dirty, self._begun)

    def refresh(
        self,
        now: float,
        may_go_on: Callable[[], bool] = lambda: True,
        *,
        ticks: float | None = None,
    ) -> Batch:
        """Begins a batch and works on it; see `begin` and `work`."""
        batch = self.begin(now, ticks)
        self.work(batch, may_go_on)
        return batch

    def work(self, batch: Batch, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Computes reports of a batch until it is through or `may_go_on` says no."""
        for _ in self.computing(batch):
            if not may_go_on():
                return

    def computing(self, batch: Batch) -> Iterator[None]:
        """The work of a batch, a Service or a namespace at a step."""
        todo = batch.services
        while todo:
            key = todo.pop()
            report = self._report(key, batch.clock)
            mine = self.shard.owns(key)
            before = (self._reports if mine else self._foreign).get(key)
            (batch.reports if mine else batch.foreign)[key] = report
            if mine:
                shown = self.exposition
                lines = None if report is None else shown.render(report, before)
                batch.lines.append((key, lines))
            self.routes.feel(key, before, report)
            yield
        while batch.namespaces:
            name = batch.namespaces.pop()
            about = self.cluster.namespace(name) if self.shard.owns_namespace(name) else None
            batch.namespace_lines[name] = (
                None if about is None else self.exposition.render_namespace(about)
            )
            yield
        # References look at Services: theirs have to be through.
        if batch.routes is None:
            batch.routes = self.routes.begin()
        yield from self.routes.computing(batch.routes, lambda key: self._newest(batch, key))

    def _newest(self, batch: Batch, key: ServiceKey) -> ServiceReport | None:
        mine = self.shard.owns(key)
        fresh, held = (batch.reports, self._reports) if mine else (batch.foreign, self._foreign)
        return fresh[key] if key in fresh else held.get(key)

    def commit(self, batch: Batch) -> None:
        """Makes a finished batch visible, all of it at once."""
        for _ in self.committing(batch):
            pass

    def committing(self, batch: Batch) -> Iterator[None]:
        """The work of a commit, in short steps; what readers see changes in one of them."""
        yield from self.exposition.prepare(batch.lines, batch.namespace_lines)
        if batch.routes is not None:
            yield from self.routes.preparing(batch.routes)
        yield from self._reports.prepare(batch.reports)
        yield from self._foreign.prepare(batch.foreign)
        changed = []
        misannotated = self.misannotated
        for number, (key, report) in enumerate(batch.reports.items(), 1):
            before = self._reports.get(key)
            misannotated += _is_misannotated(report) - _is_misannotated(before)
            if self._seen_all:
                change = compare(before, report, batch.clock.now)
                if change is not None:
                    changed.append((key, change))
            if not number % STRIDE:
                yield
        self._show(batch)
        self.misannotated = misannotated
        changed.reverse()
        while changed:
            self.transitions.note(*changed.pop())
            if not len(changed) % STRIDE:
                yield
        for told in self._observers:
            told(batch.reports.keys())
        yield
        for held in (self.exposition, self._reports, self._foreign, self.routes, batch):
            yield from held.release()

    def _show(self, batch: Batch) -> None:
        """The one step in which all of it becomes visible."""
        self._reports.publish(batch.reports)
        self._foreign.publish(batch.foreign)
        if batch.routes is not None:
            self.routes.show(batch.routes)
        self.exposition.publish()
        self._seen_all = True

    def settle(self, now: float, *, ticks: float | None = None) -> None:
        """Computes and commits all that is pending."""
        while self.pending:
            self.commit(self.refresh(now, ticks=ticks))

    def _report(self, key: ServiceKey, clock: Clock) -> ServiceReport | None:
        wanted = self._tells_routes or self.shard.owns(key)
        view = self.cluster.view(key) if wanted else None
        if view is None:
            self._memory.pop(key, None)
            self._due.pop(key, None)
            self._lost.discard(key)
            return None
        past, report = assess(self._memory.get(key), view, clock, self.options)
        if report.due is None:
            self._due.pop(key, None)
        else:
            self._due[key] = report.due
        if past is not None:
            self._memory[key] = past
        lost = report.pods is not None and any(
            reason == Reason.NODE_NOT_READY for reason, _ in report.pods.unready
        )
        (self._lost.add if lost else self._lost.discard)(key)
        return report

    def view(self, key: ServiceKey) -> ServiceView | None:
        """All that is known of one Service, None when there is none."""
        return self.cluster.view(key)

    def growing(self, now: float) -> Collection[ServiceKey]:
        """Services whose report is another by now, through time alone.

        Those whose judgement time has changed, and, while changes count, those that are down.
        """
        due = {key for key, moment in self._due.items() if moment <= now}
        if self._track:
            due.update(key for key, past in self._memory.items() if past.counted is not None)
        return due

    def snapshot(
        self, resources: tuple[ResourceStatus, ...], now: float, *, settled: bool = True
    ) -> Snapshot:
        """What readers see."""
        return Snapshot(self.reports, resources, now, shown=self._seen_all, settled=settled)


def _is_misannotated(report: ServiceReport | None) -> bool:
    return report is not None and bool(report.bad_annotations)
