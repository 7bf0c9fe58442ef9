"""What analysis sees of one Service."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.model.keys import Source
from exporter.objects.dependents import Dependent
from exporter.objects.legacy import Endpoints
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice
from exporter.objects.workloads import Workload


class PodsView(msgspec.Struct, frozen=True):
    """What can be known of Pods around one Service.

    `selected`: the Pods that its selector matches, by name. `nodes`: None when Nodes can't be
    read. `workloads`: those in the namespace, () when they can't be read.
    """

    selected: tuple[Pod, ...]
    nodes: Mapping[str, Node] | None
    workloads: tuple[Workload, ...]


class ServiceView(msgspec.Struct, frozen=True):
    """All that is known of one Service. What is None can't be read (or is not read yet).

    `broken`: how many of its slices (or its Endpoints object) could not be decoded: no number
    that depends on them can be given.
    """

    service: Service
    source: Source
    slices: tuple[EndpointSlice, ...] | None
    endpoints: Endpoints | None
    broken: int
    pods: PodsView | None
    nodes: Mapping[str, Node] | None
    dependents: tuple[Dependent, ...] | None
