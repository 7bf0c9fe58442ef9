"""What routing asks of the state, answered from what is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

from exporter.model import ObjectKey, ServiceKey, ServiceReport
from exporter.objects.codec import Retained
from exporter.objects.gateways import Grant
from exporter.objects.monitors import Monitor
from exporter.objects.pods import Pod
from exporter.objects.resources import WORKLOADS
from exporter.objects.workloads import Workload
from exporter.routing.references import (
    ENDPOINTS_UNREADABLE,
    OTHER_SHARD,
    SERVICE_UNDECODABLE,
    SERVICES_UNREADABLE,
)

_RESOURCES = {"Service": "services", "Pod": "pods", "Ingress": "ingresses"}


class Known(Protocol):
    """What is read of the cluster, and how much of it that is."""

    def reads(self, resource: str) -> bool:
        """Whether a resource is read anywhere."""

    def complete(self, resource: str, namespace: str) -> bool:
        """Whether all objects of a namespace ("": of all) are read: none denied, none selected."""

    def undecodable(self, resource: str, key: ObjectKey) -> bool:
        """Whether an object is there and can't be decoded."""

    def owns(self, key: ServiceKey) -> bool:
        """Whether this process reports on a Service."""

    def find(self, resource: str, key: ObjectKey) -> Retained | None:
        """One object."""

    def held(self, resource: str) -> Iterator[Retained]:
        """All objects of a resource."""

    def selected_pods(self, key: ServiceKey) -> tuple[Pod, ...] | None:
        """The Pods that a Service selects, None where they can't be read."""


class ClusterFacts:
    """The answers; `find` gives the report on a Service."""

    def __init__(
        self,
        known: Known,
        find: Callable[[ServiceKey], ServiceReport | None],
        grants: Mapping[str, Mapping[str, Grant]],
    ) -> None:
        self._known = known
        self._grants = grants
        self.report = find
        self.selected_pods = known.selected_pods

    def unknowable(self, key: ServiceKey) -> str:
        """Why a Service without a report may be there all the same, "" when it is not there."""
        if not self._known.owns(key):
            return OTHER_SHARD
        if self._known.find("services", ObjectKey(*key)) is not None:
            return ENDPOINTS_UNREADABLE  # it is so new that its own report is not made yet
        if not self._known.complete("services", key.namespace):
            return SERVICES_UNREADABLE
        return SERVICE_UNDECODABLE if self._known.undecodable("services", ObjectKey(*key)) else ""

    def grants(self, namespace: str) -> Collection[Grant] | None:
        """The ReferenceGrants of a namespace, None when they can't be read."""
        if not self._known.complete("referencegrants", namespace):
            return None
        return self._grants.get(namespace, {}).values()

    def complete(self, kind: str, namespaces: tuple[str, ...] | None) -> bool:
        """Whether all objects of a kind in these namespaces (None: all) are read."""
        places = ("",) if namespaces is None else namespaces
        return all(self._known.complete(_RESOURCES[kind], place) for place in places)

    def pod(self, key: ObjectKey) -> Pod | None:
        """A Pod."""
        found = self._known.find("pods", key)
        return found if isinstance(found, Pod) else None

    def awaited(self, monitor: Monitor) -> bool | None:
        """Whether a workload would make Pods that it chooses; None where they can't be read."""
        places = monitor.namespaces
        for resource in WORKLOADS:
            if not all(self._known.complete(resource.name, place) for place in places or ("",)):
                return None
        return any(
            isinstance(one, Workload)
            and (places is None or one.namespace in places)
            and monitor.selector.matches(one.template_labels)
            for resource in WORKLOADS
            for one in self._known.held(resource.name)
        )
