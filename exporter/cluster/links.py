"""How objects belong together: slices by label, Pods by selector, Nodes, dependents, namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.cluster.broken import BrokenIndex
from exporter.cluster.dependents import DependentIndex
from exporter.cluster.dirty import Dirty
from exporter.cluster.nodes import NodeIndex
from exporter.cluster.pods import PodIndex
from exporter.cluster.slices import SliceIndex
from exporter.cluster.store import Store
from exporter.cluster.workloads import WorkloadIndex
from exporter.model import ObjectKey, ServiceKey, Source
from exporter.objects.codec import Retained
from exporter.objects.legacy import Endpoints
from exporter.objects.meta import Rejected
from exporter.objects.resources import REFERRERS, WORKLOADS
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice
from exporter.objects.workloads import Workload

_WORKLOADS = tuple(resource.name for resource in WORKLOADS)
_DEPENDENTS = frozenset(resource.name for resource in REFERRERS)

#: Services marked between two pauses.
_SERVICES = 256


class Links:
    """The indexes over the stores: a change of an object goes in, what it concerns comes out.

    `population` counts Services and slices by namespace; `local` are the Services whose traffic
    stays on a Node.
    """

    def __init__(self, stores: Mapping[str, Store], broken: BrokenIndex, source: Source) -> None:
        self._source = source
        self._stores = stores
        self._broken = broken
        self.slices = SliceIndex()
        self.pods = PodIndex()
        self.nodes = NodeIndex()
        self.workloads = WorkloadIndex()
        self.dependents = DependentIndex()
        self.local: set[ServiceKey] = set()
        self.population: dict[str, int] = {}

    def put(self, resource: str, old: Retained | None, new: Retained | None, dirty: Dirty) -> None:
        """Takes an object's change (None: not there) and adds what it concerns."""
        match resource:
            case "services":
                self._link_service(old, new, dirty)  # type: ignore[arg-type]
            case "endpointslices":
                self._link_slice(old, new, dirty)  # type: ignore[arg-type]
            case "endpoints":
                found: Endpoints = new or old  # type: ignore[assignment]
                dirty.services.add(ServiceKey(found.namespace, found.name))
            case "pods":
                dirty.services |= self.pods.put_pod(old, new)  # type: ignore[arg-type]
            case "nodes":
                self.nodes.put(old, new, dirty)  # type: ignore[arg-type]
            case _ if resource in _WORKLOADS:
                workload: Workload = new or old  # type: ignore[assignment]
                for labels in self.workloads.put(resource, old, new):  # type: ignore[arg-type]
                    dirty.services |= self.pods.match(workload.namespace, labels)
            case _ if resource in _DEPENDENTS:
                named: Retained = new or old  # type: ignore[assignment]
                key = (resource, ObjectKey(named.namespace, named.name))
                dirty.services |= self.dependents.put(key, old, new)  # type: ignore[arg-type]

    def _link_service(self, old: Service | None, new: Service | None, dirty: Dirty) -> None:
        found: Service = new or old  # type: ignore[assignment]
        key = ServiceKey(found.namespace, found.name)
        self.pods.put_service(key, new.selector if new else {})
        local = new is not None and "Local" in (new.internal_policy, new.external_policy)
        (self.local.add if local else self.local.discard)(key)
        self._populate(key.namespace, (new is not None) - (old is not None), dirty)
        self.classify(key, dirty)
        dirty.services.add(key)

    def _link_slice(
        self, old: EndpointSlice | None, new: EndpointSlice | None, dirty: Dirty
    ) -> None:
        found: EndpointSlice = new or old  # type: ignore[assignment]
        key = ObjectKey(found.namespace, found.name)
        self._populate(key.namespace, (new is not None) - (old is not None), dirty)
        for service in self.slices.put(key, old, new):
            if service.name:
                self.classify(service, dirty)
                dirty.services.add(service)
            else:
                dirty.namespaces.add(key.namespace)
        if old is not None and new is not None and old.service != new.service:
            dirty.namespaces.add(key.namespace)

    def _populate(self, namespace: str, step: int, dirty: Dirty) -> None:
        if not step:
            return
        count = self.population.get(namespace, 0) + step
        if count:
            self.population[namespace] = count
        else:
            self.population.pop(namespace, None)
        if count in (0, step):
            dirty.namespaces.add(namespace)

    def classify(self, key: ServiceKey, dirty: Dirty) -> None:
        """Counts the slices of a key that serve no Service as they should."""
        service = self._stores["services"].get(*key)
        unreadable = self._broken.has("services", key)
        if self.slices.classify(key, service, unreadable=unreadable):  # type: ignore[arg-type]
            dirty.namespaces.add(key.namespace)

    def mark_broken(self, resource: str, broken: Rejected, dirty: Dirty) -> None:
        """Adds what an object concerns that could not be decoded, or can now."""
        key = ServiceKey(broken.namespace, broken.service)
        if resource == self._source.value and broken.service:
            dirty.services.add(key)
        if resource == "services":
            self.classify(key, dirty)
            dirty.services.add(key)

    def touch_services(self, scope: str, dirty: Dirty) -> Iterator[None]:
        """Adds all Services of a scope ("": of all), in short steps."""
        services = self._stores["services"]
        for namespace in services.namespaces(scope):
            for number, name in enumerate(list(services.inside(namespace)), 1):
                dirty.services.add(ServiceKey(namespace, name))
                if not number % _SERVICES:
                    yield
            yield
