"""The state of everything that is read: objects in stores, and the indexes that join them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import msgspec

from exporter.cluster.broken import BrokenIndex
from exporter.cluster.dirty import Dirty
from exporter.cluster.links import Links
from exporter.cluster.shard import Interest, Shard
from exporter.cluster.store import Store
from exporter.cluster.watcher import Watcher
from exporter.model import (
    Change,
    Delete,
    Forget,
    NamespaceReport,
    ObjectKey,
    PodsView,
    Replace,
    ServiceKey,
    ServiceView,
    Source,
    Upsert,
    WorkloadsView,
)
from exporter.objects.codec import Retained
from exporter.objects.legacy import tell_as_slices
from exporter.objects.meta import Rejected
from exporter.objects.pods import Pod
from exporter.objects.resources import REFERRERS, RESOURCES, WORKLOADS
from exporter.objects.slices import EndpointSlice

_DEPENDENTS = frozenset(resource.name for resource in REFERRERS)

#: Objects taken or let go between two pauses: some hundred microseconds.
STRIDE = 64


class Cluster:
    """The state of everything that is read.

    `partial` says that not all Services are read (a selector is set), so that a slice without its
    Service proves nothing. Nothing is held of the denied namespaces, and of what other shards
    report on only what this one needs; with `whole` it needs all.
    """

    def __init__(
        self,
        source: Source = Source.ENDPOINTSLICES,
        *,
        partial: bool = False,
        denied_namespaces: Iterable[str] = (),
        shard: Shard = Shard(),  # noqa: B008 - a frozen value
        whole: bool = False,
    ) -> None:
        self._source = source
        self._partial = partial
        #: What is to be held; whoever measures objects asks it too.
        self.interest = Interest(frozenset(denied_namespaces), shard, whole)
        self._stores: dict[str, Store] = {name: Store() for name in RESOURCES}
        self._broken = BrokenIndex(source.value)
        self._scopes: dict[str, set[str]] = {name: set() for name in RESOURCES}
        self._links = Links(self._stores, self._broken)
        self._reads_dependents = False
        #: Whether Pods are not followed closely at the time.
        self.pods_behind = False
        self._watchers: list[Watcher] = []

    def observe(self, watcher: Watcher) -> None:
        """Have every change of an object told to somebody else, too."""
        self._watchers.append(watcher)

    # ── what goes in ─────────────────────────────────────────────────────────────────────────

    def apply(self, change: Change) -> Dirty:
        """Takes a change in one go, returns what it touched."""
        dirty = Dirty()
        for _ in chain(self.take(change, dirty), self.resolve(dirty)):
            pass
        return dirty

    def take(self, change: Change, dirty: Dirty) -> Iterator[None]:
        """Takes a change in short steps, and adds what it touched.

        Between two steps nothing else may be taken. What Nodes concern is left to `resolve`.
        """
        match change:
            case Upsert():
                self._upsert(change.resource, change.object, dirty)
            case Delete():
                self._remove(change.resource, *change.key, dirty)
            case Replace():
                yield from self._replace(change, dirty)
            case Forget():
                yield from self._sweep(change.resource, change.namespace, {}, dirty)
                if change.namespace in self._scopes[change.resource]:
                    yield from self._set_scope(change, dirty, known=False)

    def resolve(self, dirty: Dirty) -> Iterator[None]:
        """Finds, in short steps, what changed Nodes concern, and the Pods of new Services."""
        yield from self._links.pods.settle()
        if dirty.local:
            dirty.services |= self._links.local
        if dirty.zones:
            yield from self._touch_services("", dirty)
        if dirty.nodes:
            yield from self._links.pods.on_nodes(dirty.nodes, dirty.services)
        dirty.local = dirty.zones = False
        dirty.nodes = set()

    def _upsert(self, resource: str, found: Retained | Rejected, dirty: Dirty) -> None:
        if not self.interest.holds(resource, found):
            # It may have been ours: a slice can move to another Service.
            self._remove(resource, found.namespace, found.name, dirty)
            return
        if isinstance(found, Rejected):
            self._remove(resource, found.namespace, found.name, dirty)
            self._broken.put(resource, found)
            self._mark_broken(resource, found, dirty)
            if found.stand_in is not None:
                self._put(resource, None, found.stand_in, dirty)
            return
        self._mend(resource, found.namespace, found.name, dirty)
        old = self._stores[resource].get(found.namespace, found.name)
        if old is None or not _is_same(old, found):
            self._put(resource, old, found, dirty)

    def _put(self, resource: str, old: Retained | None, new: Retained, dirty: Dirty) -> None:
        self._stores[resource].put(new)
        self._link(resource, old, new, dirty)

    def _link(
        self, resource: str, old: Retained | None, new: Retained | None, dirty: Dirty
    ) -> None:
        if self._watchers and (found := new or old) is not None:
            key = ObjectKey(found.namespace, found.name)
            for watcher in self._watchers:
                watcher.change(resource, key, old, new)
        self._links.put(resource, old, new, dirty)

    def _remove(self, resource: str, namespace: str, name: str, dirty: Dirty) -> None:
        self._mend(resource, namespace, name, dirty)
        old = self._stores[resource].pop(namespace, name)
        if old is not None:
            self._link(resource, old, None, dirty)

    def _replace(self, change: Replace, dirty: Dirty) -> Iterator[None]:
        resource, listed = change.resource, dict[str, set[str]]()
        for number, found in enumerate(change.objects, 1):
            self._upsert(resource, found, dirty)
            listed.setdefault(found.namespace, set()).add(found.name)
            if not number % STRIDE:
                yield
        yield from self._sweep(resource, change.namespace, listed, dirty)
        if change.namespace not in self._scopes[resource]:
            yield from self._set_scope(change, dirty, known=True)

    def _sweep(
        self, resource: str, scope: str, listed: dict[str, set[str]], dirty: Dirty
    ) -> Iterator[None]:
        """Lets go of what was not listed."""
        store, done, none = self._stores[resource], 0, set[str]()
        for namespace in store.namespaces(scope):
            names = listed.get(namespace, none)
            for name in list(store.inside(namespace)):
                if name not in names:
                    self._remove(resource, namespace, name, dirty)
                done += 1
                if not done % STRIDE:
                    yield
        for key in self._broken.keys(resource, scope):
            if key.name not in listed.get(key.namespace, none):
                self._remove(resource, *key, dirty)

    def _set_scope(self, change: Replace | Forget, dirty: Dirty, *, known: bool) -> Iterator[None]:
        scopes, scope = self._scopes[change.resource], change.namespace
        (scopes.add if known else scopes.discard)(scope)
        self._reads_dependents = any(self._scopes[name] for name in _DEPENDENTS)
        for watcher in self._watchers:
            watcher.change_scope(change.resource)
        dirty.namespaces.update([scope] if scope else self._links.population)
        yield from self._touch_services(scope, dirty)

    def _touch_services(self, scope: str, dirty: Dirty) -> Iterator[None]:
        services = self._stores["services"]
        for namespace in services.namespaces(scope):
            for number, name in enumerate(list(services.inside(namespace)), 1):
                dirty.services.add(ServiceKey(namespace, name))
                if not number % (4 * STRIDE):
                    yield
            yield

    # ── objects that could not be decoded ────────────────────────────────────────────────────

    def _mend(self, resource: str, namespace: str, name: str, dirty: Dirty) -> None:
        broken = self._broken.pop(resource, namespace, name)
        if broken is not None:
            self._mark_broken(resource, broken, dirty)

    def _mark_broken(self, resource: str, broken: Rejected, dirty: Dirty) -> None:
        key = ServiceKey(broken.namespace, broken.service)
        if resource == self._source.value and broken.service:
            dirty.services.add(key)
        if resource == "services":
            self._links.classify(key, dirty)
            dirty.services.add(key)

    # ── what comes out ───────────────────────────────────────────────────────────────────────

    def knows(self, resource: str, namespace: str | None) -> bool:
        """Whether the resource was read in this namespace (or everywhere); None: anywhere."""
        scopes = self._scopes[resource]
        return bool(scopes) if namespace is None else "" in scopes or namespace in scopes

    def complete(self, resource: str, namespace: str) -> bool:
        """Whether all objects of a namespace ("": of all) were read, and nothing was left out."""
        partial = self._partial and resource == "services"
        denied = self.interest.denied
        hidden = namespace in denied if namespace else bool(denied)
        return not (partial or hidden) and self.knows(resource, namespace)

    def undecodable(self, resource: str, key: ObjectKey) -> bool:
        """Whether an object is there and could not be decoded."""
        return self._broken.has(resource, key)

    def held(self, resource: str) -> Iterator[Retained]:
        """All objects of a resource."""
        return self._stores[resource].objects()

    def find(self, resource: str, key: ObjectKey) -> Retained | None:
        """One object, None when there is none."""
        return self._stores[resource].get(*key)

    def count(self, resource: str, namespace: str = "") -> int:
        """How many objects of a resource are held, in all or in one namespace."""
        store = self._stores[resource]
        return len(store.inside(namespace)) if namespace else len(store)

    def services(self) -> Iterator[ServiceKey]:
        """All Services."""
        return (
            ServiceKey(found.namespace, found.name) for found in self._stores["services"].objects()
        )

    def pods(self) -> Iterator[Pod]:
        """All Pods."""
        return self._stores["pods"].objects()  # type: ignore[return-value]

    def namespaces(self) -> Iterator[str]:
        """All namespaces that have a Service or a slice."""
        return iter(self._links.population)

    def broken(self) -> Iterator[Rejected]:
        """All objects that could not be decoded."""
        return self._broken.objects()

    def view(self, key: ServiceKey) -> ServiceView | None:
        """All that is known of one Service, None when there is no such Service."""
        service = self._stores["services"].get(*key)
        if service is None:
            return None
        namespace = key.namespace
        slices = self._tell_slices(key) if self.knows(self._source.value, namespace) else None
        reads_nodes = self.knows("nodes", "")
        nodes = self._links.nodes.by_name if reads_nodes else None
        pods = None
        if self.knows("pods", namespace):
            workloads = self._tell_workloads(namespace, service.selector)  # type: ignore[attr-defined]
            pods = PodsView(self._links.pods.selected(key), nodes, workloads, self.pods_behind)
        return ServiceView(
            service=service,  # type: ignore[arg-type]
            source=self._source,
            slices=slices,
            broken=self._broken.slices_of(key),
            pods=pods,
            nodes=nodes,
            dependents=self._links.dependents.of(key) if self._reads_dependents else None,
            zones=self._links.nodes.zones if reads_nodes else None,
        )

    def _tell_slices(self, key: ServiceKey) -> tuple[EndpointSlice, ...]:
        if self._source is Source.ENDPOINTSLICES:
            return self._links.slices.of(key)
        endpoints = self._stores["endpoints"].get(*key)
        return () if endpoints is None else tell_as_slices(endpoints)  # type: ignore[arg-type]

    def _tell_workloads(self, namespace: str, selector: Mapping[str, str]) -> WorkloadsView | None:
        unreadable = [one.kind for one in WORKLOADS if not self.knows(one.name, namespace)]
        if len(unreadable) == len(WORKLOADS):
            return None
        return self._links.workloads.view(namespace, selector, unreadable)

    def namespace(self, namespace: str) -> NamespaceReport | None:
        """The odd slices of a namespace, None when it has neither Services nor slices."""
        if namespace not in self._links.population:
            return None
        if self._source is not Source.ENDPOINTSLICES or not self.knows("endpointslices", namespace):
            return NamespaceReport(namespace, None, None, None)
        complete = self.knows("services", namespace)
        orphaned, frozen = self._links.slices.odd(namespace)
        return NamespaceReport(
            namespace=namespace,
            orphaned=orphaned if complete and not self._partial else None,
            unlabelled=self._links.slices.unlabelled(namespace),
            frozen=frozen if complete else None,
        )


def _is_same(old: Retained, new: Retained) -> bool:
    """Whether an object says nothing new: a heartbeat is another version of the same."""
    if old.resource_version == new.resource_version != "":
        return True
    return bool(msgspec.structs.replace(old, resource_version=new.resource_version) == new)  # type: ignore[type-var]
