"""The workloads behind a Service: who makes its Pods, who owns whom, and who can be scaled."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.explaining.wording import count_of, show_since
from exporter.model import ServiceView, WorkloadGroup
from exporter.objects.workloads import Workload

#: What `kubectl scale` takes; a DaemonSet wants as many Pods as there are Nodes that fit.
_SCALABLE = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})


class Owner(msgspec.Struct, frozen=True):
    """A controller whose Pods the Service selects, or would.

    `wanted` is how many Pods it wants, null where that can't be read. `through` are the workloads
    that it makes them by, as in "ReplicaSet web-5d8f", none where it makes them itself.
    """

    kind: str
    name: str
    wanted: int | None
    through: tuple[str, ...]


def list_owners(view: ServiceView) -> tuple[Owner, ...] | None:
    """The controllers behind a Service, by kind and name; None while that can't be known."""
    if view.pods is None or view.pods.workloads is None or not view.service.selector:
        return None
    known = view.pods.workloads
    found = [
        Owner(
            kind=group.kind,
            name=group.name,
            wanted=group.wanted if group.readable else None,
            through=tuple(
                sorted(_name(one) for one in known.matching if one.owner_uid == group.uid)
            ),
        )
        for group in known.groups
    ]
    return tuple(sorted(found, key=lambda owner: (owner.kind, owner.name)))


def name_scalable(view: ServiceView) -> Iterator[str]:
    """The controllers that a person can scale, as in `deployment/web`.

    Never what is owned by another: its owner would undo it.
    """
    for group in _groups(view):
        if group.kind in _SCALABLE and any(member.uid == group.uid for member in group.members):
            yield f"{group.kind.lower()}/{group.name}"


def name_makers(view: ServiceView) -> Iterator[str]:
    """The workloads that are to make the Pods, those that say why they can't first."""
    makers = sorted(_makers(view), key=lambda one: (one.failure is None, one.kind, one.name))
    yield from (f"{one.kind.lower()}/{one.name}" for one in makers)


def name_owner(view: ServiceView) -> str:
    """The first of the controllers, as in `Rollout web`; "" when there is none."""
    owners = list_owners(view) or ()
    return f"{owners[0].kind} {owners[0].name}" if owners else ""


def tell_owners(view: ServiceView, now: float) -> Iterator[str]:
    """Who makes Pods with these labels, how many are wanted, and why none can be made."""
    groups = {group.uid: group for group in _groups(view)}
    for one in sorted(_makers(view), key=lambda one: (one.kind, one.name)):
        wanted = count_of(one.replicas, "Pod")
        line = f"{_name(one)} makes Pods with these labels and wants {wanted}"
        group = groups.get(one.owner_uid)
        if group is not None and group.uid != one.uid:
            line += f"; it belongs to {group.kind} {group.name}"
            if group.readable and group.wanted != one.replicas:
                line += f", which wants {count_of(group.wanted, 'Pod')}"
        yield line
        if one.failure is not None:
            why = ": ".join(filter(None, (one.failure.reason, one.failure.message)))
            yield f"{_name(one)} can't make them{show_since(one.failure.since, now)}: {why}"


def _groups(view: ServiceView) -> tuple[WorkloadGroup, ...]:
    known = view.pods.workloads if view.pods is not None else None
    return known.groups if known is not None else ()


def _makers(view: ServiceView) -> list[Workload]:
    """The matching workloads but for those that only repeat what a matching owner says."""
    known = view.pods.workloads if view.pods is not None else None
    matching = known.matching if known is not None else ()
    read = {one.uid for one in matching}
    return [one for one in matching if not one.owner_uid or one.owner_uid not in read]


def _name(workload: Workload) -> str:
    return f"{workload.kind} {workload.name}"
