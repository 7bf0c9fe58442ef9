"""Which Pods a workload would lose when it is scaled down, where the choice is open the worst."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from exporter.cluster import Cluster
from exporter.foresight.losses import Scaling
from exporter.model import ObjectKey
from exporter.objects.pods import Pod
from exporter.objects.workloads import Workload

_ORDINAL = re.compile(r"-(\d{1,9})$", re.ASCII)


def find_surplus(cluster: Cluster, workload: Workload, scaling: Scaling) -> list[Pod]:
    """The Pods that go.

    A StatefulSet takes those of the highest ordinals (apps/v1, OrderedReady). All others take what
    is not ready first (kubernetes pkg/controller/controller_utils.go, ActivePodsWithRanks); of
    ready ones those go here that leave the fewest Nodes with a Pod, for the worst.
    """
    pods = [pod for pod in _pods_of(cluster, workload) if pod.candidate]
    surplus = len(pods) - scaling.replicas
    if surplus <= 0:
        return []
    if workload.kind == "StatefulSet":
        return sorted(pods, key=_ordinal, reverse=True)[:surplus]
    return _choose(pods, surplus)


def _choose(pods: Sequence[Pod], surplus: int) -> list[Pod]:
    nodes = Counter(pod.node for pod in pods if pod.facts.ready == "True")
    ready = sorted(
        (pod for pod in pods if pod.facts.ready == "True"),
        key=lambda pod: (nodes[pod.node], pod.node, pod.name),
    )
    unready = sorted((pod for pod in pods if pod.facts.ready != "True"), key=lambda pod: pod.name)
    return [*unready, *ready][:surplus]


def _ordinal(pod: Pod) -> int:
    found = _ORDINAL.search(pod.name)
    return int(found[1]) if found else -1


def _pods_of(cluster: Cluster, workload: Workload) -> Iterable[Pod]:
    """The Pods that a workload owns, by way of its ReplicaSets."""
    for pod in cluster.pods():
        if pod.namespace != workload.namespace:
            continue
        kind, name = pod.owner.kind, pod.owner.name
        if kind == "ReplicaSet" and workload.kind == "Deployment":
            owner = cluster.find("replicasets", ObjectKey(pod.namespace, name))
            if isinstance(owner, Workload):
                kind, name = owner.owner_kind, owner.owner_name
            elif name.startswith(f"{workload.name}-") and _fits(workload, pod):
                kind, name = workload.kind, workload.name  # ReplicaSets can't be read
        elif not kind and _fits(workload, pod):
            kind, name = workload.kind, workload.name  # a controller adopts what fits and is free
        if (kind, name) == (workload.kind, workload.name):
            yield pod


def _fits(workload: Workload, pod: Pod) -> bool:
    return workload.template_labels.items() <= pod.labels.items()
