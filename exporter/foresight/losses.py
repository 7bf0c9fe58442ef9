"""What is lost, and what is known of a Service without it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from exporter.model import ObjectKey, PodsView, ServiceView, WorkloadGroup, WorkloadsView
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.slices import Endpoint, EndpointSlice
from exporter.objects.workloads import Workload

#: Who owns Pods that a drain leaves where they are: `kubectl drain` skips those of DaemonSets, and
#: mirror Pods, which the Node itself owns (kubectl pkg/drain/filters.go).
STAYING = frozenset({"DaemonSet", "Node"})


class Scaling(msgspec.Struct, frozen=True):
    """A workload (kind, namespace, name) and how many Pods it is to have."""

    kind: str
    namespace: str
    name: str
    replicas: int

    def means(self, workload: Workload) -> bool:
        """Whether it is this one."""
        mine = (self.kind, self.namespace, self.name)
        return mine == (workload.kind, workload.namespace, workload.name)


class Loss(msgspec.Struct, frozen=True):
    """All that is lost: Nodes, zones and single Pods by name; `scalings` are what is wanted then.

    `drained` are those of the Nodes that are emptied before they go.
    """

    nodes: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    pods: frozenset[ObjectKey] = frozenset()
    scalings: tuple[Scaling, ...] = ()
    drained: frozenset[str] = frozenset()

    def takes(self, entry: Endpoint, namespace: str) -> bool:
        """Whether an endpoint goes: by its Node, its zone or its Pod."""
        if entry.node in self.nodes or (entry.zone and entry.zone in self.zones):
            return True
        return bool(entry.pod) and ObjectKey(namespace, entry.pod) in self.pods


class Aftermath:
    """The views of Services after a loss; what Nodes are left is found out once."""

    def __init__(self, loss: Loss, nodes: Mapping[str, Node] | None) -> None:
        self.loss = loss
        self._nodes = (
            None
            if nodes is None
            else {name: node for name, node in nodes.items() if name not in loss.nodes}
        )
        self._zones = (
            None
            if self._nodes is None
            else frozenset(node.zone for node in self._nodes.values() if node.zone)
        )

    def view(self, view: ServiceView) -> ServiceView:
        """The same Service without what is lost."""
        namespace, loss = view.service.namespace, self.loss
        slices = view.slices
        gone: set[str] = set()
        if slices is not None:
            slices = tuple([_cut(piece, namespace, loss, gone) for piece in slices])
        pods = view.pods
        if pods is not None:
            pods = PodsView(
                tuple([pod for pod in pods.selected if not self._takes_pod(pod, gone)]),
                self._nodes,
                _scale(pods.workloads, loss.scalings),
                pods.behind,
            )
        return msgspec.structs.replace(
            view, slices=slices, pods=pods, nodes=self._nodes, zones=self._zones
        )

    def _takes_pod(self, pod: Pod, gone: Collection[str]) -> bool:
        if pod.node in self.loss.nodes or pod.name in gone:
            return True
        return ObjectKey(pod.namespace, pod.name) in self.loss.pods


def _cut(piece: EndpointSlice, namespace: str, loss: Loss, gone: set[str]) -> EndpointSlice:
    """The slice without lost endpoints; the names of their Pods are added to `gone`."""
    lost = [entry for entry in piece.endpoints if loss.takes(entry, namespace)]
    if not lost:
        return piece
    gone.update(entry.pod for entry in lost if entry.pod)
    left = tuple([entry for entry in piece.endpoints if not loss.takes(entry, namespace)])
    return msgspec.structs.replace(piece, endpoints=left)


def _scale(view: WorkloadsView | None, scalings: Collection[Scaling]) -> WorkloadsView | None:
    if view is None or not scalings:
        return view
    return WorkloadsView(
        tuple([_scale_one(one, scalings) for one in view.matching]),
        tuple([_scale_group(group, scalings) for group in view.groups]),
    )


def _scale_group(group: WorkloadGroup, scalings: Collection[Scaling]) -> WorkloadGroup:
    members = tuple([_scale_one(one, scalings) for one in group.members])
    return group if members == group.members else msgspec.structs.replace(group, members=members)


def _scale_one(workload: Workload, scalings: Collection[Scaling]) -> Workload:
    for scaling in scalings:
        if scaling.means(workload):
            return msgspec.structs.replace(workload, replicas=scaling.replicas)
    return workload
