"""What is asked, and what the answer may speak of: names of Nodes, zones and workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from exporter.cluster import Cluster
from exporter.foresight.losses import Loss, Scaling
from exporter.foresight.scaling import find_surplus
from exporter.model import ObjectKey, ServiceKey, ServiceView
from exporter.objects.nodes import Node
from exporter.objects.resources import WORKLOADS
from exporter.objects.workloads import Workload


class Question(msgspec.Struct, frozen=True):
    """What is lost, all of it at once: Nodes that are drained, zones, and what is scaled.

    Or `worst`: so many Nodes, whichever are the worst; then the rest is empty.
    """

    drained: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    scalings: tuple[Scaling, ...] = ()
    worst: int = 0


class Places(msgspec.Struct, frozen=True):
    """Every Node that anything is known of, with the zones that it is said to be in."""

    zones_of: dict[str, set[str]]
    zones: frozenset[str]

    def inside(self, zones: Iterable[str]) -> frozenset[str]:
        """The Nodes of these zones."""
        wanted = set(zones)
        return frozenset(node for node, held in self.zones_of.items() if held & wanted)


def find_places(cluster: Cluster, views: Iterable[ServiceView]) -> Places:
    """Nodes as they are read; besides, those that endpoints and Pods name."""
    zones_of: dict[str, set[str]] = {}
    zones: set[str] = set()
    for node in cluster.held("nodes"):
        if isinstance(node, Node):
            zones_of[node.name] = {node.zone} - {""}
            zones |= zones_of[node.name]
    read = frozenset(zones_of)
    for view in views:
        for piece in view.slices or ():
            for entry in piece.endpoints:
                if entry.zone:
                    zones.add(entry.zone)
                # What a Node says of itself holds; an endpoint may have been written before.
                if entry.node and entry.node not in read:
                    zones_of.setdefault(entry.node, set()).update({entry.zone} - {""})
    for pod in cluster.pods():
        if pod.node:
            zones_of.setdefault(pod.node, set())
    return Places(zones_of, frozenset(zones))


def find_workloads(cluster: Cluster, namespaces: Iterable[str] = ()) -> Iterator[Workload]:
    """All workloads (of these namespaces) whose number of Pods somebody can set."""
    wanted = set(namespaces)
    for resource in WORKLOADS:
        for one in cluster.held(resource.name):
            if not isinstance(one, Workload) or one.kind == "DaemonSet":
                continue
            if not wanted or one.namespace in wanted:
                yield one


def find_loss(question: Question, cluster: Cluster, places: Places) -> Loss:
    """All that is lost by what is asked."""
    nodes = frozenset(question.drained) | places.inside(question.zones)
    pods = {ObjectKey(pod.namespace, pod.name) for pod in cluster.pods() if pod.node in nodes}
    for scaling in question.scalings:
        for workload in find_workloads(cluster, [scaling.namespace]):
            if scaling.means(workload):
                gone = find_surplus(cluster, workload, scaling)
                pods.update(ObjectKey(pod.namespace, pod.name) for pod in gone)
    return Loss(
        nodes=nodes,
        zones=frozenset(question.zones),
        pods=frozenset(pods),
        scalings=question.scalings,
        # A Node of a zone that is lost at once gets no chance to be drained.
        drained=frozenset(question.drained) - places.inside(question.zones),
    )


def find_views(cluster: Cluster, namespaces: Iterable[str] = ()) -> dict[ServiceKey, ServiceView]:
    """All that is known of each Service, in order, of all namespaces or of these."""
    wanted = set(namespaces)
    found = {}
    for key in sorted(cluster.services()):
        view = cluster.view(key) if not wanted or key.namespace in wanted else None
        if view is not None:
            found[key] = view
    return found
