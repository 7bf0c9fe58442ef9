"""What is known of one Service, or of the slices of one namespace, read off stores and indexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exporter.cluster.broken import BrokenIndex
from exporter.cluster.links import Links
from exporter.cluster.store import Store
from exporter.model import (
    NamespaceReport,
    PodsView,
    ServiceKey,
    ServiceView,
    Source,
    WorkloadsView,
)
from exporter.objects.legacy import tell_as_slices
from exporter.objects.resources import WORKLOADS
from exporter.objects.slices import EndpointSlice


class Outlook:
    """Looks and changes nothing. `knows`: whether a resource was read in a namespace."""

    def __init__(
        self,
        source: Source,
        stores: Mapping[str, Store],
        broken: BrokenIndex,
        links: Links,
        knows: Callable[[str, str | None], bool],
    ) -> None:
        self._source = source
        self._stores = stores
        self._broken = broken
        self._links = links
        self._knows = knows
        #: Whether anything that refers to Services is read.
        self.reads_dependents = False

    def view(self, key: ServiceKey, *, pods_behind: bool) -> ServiceView | None:
        """All that is known of one Service, None when there is no such Service."""
        service = self._stores["services"].get(*key)
        if service is None:
            return None
        namespace = key.namespace
        slices = self._tell_slices(key) if self._knows(self._source.value, namespace) else None
        reads_nodes = self._knows("nodes", "")
        nodes = self._links.nodes.by_name if reads_nodes else None
        pods = None
        if self._knows("pods", namespace):
            workloads = self._tell_workloads(namespace, service.selector)  # type: ignore[attr-defined]
            pods = PodsView(self._links.pods.selected(key), nodes, workloads, pods_behind)
        return ServiceView(
            service=service,  # type: ignore[arg-type]
            source=self._source,
            slices=slices,
            broken=self._broken.slices_of(key),
            pods=pods,
            nodes=nodes,
            dependents=self._links.dependents.of(key) if self.reads_dependents else None,
            zones=self._links.nodes.zones if reads_nodes else None,
        )

    def _tell_slices(self, key: ServiceKey) -> tuple[EndpointSlice, ...]:
        if self._source is Source.ENDPOINTSLICES:
            return self._links.slices.of(key)
        endpoints = self._stores["endpoints"].get(*key)
        return () if endpoints is None else tell_as_slices(endpoints)  # type: ignore[arg-type]

    def _tell_workloads(self, namespace: str, selector: Mapping[str, str]) -> WorkloadsView | None:
        unreadable = [one.kind for one in WORKLOADS if not self._knows(one.name, namespace)]
        if len(unreadable) == len(WORKLOADS):
            return None
        return self._links.workloads.view(namespace, selector, unreadable)

    def namespace(self, namespace: str, *, partial: bool) -> NamespaceReport | None:
        """The odd slices of a namespace, None when it has neither Services nor slices."""
        if namespace not in self._links.population:
            return None
        if self._source is not Source.ENDPOINTSLICES or not self._knows(
            "endpointslices", namespace
        ):
            return NamespaceReport(namespace, None, None, None)
        complete = self._knows("services", namespace)
        orphaned, frozen = self._links.slices.odd(namespace)
        return NamespaceReport(
            namespace=namespace,
            orphaned=orphaned if complete and not partial else None,
            unlabelled=self._links.slices.unlabelled(namespace),
            frozen=frozen if complete else None,
        )
