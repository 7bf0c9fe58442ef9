"""What analysis sees of one Service."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.model.keys import Source
from exporter.objects.dependents import Dependent
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice
from exporter.objects.workloads import Workload


class WorkloadGroup(msgspec.Struct, frozen=True):
    """All that stands for one controller: a workload by itself, or what an unread owner owns.

    `uid`, `kind` and `name` are the controller's. `members` is that controller, where it is read;
    else the workloads that it owns. `readable` is False when workloads of its kind can't be read:
    then what it wants can't be known.
    """

    uid: str
    kind: str
    name: str
    members: tuple[Workload, ...]
    readable: bool = True

    @property
    def wanted(self) -> int:
        """How many Pods are wanted in all."""
        return sum(member.replicas for member in self.members)


class WorkloadsView(msgspec.Struct, frozen=True):
    """The workloads whose Pods a Service would select, and the controllers they stand for."""

    matching: tuple[Workload, ...] = ()
    groups: tuple[WorkloadGroup, ...] = ()


class PodsView(msgspec.Struct, frozen=True):
    """What can be known of Pods around one Service.

    `selected`: the Pods that its selector matches. `nodes`: None when Nodes can't be read.
    `workloads`: None when none can be read. `behind`: Pods are not followed closely at the time
    (a watch that fails, polls that are due), so that they contradict nothing newer than them.
    """

    selected: tuple[Pod, ...]
    nodes: Mapping[str, Node] | None
    workloads: WorkloadsView | None
    behind: bool = False


class ServiceView(msgspec.Struct, frozen=True):
    """All that is known of one Service. What is None can't be read (or is not read yet).

    `slices` are its EndpointSlices or, where the source is Endpoints, that object told as slices:
    what it can't know of them, Source says. `broken`: how many of them could not be decoded: no
    number that depends on them can be given. `zones` are all that Nodes are in.
    """

    service: Service
    source: Source
    slices: tuple[EndpointSlice, ...] | None
    broken: int
    pods: PodsView | None
    nodes: Mapping[str, Node] | None
    dependents: tuple[Dependent, ...] | None
    zones: frozenset[str] | None = None

    @property
    def addresses(self) -> tuple[EndpointSlice, ...] | None:
        """The slices, None where no number can be taken from them."""
        return None if self.broken else self.slices
