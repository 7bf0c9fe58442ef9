"""Why a Service is down: the words, and their order."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a Service has no usable ready endpoint: the first that holds, in this order."""

    EXTERNAL_NAME = "ExternalName"
    SERVICE_DELETING = "ServiceDeleting"
    SELECTORLESS_NO_ENDPOINTS = "SelectorlessNoEndpoints"
    SELECTORLESS_UNUSABLE = "SelectorlessUnusable"
    SELECTORLESS_NOT_READY = "SelectorlessNotReady"
    ENDPOINT_SLICES_MISSING = "EndpointSlicesMissing"
    NAMED_PORT_MISSING = "NamedPortMissing"
    ENDPOINTS_NOT_READY = "EndpointsNotReady"
    ALL_TERMINATING = "AllTerminating"
    NO_ENDPOINTS = "NoEndpoints"
    SCALED_TO_ZERO = "ScaledToZero"
    PODS_NOT_CREATED = "PodsNotCreated"
    SELECTOR_MATCHES_NO_PODS = "SelectorMatchesNoPods"
    ALL_PODS_TERMINATING = "AllPodsTerminating"
    ALL_PODS_FINISHED = "AllPodsFinished"
    ENDPOINTS_LAGGING = "EndpointsLagging"
    NODE_MISSING = "NodeMissing"
    FAMILY_MISMATCH = "FamilyMismatch"
    READINESS_GATE_NOT_READY = "ReadinessGateNotReady"
    NODE_NOT_READY = "NodeNotReady"
    READINESS_PROBE_FAILING = "ReadinessProbeFailing"
    CRASH_LOOP_BACK_OFF = "CrashLoopBackOff"
    INIT_NOT_COMPLETE = "InitNotComplete"
    IMAGE_PULL = "ImagePull"
    CONTAINER_CONFIG_ERROR = "ContainerConfigError"
    CONTAINER_CREATING = "ContainerCreating"
    UNSCHEDULABLE = "Unschedulable"
    SCHEDULING_GATED = "SchedulingGated"
    UNSCHEDULED = "Unscheduled"
    PODS_NOT_READY = "PodsNotReady"


#: The position of each reason in the order above: the smallest of several Pods' reasons wins.
REASON_RANK: dict[Reason, int] = {reason: rank for rank, reason in enumerate(Reason)}

#: Zeros that somebody meant: never an outage.
INTENDED = frozenset(
    {
        Reason.EXTERNAL_NAME,
        Reason.SELECTORLESS_NO_ENDPOINTS,
        Reason.SCALED_TO_ZERO,
        Reason.SERVICE_DELETING,
    }
)
