"""The workloads behind a Service, and which of them a person can scale."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.explaining.wording import count_of
from exporter.model import ServiceView

#: What `kubectl scale` takes; a DaemonSet wants as many Pods as there are Nodes that fit.
_SCALABLE = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})


class Owner(msgspec.Struct, frozen=True):
    """A workload whose Pods the Service selects, or would. `wanted` is how many Pods it wants."""

    kind: str
    name: str
    wanted: int | None


def list_owners(view: ServiceView) -> tuple[Owner, ...] | None:
    """The workloads behind a Service, by kind and name; None while that can't be known."""
    if view.pods is None or view.pods.workloads is None or not view.service.selector:
        return None
    known = view.pods.workloads.matching
    owners = {one.uid for one in known if one.uid}
    # What is owned by another of them only repeats what that one says.
    found = [
        Owner(one.kind, one.name, one.replicas) for one in known if one.owner_uid not in owners
    ]
    return tuple(sorted(found, key=lambda one: (one.kind, one.name)))


def name_scalable(view: ServiceView) -> Iterator[str]:
    """Those that can be scaled, as in `deployment/web`."""
    for owner in list_owners(view) or ():
        if owner.kind in _SCALABLE:
            yield f"{owner.kind.lower()}/{owner.name}"


def tell_owners(view: ServiceView) -> Iterator[str]:
    """What each of them wants, where there is no Pod."""
    for owner in list_owners(view) or ():
        wanted = (
            "an unknown number of Pods" if owner.wanted is None else count_of(owner.wanted, "Pod")
        )
        yield f"{owner.kind} {owner.name} makes Pods with these labels and wants {wanted}"
