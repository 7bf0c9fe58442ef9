"""What is said of a reference, of the rule it stands in and of the object that makes it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

from exporter.model.keys import ServiceKey
from exporter.objects.dependents import Backend, Door, Parent, Rule


class RouteKey(NamedTuple):
    """What refers to Services; `namespace` is "" for what is in none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`ingress/shop/front`, as `explain` takes it."""
        return "/".join(filter(None, (self.kind.lower(), self.namespace, self.name)))


class Result(StrEnum):
    """What becomes of a reference: the first that holds, in this order."""

    NOT_JUDGED = "NotJudged"
    MISSING_SERVICE = "MissingService"
    MISSING_PORT = "MissingPort"
    NOT_PERMITTED = "NotPermitted"
    EXTERNAL_NAME = "ExternalName"
    NO_ENDPOINTS = "NoEndpoints"
    NEW = "New"
    INTENDED = "Intended"
    DEGRADED = "Degraded"
    WEIGHT_ZERO = "WeightZero"
    OK = "ok"
    UNKNOWN = "unknown"

    @property
    def broken(self) -> bool:
        """Whether what is sent there is lost."""
        return self in BROKEN


#: The problems: what `k8s_route_backend_broken` tells.
BROKEN = frozenset(
    {
        Result.MISSING_SERVICE,
        Result.MISSING_PORT,
        Result.NOT_PERMITTED,
        Result.EXTERNAL_NAME,
        Result.NO_ENDPOINTS,
    }
)


class ReferenceReport(msgspec.Struct, frozen=True, gc=False):
    """A reference and its result.

    `reason` says why: the Service's own reason, or a word on what can't be known.
    """

    backend: Backend
    result: Result
    reason: str = ""

    @property
    def service(self) -> ServiceKey:
        """The Service it names."""
        return ServiceKey(self.backend.namespace, self.backend.name)

    @property
    def broken(self) -> bool:
        """Whether what is sent there is lost."""
        return self.result in BROKEN


class RuleReport(msgspec.Struct, frozen=True, gc=False):
    """A rule and its references. `share` is the part of its traffic that fails, 0 to 1."""

    rule: Rule
    references: tuple[ReferenceReport, ...]
    share: float


class RouteReport(msgspec.Struct, frozen=True, gc=False):
    """All that is said of one object that refers to Services.

    `share` is that of its worst rule. `rejected`: no parent accepts it, so it sends nothing
    anywhere and nothing of it counts as broken. `selected`: how much a monitor chooses, None for
    what is no monitor.
    """

    key: RouteKey
    rules: tuple[RuleReport, ...]
    share: float
    rejected: bool = False
    parents: tuple[Parent, ...] = ()
    doors: tuple[Door, ...] = ()
    selected: int | None = None

    @property
    def broken(self) -> tuple[ReferenceReport, ...]:
        """The references that are broken and count."""
        if self.rejected:
            return ()
        return tuple(ref for rule in self.rules for ref in rule.references if ref.broken)


class KindReport(msgspec.Struct, frozen=True):
    """How many objects of a kind there are, and how many references they make."""

    kind: str
    routes: int
    backends: int
