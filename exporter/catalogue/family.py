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
    ROUTES = "routes"
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
    #: An object that refers to Services; `namespace` is empty for what is in none.
    ROUTE = "route"
    #: All objects of a kind that refers to Services.
    KIND = "kind"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that every series of this scope begins with."""
        match self:
            case Scope.NAMESPACE | Scope.KIND:
                return (self.value,)
            case Scope.ROUTE:
                return ("kind", "namespace", "name")
        return ("namespace", self.value)


class Stability(StrEnum):
    """How firmly a name stands: stable ones change only with a major version."""

    STABLE = "stable"
    EXPERIMENTAL = "experimental"


class Family(msgspec.Struct, frozen=True):
    """One metric family: what it is called, what it says, how its samples come out of a report.

    `labels` are those after the scope's own. `samples` takes the report that `scope` says: on a
    Service, a namespace, a route or a kind. `reads` are the fields of a ServiceReport that it looks
    at: while they are what they were, so are the samples. `free`: the names of the labels differ by
    Service, samples are FreeSamples. `info` families are gauges of value 1 whose name ends in
    `_info`.
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
    reads: tuple[str, ...] = ()

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The scope's labels and the family's own, in the order they are written."""
        return self.scope.labels + self.labels
