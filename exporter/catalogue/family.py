"""What a metric family is, as a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

import msgspec

#: One sample: the values of the family's own labels (those after namespace and service), the value.
Sample = tuple[tuple[str, ...], float]
#: A sample of a family whose label names differ from one Service to the next.
FreeSample = tuple[tuple[tuple[str, str], ...], float]


class Kind(StrEnum):
    """The type of a family, as exposition formats spell it."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"
    HISTOGRAM = "histogram"


class Group(StrEnum):
    """Families that are switched on and off together."""

    CORE = "core"
    PORTS = "ports"
    TOPOLOGY = "topology"
    SLICES = "slices"
    CHANGES = "changes"
    PODS = "pods"
    DEPENDENTS = "dependents"
    LABELS = "labels"
    ADDRESSES = "addresses"
    COMPATIBILITY = "compatibility"


#: Within the budget of 14 series for a healthy single-stack, single-port Service.
DEFAULT_GROUPS = frozenset({Group.CORE, Group.PORTS, Group.SLICES, Group.PODS})


class Scope(StrEnum):
    """What one series of a family is about; it decides which labels come first."""

    SERVICE = "service"
    NAMESPACE = "namespace"
    #: A Service under the label that kube-state-metrics gave its Endpoints object.
    ENDPOINT = "endpoint"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that every series of this scope begins with."""
        return ("namespace",) if self is Scope.NAMESPACE else ("namespace", self.value)


class Stability(StrEnum):
    """How firmly a name stands: stable ones change only with a major version."""

    STABLE = "stable"
    EXPERIMENTAL = "experimental"


class Family(msgspec.Struct, frozen=True):
    """One metric family: what it is called, what it says, how its samples come out of a report.

    `labels` are those after the scope's own. `samples` takes a ServiceReport or NamespaceReport,
    after `scope`. `free`: the names of the labels differ by Service, samples are FreeSamples.
    `info` families are gauges of value 1 whose name ends in `_info`.
    """

    name: str
    kind: Kind
    group: Group
    help: str
    samples: Callable[[Any], Iterable[Any]]
    labels: tuple[str, ...] = ()
    scope: Scope = Scope.SERVICE
    stability: Stability = Stability.STABLE
    free: bool = False

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The scope's labels and the family's own, in the order they are written."""
        return self.scope.labels + self.labels
