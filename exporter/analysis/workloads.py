"""Whether somebody wants a Service to have no Pods."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.objects.services import Service
from exporter.objects.workloads import Workload


def find_workloads(service: Service, workloads: Iterable[Workload]) -> tuple[Workload, ...]:
    """The workloads whose Pods the Service would select, by kind and name.

    A ReplicaSet that a Deployment owns does not count: old ones stay at 0 for ever, and the
    current one only repeats what the Deployment says.
    """
    if not service.selector:
        return ()
    wanted = service.selector.items()
    found = [
        workload
        for workload in workloads
        if workload.namespace == service.namespace
        and wanted <= workload.template_labels.items()
        and not (workload.kind == "ReplicaSet" and workload.owner_kind == "Deployment")
    ]
    return tuple(sorted(found, key=lambda workload: (workload.kind, workload.name)))


def find_scaled_to_zero(service: Service, workloads: Iterable[Workload]) -> tuple[Workload, ...]:
    """The workloads behind the Service when all of them are at 0 replicas, else ().

    One that wants Pods and has none is a fault, whatever stands at 0 beside it.
    """
    found = find_workloads(service, workloads)
    return () if any(workload.replicas > 0 for workload in found) else found
