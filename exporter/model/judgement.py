"""How a Service stands, and what is remarkable about it: data, and no word for people."""

from __future__ import annotations

from enum import StrEnum

import msgspec

#: (whom it is about, what about it): see Finding.
About = tuple[str, str]

#: Of how many a finding tells by name; `count` says how many there are.
MOST_ABOUT = 20


class Standing(StrEnum):
    """How a Service stands, worst first."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    NEW = "new"
    READY = "ready"
    INTENDED = "intended"


#: What the metric says of each standing: the larger the worse for whoever is on call.
STANDING_VALUES: dict[Standing, int] = {
    Standing.INTENDED: 0,
    Standing.READY: 1,
    Standing.NEW: 2,
    Standing.DEGRADED: 3,
    Standing.UNKNOWN: 4,
    Standing.DOWN: 5,
}

_FINE = frozenset({Standing.NEW, Standing.READY, Standing.INTENDED})


class Weight(StrEnum):
    """How much a finding weighs: a warning makes a Service degraded, a note is merely told."""

    WARNING = "warning"
    NOTE = "note"


class FindingCode(StrEnum):
    """What can be remarkable about a Service; in this order the first is the headline."""

    ENDPOINTS_WITHDRAWN = "EndpointsWithdrawn"
    STALE_ENDPOINTS = "StaleEndpoints"
    BELOW_MIN_READY = "BelowMinReady"
    PORT_WITHOUT_ENDPOINTS = "PortWithoutEndpoints"
    FAMILY_WITHOUT_ENDPOINTS = "FamilyWithoutEndpoints"
    HALF_UNREADY = "HalfUnready"
    ENDPOINTS_LAGGING = "EndpointsLagging"
    LOAD_BALANCER_PENDING = "LoadBalancerPending"
    LOCAL_POLICY_GAP = "LocalPolicyGap"
    TERMINATING_STUCK = "TerminatingStuck"
    BROKEN_REFERENCE = "BrokenReference"
    REPLICAS_MISSING = "ReplicasMissing"
    TRUNCATED = "Truncated"
    LEFTOVER_SLICES = "LeftoverSlices"
    SOME_UNREADY = "SomeUnready"
    MASKED_READINESS = "MaskedReadiness"
    HINTS_IGNORED = "HintsIgnored"
    ZONE_WITHOUT_HINT = "ZoneWithoutHint"
    SINGLE_POINT = "SinglePoint"
    SHARED_ADDRESS = "SharedAddress"
    TARGET_PORT_UNDECLARED = "TargetPortUndeclared"
    PROBE_ELSEWHERE = "ProbeElsewhere"
    BAD_ANNOTATION = "BadAnnotation"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is remarkable about a Service: at most one of each code.

    `count` is how many it is about and `total` of how many; `about` tells at most MOST_ABOUT of
    them, sorted, as (who, what), with "" where there is nothing to say. Names and texts are as
    the objects have them: whoever shows them escapes them. By code, where not empty or 0:

    ======================  ====================================================================
    EndpointsWithdrawn      count: endpoints that it had, as this process saw
    StaleEndpoints          about: (address, Pod); count: such addresses. report.lags has them
    BelowMinReady           count: ready in the best family; total: wanted at least
    PortWithoutEndpoints    about: (port name or number, targetPort); total: ports
    FamilyWithoutEndpoints  about: (family, ""); total: families of the Service
    HalfUnready             about: (Pod, its own reason); count: not ready; total: candidates;
                            detail: the reason closest to serving
    EndpointsLagging        about: (Pod, address or ""); count: such endpoints. report.lags too
    LoadBalancerPending     nothing
    LocalPolicyGap          about: (Node, ""); count: schedulable Nodes without a ready endpoint
                            of their own; total: all that need one; detail: the policies, as
                            "internalTrafficPolicy" or "externalTrafficPolicy" or both joined by
                            ","
    TerminatingStuck        about: (Pod, Node); count: such Pods
    BrokenReference         about: ("Ingress d/shop", the port that it names); count: references
    ReplicasMissing         about: ("Deployment web", message of its ReplicaFailure condition);
                            count: Pods that exist; total: wanted; detail: the condition's reason
    Truncated               nothing
    LeftoverSlices          about: (slice, its manager); count: such slices
    SomeUnready             as HalfUnready
    MaskedReadiness         count: ready addresses that do not serve; total: ready addresses
    HintsIgnored            count: ready endpoints without a hint; total: ready; detail: "zone"
                            or "node"
    ZoneWithoutHint         about: (zone, ""); total: zones
    SinglePoint             count: ready addresses; detail: "endpoint", "node" or "zone"; about:
                            (the Node or zone, "")
    SharedAddress           about: (address, the other Service, or the Pods); count: addresses
    TargetPortUndeclared    about: (Service port, number); count: ports
    ProbeElsewhere          about: (container, what its probe asks); count: containers
    BadAnnotation           about: (annotation and why it is bad, ""); count: annotations
    ======================  ====================================================================
    """

    code: FindingCode
    weight: Weight
    about: tuple[About, ...] = ()
    count: int = 0
    total: int = 0
    detail: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """How a Service stands, and the findings in the order of their codes.

    Every surface reads it and none decides. A healthy Service shares one with all others.
    """

    standing: Standing
    findings: tuple[Finding, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether the Service is as it should be."""
        return self.standing in _FINE

    def find(self, code: FindingCode) -> Finding | None:
        """The finding of this code, None when it does not hold."""
        return next((found for found in self.findings if found.code is code), None)


#: Of a Service whose addresses nobody can tell.
UNKNOWN = Judgement(Standing.UNKNOWN)
