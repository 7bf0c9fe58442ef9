"""What is known now, indexed by Service: changes go in, the keys of touched Services come out.

It knows how objects belong together (labels, selectors, references), never what that means for
traffic. A change that brings nothing new touches nothing, so replays and relists do no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from exporter.cluster.dependents import DependentIndex
from exporter.cluster.pods import PodIndex
from exporter.cluster.slices import SliceIndex
from exporter.cluster.watcher import Watcher
from exporter.cluster.workloads import WorkloadIndex
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
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.resources import REFERRERS, RESOURCES, WORKLOADS
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice
from exporter.objects.workloads import Workload

_WORKLOADS = frozenset(resource.name for resource in WORKLOADS)
_DEPENDENTS = frozenset(resource.name for resource in REFERRERS)


class Dirty(msgspec.Struct):
    """What has to be computed again: Services, and the slices of namespaces as a whole.

    `nodes` are those that changed, until the Services they concern are found.
    """

    services: set[ServiceKey] = msgspec.field(default_factory=set)
    namespaces: set[str] = msgspec.field(default_factory=set)
    nodes: set[str] = msgspec.field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.services or self.namespaces)

    def add(self, other: Dirty) -> None:
        """Takes over what another change touched."""
        self.services |= other.services
        self.namespaces |= other.namespaces


class Cluster:
    """The state of everything that is read.

    `partial` says that not all Services are read (a selector is set), so that a slice without its
    Service proves nothing. Nothing is held of the denied namespaces.
    """

    def __init__(
        self,
        source: Source = Source.ENDPOINTSLICES,
        *,
        partial: bool = False,
        denied_namespaces: Iterable[str] = (),
    ) -> None:
        self._source = source
        self._partial = partial
        self._denied = frozenset(denied_namespaces)
        self._objects: dict[str, dict[ObjectKey, Retained]] = {name: {} for name in RESOURCES}
        self._broken: dict[str, dict[ObjectKey, Rejected]] = {name: {} for name in RESOURCES}
        self._scopes: dict[str, set[str]] = {name: set() for name in RESOURCES}
        self._slices = SliceIndex()
        self._broken_slices: dict[ServiceKey, int] = {}
        self._population: dict[str, int] = {}
        self._pods = PodIndex()
        self._nodes: dict[str, Node] = {}
        self._zones: frozenset[str] = frozenset()
        self._several_nodes = False
        self._workloads = WorkloadIndex()
        self._dependents = DependentIndex()
        self._reads_dependents = False
        #: Whether Pods are not followed closely at the time.
        self.pods_behind = False
        self._watchers: list[Watcher] = []

    def observe(self, watcher: Watcher) -> None:
        """Have every change of an object told to somebody else, too."""
        self._watchers.append(watcher)

    # ── what goes in ─────────────────────────────────────────────────────────────────────────

    def apply(self, change: Change) -> Dirty:
        """Takes a change, returns what it touched."""
        dirty = Dirty()
        match change:
            case Upsert():
                self._upsert(change.resource, change.object, dirty)
            case Delete():
                self._remove(change.resource, change.key, dirty)
            case Replace():
                self._replace(change, dirty)
            case Forget():
                self._forget(change, dirty)
        self._resolve_nodes(dirty)
        return dirty

    def _upsert(self, resource: str, found: Retained | Rejected, dirty: Dirty) -> None:
        if found.namespace in self._denied:
            return
        key = ObjectKey(found.namespace, found.name)
        if isinstance(found, Rejected):
            self._remove(resource, key, dirty)
            self._broken[resource][key] = found
            self._mark_broken(resource, found, 1, dirty)
            if found.stand_in is not None:
                self._objects[resource][key] = found.stand_in
                self._link(resource, key, None, found.stand_in, dirty)
            return
        self._mend(resource, key, dirty)
        old = self._objects[resource].get(key)
        if old is not None and found.resource_version == old.resource_version != "":
            return
        self._objects[resource][key] = found
        self._link(resource, key, old, found, dirty)

    def _remove(self, resource: str, key: ObjectKey, dirty: Dirty) -> None:
        self._mend(resource, key, dirty)
        old = self._objects[resource].pop(key, None)
        if old is not None:
            self._link(resource, key, old, None, dirty)

    def _replace(self, change: Replace, dirty: Dirty) -> None:
        resource = change.resource
        fresh = {ObjectKey(found.namespace, found.name) for found in change.objects}
        for store in (self._objects[resource], self._broken[resource]):
            for key in [key for key in self._in_scope(store, change.namespace) if key not in fresh]:
                self._remove(resource, key, dirty)
        if change.namespace not in self._scopes[resource]:
            self._set_scope(resource, change.namespace, known=True)
            self._touch_scope(change.namespace, dirty)
        for found in change.objects:
            self._upsert(resource, found, dirty)

    def _forget(self, change: Forget, dirty: Dirty) -> None:
        resource = change.resource
        for store in (self._objects[resource], self._broken[resource]):
            for key in list(self._in_scope(store, change.namespace)):
                self._remove(resource, key, dirty)
        if change.namespace in self._scopes[resource]:
            self._set_scope(resource, change.namespace, known=False)
            self._touch_scope(change.namespace, dirty)

    def _set_scope(self, resource: str, namespace: str, *, known: bool) -> None:
        scopes = self._scopes[resource]
        (scopes.add if known else scopes.discard)(namespace)
        self._reads_dependents = any(self._scopes[name] for name in _DEPENDENTS)
        for watcher in self._watchers:
            watcher.change_scope(resource)

    @staticmethod
    def _in_scope(store: Iterable[ObjectKey], namespace: str) -> Iterator[ObjectKey]:
        if not namespace:
            return iter(store)
        return (key for key in store if key.namespace == namespace)

    def _touch_scope(self, namespace: str, dirty: Dirty) -> None:
        for key in self._objects["services"]:
            if not namespace or key.namespace == namespace:
                dirty.services.add(ServiceKey(*key))
        dirty.namespaces.update([namespace] if namespace else self._population)

    # ── objects that could not be decoded ────────────────────────────────────────────────────

    def _mend(self, resource: str, key: ObjectKey, dirty: Dirty) -> None:
        broken = self._broken[resource].pop(key, None)
        if broken is not None:
            self._mark_broken(resource, broken, -1, dirty)

    def _mark_broken(self, resource: str, broken: Rejected, step: int, dirty: Dirty) -> None:
        key = ServiceKey(broken.namespace, broken.service)
        if resource == self._source.value and broken.service:
            count = self._broken_slices.get(key, 0) + step
            if count:
                self._broken_slices[key] = count
            else:
                self._broken_slices.pop(key, None)
            dirty.services.add(key)
        if resource == "services":
            self._classify(key, dirty)
            dirty.services.add(key)

    # ── how objects belong together ──────────────────────────────────────────────────────────

    def _link(
        self,
        resource: str,
        key: ObjectKey,
        old: Retained | None,
        new: Retained | None,
        dirty: Dirty,
    ) -> None:
        for watcher in self._watchers:
            watcher.change(resource, key, old, new)
        match resource:
            case "services":
                self._link_service(key, old, new, dirty)  # type: ignore[arg-type]
            case "endpointslices":
                self._link_slice(key, old, new, dirty)  # type: ignore[arg-type]
            case "endpoints":
                dirty.services.add(ServiceKey(*key))
            case "pods":
                dirty.services |= self._pods.put_pod(old, new)  # type: ignore[arg-type]
            case "nodes":
                self._link_node(old, new, dirty)  # type: ignore[arg-type]
            case _ if resource in _WORKLOADS:
                self._link_workload(resource, key, old, new, dirty)  # type: ignore[arg-type]
            case _ if resource in _DEPENDENTS:
                dirty.services |= self._dependents.put((resource, key), old, new)  # type: ignore[arg-type]

    def _link_service(
        self, key: ObjectKey, old: Service | None, new: Service | None, dirty: Dirty
    ) -> None:
        service = ServiceKey(*key)
        self._pods.put_service(service, new.selector if new else {})
        self._populate(key.namespace, (new is not None) - (old is not None), dirty)
        self._classify(service, dirty)
        dirty.services.add(service)

    def _link_slice(
        self, key: ObjectKey, old: EndpointSlice | None, new: EndpointSlice | None, dirty: Dirty
    ) -> None:
        self._populate(key.namespace, (new is not None) - (old is not None), dirty)
        for service in self._slices.put(key, old, new):
            if service.name:
                self._classify(service, dirty)
                dirty.services.add(service)
            else:
                dirty.namespaces.add(key.namespace)
        if old is not None and new is not None and old.service != new.service:
            dirty.namespaces.add(key.namespace)

    def _link_node(self, old: Node | None, new: Node | None, dirty: Dirty) -> None:
        if old is not None and new is not None and _equal_but_for_version(old, new):
            # A heartbeat changes nothing that matters; 5,000 Nodes send one every few minutes.
            return
        name = (old or new).name  # type: ignore[union-attr]
        if new is None:
            self._nodes.pop(name, None)
        else:
            self._nodes[name] = new
        dirty.nodes.add(name)

    def _resolve_nodes(self, dirty: Dirty) -> None:
        """Once for all Nodes of a change: to look for their Pods is a walk over all of them."""
        if not dirty.nodes:
            return
        zones = frozenset(node.zone for node in self._nodes.values() if node.zone)
        several = len(self._nodes) > 1
        # Whether all in one place is one of several places is asked of every Service.
        every = (zones, several) != (self._zones, self._several_nodes)
        self._zones, self._several_nodes = zones, several
        for key, service in self._objects["services"].items():
            policies = (service.internal_policy, service.external_policy)  # type: ignore[attr-defined]
            if every or "Local" in policies:
                dirty.services.add(ServiceKey(*key))
        dirty.services |= self._pods.on_nodes(dirty.nodes)
        dirty.nodes.clear()

    def _link_workload(
        self,
        resource: str,
        key: ObjectKey,
        old: Workload | None,
        new: Workload | None,
        dirty: Dirty,
    ) -> None:
        for labels in self._workloads.put(resource, old, new):
            dirty.services |= self._pods.match(key.namespace, labels)

    def _populate(self, namespace: str, step: int, dirty: Dirty) -> None:
        if not step:
            return
        count = self._population.get(namespace, 0) + step
        if count:
            self._population[namespace] = count
        else:
            self._population.pop(namespace, None)
        if count in (0, step):
            dirty.namespaces.add(namespace)

    def _classify(self, key: ServiceKey, dirty: Dirty) -> None:
        """Counts the slices of a key that serve no Service as they should."""
        service = self._objects["services"].get(ObjectKey(*key))
        unreadable = ObjectKey(*key) in self._broken["services"]
        if self._slices.classify(key, service, unreadable=unreadable):  # type: ignore[arg-type]
            dirty.namespaces.add(key.namespace)

    # ── what comes out ───────────────────────────────────────────────────────────────────────

    def knows(self, resource: str, namespace: str | None) -> bool:
        """Whether the resource was read in this namespace (or everywhere); None: anywhere."""
        scopes = self._scopes[resource]
        return bool(scopes) if namespace is None else "" in scopes or namespace in scopes

    def find(self, resource: str, key: ObjectKey) -> Retained | None:
        """One object, None when there is none."""
        return self._objects[resource].get(key)

    def complete(self, resource: str, namespace: str) -> bool:
        """Whether all objects of a namespace ("": of all) were read, and nothing was left out."""
        partial = self._partial and resource == "services"
        denied = namespace in self._denied if namespace else bool(self._denied)
        return not (partial or denied) and self.knows(resource, namespace)

    def undecodable(self, resource: str, key: ObjectKey) -> bool:
        """Whether an object is there and could not be decoded."""
        return key in self._broken[resource]

    def held(self, resource: str) -> Iterator[Retained]:
        """All objects of a resource."""
        return iter(self._objects[resource].values())

    def count(self, resource: str, namespace: str = "") -> int:
        """How many objects of a resource are held, in all or in one namespace."""
        objects = self._objects[resource]
        return sum(1 for _ in self._in_scope(objects, namespace)) if namespace else len(objects)

    def services(self) -> Iterator[ServiceKey]:
        """All Services."""
        return (ServiceKey(*key) for key in self._objects["services"])

    def pods(self) -> Iterator[Pod]:
        """All Pods."""
        return iter(self._objects["pods"].values())  # type: ignore[arg-type]

    def namespaces(self) -> Iterator[str]:
        """All namespaces that have a Service or a slice."""
        return iter(self._population)

    def broken(self) -> Iterator[Rejected]:
        """All objects that could not be decoded."""
        for held in self._broken.values():
            yield from held.values()

    def view(self, key: ServiceKey) -> ServiceView | None:
        """All that is known of one Service, None when there is no such Service."""
        service = self._objects["services"].get(ObjectKey(*key))
        if service is None:
            return None
        namespace = key.namespace
        slices = self._tell_slices(key) if self.knows(self._source.value, namespace) else None
        nodes = self._nodes if self.knows("nodes", "") else None
        pods = None
        if self.knows("pods", namespace):
            workloads = self._tell_workloads(namespace, service.selector)  # type: ignore[attr-defined]
            pods = PodsView(self._pods.selected(key), nodes, workloads, self.pods_behind)
        return ServiceView(
            service=service,  # type: ignore[arg-type]
            source=self._source,
            slices=slices,
            broken=self._broken_slices.get(key, 0),
            pods=pods,
            nodes=nodes,
            dependents=self._dependents.of(key) if self._reads_dependents else None,
            zones=self._zones if nodes is not None else None,
        )

    def _tell_slices(self, key: ServiceKey) -> tuple[EndpointSlice, ...]:
        if self._source is Source.ENDPOINTSLICES:
            return self._slices.of(key)
        endpoints = self._objects["endpoints"].get(ObjectKey(*key))
        return () if endpoints is None else tell_as_slices(endpoints)  # type: ignore[arg-type]

    def _tell_workloads(self, namespace: str, selector: Mapping[str, str]) -> WorkloadsView | None:
        unreadable = [one.kind for one in WORKLOADS if not self.knows(one.name, namespace)]
        if len(unreadable) == len(WORKLOADS):
            return None
        return self._workloads.view(namespace, selector, unreadable)

    def namespace(self, namespace: str) -> NamespaceReport | None:
        """The odd slices of a namespace, None when it has neither Services nor slices."""
        if namespace not in self._population:
            return None
        if self._source is not Source.ENDPOINTSLICES or not self.knows("endpointslices", namespace):
            return NamespaceReport(namespace, None, None, None)
        complete = self.knows("services", namespace)
        orphaned, frozen = self._slices.odd(namespace)
        return NamespaceReport(
            namespace=namespace,
            orphaned=orphaned if complete and not self._partial else None,
            unlabelled=self._slices.unlabelled(namespace),
            frozen=frozen if complete else None,
        )


def _equal_but_for_version(old: Node, new: Node) -> bool:
    return msgspec.structs.replace(old, resource_version=new.resource_version) == new
