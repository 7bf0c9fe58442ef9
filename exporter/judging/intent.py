"""Whether somebody wants a Service to have Pods: workloads count by the controller they stand for.

A ReplicaSet of a Deployment (or of an Argo Rollout) repeats its owner's wish, and old ones stay at
0 for ever: what a group wants is what its controller says, or all that it owns together.
"""

from __future__ import annotations

from exporter.model import WorkloadsView
from exporter.objects.workloads import Failure, Workload


def is_meant(workloads: WorkloadsView) -> bool:
    """Whether a zero is meant: something could fill the Service, and all of it wants no Pods.

    One that wants Pods and has none is a fault, whatever stands at 0 beside it; so is one whose
    wish can't be read, for all one can tell.
    """
    if not workloads.groups:
        return False
    return all(group.readable and group.wanted == 0 for group in workloads.groups)


def wants_pods(workloads: WorkloadsView) -> bool:
    """Whether a workload wants Pods that the Service would select: then the selector is right."""
    return any(workload.replicas > 0 for workload in workloads.matching)


def find_failure(workloads: WorkloadsView) -> Failure | None:
    """Why Pods can't be made, as a workload behind the Service says; None when none says so."""
    failing = [one for one in workloads.matching if one.failure is not None and one.replicas > 0]
    first = min(failing, key=lambda one: (one.kind, one.name), default=None)
    return first.failure if first is not None else None


def find_short(workloads: WorkloadsView) -> tuple[Workload, ...]:
    """The workloads behind the Service that want more Pods than there are, by kind and name.

    What is owned by another of them only repeats it.
    """
    if not workloads.matching:
        return ()
    owners = {one.uid for one in workloads.matching if one.uid}
    short = [
        one
        for one in workloads.matching
        if one.existing is not None and one.existing < one.replicas and one.owner_uid not in owners
    ]
    return tuple(sorted(short, key=lambda one: (one.kind, one.name)))
