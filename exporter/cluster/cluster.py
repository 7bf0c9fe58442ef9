"""The state of everything that is read: objects in stores, and the indexes that join them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import msgspec

from exporter.cluster.broken import BrokenIndex
from exporter.cluster.dirty import Dirty
from exporter.cluster.gaps import SHED, Gaps
from exporter.cluster.links import Links
from exporter.cluster.outlook import Outlook
from exporter.cluster.shard import Interest, Shard
from exporter.cluster.store import Store
from exporter.cluster.watcher import Watcher
from exporter.model import (
    Change,
    Delete,
    Fill,
    Forget,
    Missing,
    NamespaceReport,
    ObjectKey,
    Replace,
    ServiceKey,
    ServiceView,
    Source,
    Upsert,
)
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.objects.pods import Pod
from exporter.objects.resources import REFERRERS, RESOURCES

_DEPENDENTS = frozenset(resource.name for resource in REFERRERS)

#: Objects taken or let go between two pauses: some hundred microseconds.
STRIDE = 64


class Cluster:
    """The state of everything that is read.

    `partial` says that not all Services are read (a selector is set), so that a slice without its
    Service proves nothing. Nothing is held of the denied namespaces, and of what other shards
    report on only what this one needs; with `whole` it needs all. `refills`: whoever brings changes
    brings what is `missing`, too, so that Pods and workloads of namespaces without a Service of
    ours need not be held.
    """

    def __init__(
        self,
        source: Source = Source.ENDPOINTSLICES,
        *,
        partial: bool = False,
        denied_namespaces: Iterable[str] = (),
        shard: Shard = Shard(),  # noqa: B008 - a frozen value
        whole: bool = False,
        refills: bool = False,
    ) -> None:
        self._partial = partial
        #: What is to be held; whoever measures objects asks it too.
        self.interest = Interest(frozenset(denied_namespaces), shard, whole)
        self._stores: dict[str, Store] = {name: Store() for name in RESOURCES}
        self._broken = BrokenIndex(source.value)
        self._scopes: dict[str, set[str]] = {name: set() for name in RESOURCES}
        self._links = Links(self._stores, self._broken, source)
        self._outlook = Outlook(source, self._stores, self._broken, self._links, self.knows)
        sheds = refills and shard.total > 1 and not whole
        self._gaps = Gaps(shard if sheds else None, lambda place: self.knows("services", place))
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
                self._gaps.went(change.resource, *change.key)
                self._remove(change.resource, *change.key, dirty)
            case Replace():
                yield from self._replace(change, dirty)
            case Fill():
                yield from self._fill(change, dirty)
            case Forget():
                yield from self._close_gaps(change, dirty)
                yield from self._sweep(change.resource, change.namespace, {}, dirty)
                if change.namespace in self._scopes[change.resource]:
                    yield from self._set_scope(change, dirty, known=False)

    def resolve(self, dirty: Dirty) -> Iterator[None]:
        """Finds, in short steps, what changed Nodes concern, and the Pods of new Services."""
        yield from self._shed(dirty)
        yield from self._links.pods.settle()
        if dirty.local:
            dirty.services |= self._links.local
        if dirty.zones:
            yield from self._links.touch_services("", dirty)
        if dirty.nodes:
            yield from self._links.pods.on_nodes(dirty.nodes, dirty.services)
        dirty.local = dirty.zones = False
        dirty.nodes = set()

    def _upsert(self, resource: str, found: Retained | Rejected, dirty: Dirty) -> None:
        namespace, name = found.namespace, found.name
        if not self.interest.holds(resource, found) or not self._gaps.holds(
            resource, namespace, name, some=bool(self._stores[resource].inside(namespace))
        ):
            # It may have been ours: a slice can move to another Service.
            self._remove(resource, namespace, name, dirty)
            return
        if isinstance(found, Rejected):
            self._remove(resource, namespace, name, dirty)
            self._broken.put(resource, found)
            self._links.mark_broken(resource, found, dirty)
            if found.stand_in is not None:
                self._put(resource, None, found.stand_in, dirty)
            return
        self._mend(resource, namespace, name, dirty)
        old = self._stores[resource].get(namespace, name)
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
        if resource == "services" and (found := new if old is None else old) is not None:
            service = ServiceKey(found.namespace, found.name)
            if self._gaps.count(service, (new is not None) - (old is not None)):
                dirty.left.add(service.namespace)

    def _remove(self, resource: str, namespace: str, name: str, dirty: Dirty) -> None:
        self._mend(resource, namespace, name, dirty)
        old = self._stores[resource].pop(namespace, name)
        if old is not None:
            self._link(resource, old, None, dirty)

    def _replace(self, change: Replace, dirty: Dirty) -> Iterator[None]:
        resource, listed = change.resource, dict[str, set[str]]()
        yield from self._close_gaps(change, dirty)
        for number, found in enumerate(change.objects, 1):
            self._upsert(resource, found, dirty)
            listed.setdefault(found.namespace, set()).add(found.name)
            if not number % STRIDE:
                yield
        yield from self._sweep(resource, change.namespace, listed, dirty)
        if change.namespace not in self._scopes[resource]:
            yield from self._set_scope(change, dirty, known=True)

    def _close_gaps(self, change: Replace | Forget, dirty: Dirty) -> Iterator[None]:
        for namespace in self._gaps.close(change.resource, change.namespace):
            yield from self._links.touch_services(namespace, dirty)

    def _fill(self, change: Fill, dirty: Dirty) -> Iterator[None]:
        known_better = self._gaps.fill(change.missing)
        if known_better is None:
            return
        for number, found in enumerate(change.objects, 1):
            if found.name not in known_better:
                self._upsert(change.resource, found, dirty)
            if not number % STRIDE:
                yield
        yield from self._links.touch_services(change.missing.namespace, dirty)

    def _shed(self, dirty: Dirty) -> Iterator[None]:
        """Lets go of Pods and workloads where no Service of ours is any more."""
        left, dirty.left = dirty.left, set()
        for namespace in filter(self._gaps.sheds, left):
            for resource in SHED:
                names = [key.name for key in self._broken.keys(resource, namespace)]
                names += self._stores[resource].inside(namespace)
                if names:
                    self._gaps.open(resource, namespace)
                for number, name in enumerate(names, 1):
                    self._remove(resource, namespace, name, dirty)
                    if not number % STRIDE:
                        yield
            yield

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
        self._outlook.reads_dependents = any(self._scopes[name] for name in _DEPENDENTS)
        for watcher in self._watchers:
            watcher.change_scope(change.resource)
        dirty.namespaces.update([scope] if scope else self._links.population)
        if known and change.resource == "services":
            dirty.left.update(*(self._stores[name].namespaces(scope) for name in SHED))
        yield from self._links.touch_services(scope, dirty)

    # ── objects that could not be decoded ────────────────────────────────────────────────────

    def _mend(self, resource: str, namespace: str, name: str, dirty: Dirty) -> None:
        broken = self._broken.pop(resource, namespace, name)
        if broken is not None:
            self._links.mark_broken(resource, broken, dirty)

    # ── what comes out ───────────────────────────────────────────────────────────────────────

    def knows(self, resource: str, namespace: str | None) -> bool:
        """Whether the resource was read in this namespace (or everywhere); None: anywhere."""
        scopes = self._scopes[resource]
        if namespace is None:
            return bool(scopes)
        known = "" in scopes or namespace in scopes
        return known and not (namespace and self._gaps.has(resource, namespace))

    def complete(self, resource: str, namespace: str) -> bool:
        """Whether all objects of a namespace ("": of all) were read, and nothing was left out."""
        partial = self._partial and resource == "services"
        denied = self.interest.denied
        hidden = namespace in denied if namespace else bool(denied)
        if not namespace and self._gaps.has(resource, namespace):
            return False
        return not (partial or hidden) and self.knows(resource, namespace)

    def missing(self) -> Iterator[Missing]:
        """What was let go of and is wanted again: to be read and brought as a Fill."""
        return self._gaps.missing()

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
        """All Pods, but for those of namespaces of which only some are held."""
        store, gaps = self._stores["pods"], self._gaps
        for namespace in store.namespaces():
            if not gaps.has("pods", namespace):
                yield from store.inside(namespace).values()  # type: ignore[misc]

    def namespaces(self) -> Iterator[str]:
        """All namespaces that have a Service or a slice."""
        return iter(self._links.population)

    def broken(self) -> Iterator[Rejected]:
        """All objects that could not be decoded."""
        return self._broken.objects()

    def view(self, key: ServiceKey) -> ServiceView | None:
        """All that is known of one Service, None when there is no such Service."""
        return self._outlook.view(key, pods_behind=self.pods_behind)

    def namespace(self, namespace: str) -> NamespaceReport | None:
        """The odd slices of a namespace, None when it has neither Services nor slices."""
        return self._outlook.namespace(namespace, partial=self._partial)


def _is_same(old: Retained, new: Retained) -> bool:
    """Whether an object says nothing new: a heartbeat is another version of the same."""
    if old.resource_version == new.resource_version != "":
        return True
    return bool(msgspec.structs.replace(old, resource_version=new.resource_version) == new)  # type: ignore[type-var]
