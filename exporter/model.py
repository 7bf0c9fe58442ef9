"""The vocabulary that every part shares: keys, changes, views, reports, reasons, status.

Values only; nothing here computes, reads a clock or talks to anyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from exporter.objects.codec import Retained
from exporter.objects.dependents import Dependent
from exporter.objects.legacy import Endpoints
from exporter.objects.meta import Rejected
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice
from exporter.objects.workloads import Workload

ANNOTATION_PREFIX = "endpoints-exporter.io/"


class ServiceKey(NamedTuple):
    """A Service's identity; orders by namespace, then name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class ObjectKey(NamedTuple):
    """An object's identity within its resource; `namespace` is "" for cluster-wide ones."""

    namespace: str
    name: str


class Source(StrEnum):
    """Where addresses are read from."""

    ENDPOINTSLICES = "endpointslices"
    ENDPOINTS = "endpoints"


class SyncMode(StrEnum):
    """How the API server is followed."""

    WATCH = "watch"
    POLL = "poll"
    AUTO = "auto"


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


# ── what flows in ────────────────────────────────────────────────────────────────────────────


class Upsert(msgspec.Struct, frozen=True):
    """An object is there, new or changed."""

    resource: str
    object: Retained | Rejected


class Delete(msgspec.Struct, frozen=True):
    """An object is gone."""

    resource: str
    key: ObjectKey


class Replace(msgspec.Struct, frozen=True):
    """All objects of a resource in a scope; what is not among them is gone.

    `namespace` is the scope: "" is the whole cluster.
    """

    resource: str
    namespace: str
    objects: tuple[Retained | Rejected, ...]


class Forget(msgspec.Struct, frozen=True):
    """A resource in a scope can no longer be read: nothing may be concluded from it."""

    resource: str
    namespace: str


Change = Upsert | Delete | Replace | Forget


# ── what analysis sees of one Service ────────────────────────────────────────────────────────


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


# ── what analysis says ───────────────────────────────────────────────────────────────────────


class AddressCounts(msgspec.Struct, frozen=True, gc=False):
    """Unique addresses of one address type; ready + not_ready = all, the others overlap.

    `serving` and `terminating` are None where the source does not know them (legacy Endpoints).
    """

    address_type: str
    ready: int
    not_ready: int
    serving: int | None
    terminating: int | None


class PortReady(msgspec.Struct, frozen=True, gc=False):
    """Unique ready (ip, number) pairs behind one Service port."""

    name: str
    protocol: str
    port: int
    ready: int


class Topology(msgspec.Struct, frozen=True):
    """Where the ready addresses are. `zones` has the unknown zone as ""; it does not count.

    `zones` and `hinted` are None where the source does not know them (legacy Endpoints).
    `without_local`: schedulable Nodes with no local ready endpoint, under internalTrafficPolicy
    Local; None when that does not apply or Nodes can't be read.
    """

    nodes: int
    zones: tuple[tuple[str, int], ...] | None
    hinted: int | None
    without_local: int | None


class PodsReport(msgspec.Struct, frozen=True):
    """Selected Pods, and the unready candidates among them by their own reason, (reason, count)."""

    selected: int
    unready: tuple[tuple[str, int], ...]


class AddressReport(msgspec.Struct, frozen=True, gc=False):
    """One merged address, for the opt-in detail families and the Service's page."""

    address_type: str
    address: str
    flags: int
    node: str
    zone: str
    pod: str


class Changes(msgspec.Struct, frozen=True, gc=False):
    """What was seen to change since the exporter first saw the Service.

    `unavailable_seconds` is cumulative; `last_change` is seconds since the epoch, None before any.
    """

    added: int = 0
    removed: int = 0
    became_ready: int = 0
    became_not_ready: int = 0
    unavailable_seconds: float = 0.0
    last_change: float | None = None


class Transition(msgspec.Struct, frozen=True, gc=False):
    """A state that a Service came into, `at` seconds since the epoch; None: nobody saw when."""

    at: float | None
    known: bool
    reason: Reason | None
    detail: str | None
    ready: int
    not_ready: int


class ServiceReport(msgspec.Struct, frozen=True):
    """Everything the exporter says of one Service. None stands for 'can't be known'.

    `reason` is None while there is a usable ready endpoint, or while it can't be told.
    `known` is False before addresses were read, and while a slice of it can't be decoded.
    `since` is when usable ready fell to 0, seconds since the epoch. `pairs` are ready and not
    ready (address, port) pairs as Endpoints hold them, counted only for the compatibility group.
    `lagging` counts endpoints that disagree with their Pods, (kind, count); `maturing`: some more
    will count as soon as they are old enough, if nothing changes.
    """

    key: ServiceKey
    service: Service
    known: bool
    min_ready: int
    ignored: bool
    counts: tuple[AddressCounts, ...] = ()
    routable: int | None = None
    ports: tuple[PortReady, ...] = ()
    topology: Topology | None = None
    slices: int | None = None
    foreign: int | None = None
    truncated: int | None = None
    reason: Reason | None = None
    detail: str | None = None
    since: float | None = None
    changes: Changes | None = None
    pods: PodsReport | None = None
    lagging: tuple[tuple[str, int], ...] = ()
    maturing: bool = False
    dependents: tuple[tuple[str, int], ...] | None = None
    addresses: tuple[AddressReport, ...] = ()
    pairs: tuple[int, int] | None = None
    bad_annotations: tuple[str, ...] = ()

    @property
    def ready(self) -> int:
        """Ready addresses, summed over address types."""
        return sum(counts.ready for counts in self.counts)

    @property
    def not_ready(self) -> int:
        """Addresses that are not ready, summed over address types."""
        return sum(counts.not_ready for counts in self.counts)


class NamespaceReport(msgspec.Struct, frozen=True):
    """Slices of one namespace that serve no Service as they should; None: can't be known."""

    namespace: str
    orphaned: int | None
    unlabelled: int | None
    frozen: int | None


# ── how the reading goes ─────────────────────────────────────────────────────────────────────


class ResourceStatus(msgspec.Struct, frozen=True):
    """How reading one resource goes, over all its scopes. Times are seconds since the epoch.

    `mode` is "watch" or "poll". `error` is one line, "" when all is well. `absent`: the server has
    no such resource.
    """

    resource: str
    required: bool
    mode: str
    synced: bool
    forbidden: bool
    objects: int
    last_sync: float | None
    last_event: float | None
    error: str = ""
    absent: bool = False


class Snapshot(msgspec.Struct, frozen=True):
    """What a reader (web page, JSON API, health check) sees: one consistent state.

    `shown` is False before the first reports are out: what was read is not to be seen yet.
    """

    reports: Mapping[ServiceKey, ServiceReport]
    resources: tuple[ResourceStatus, ...]
    now: float
    shown: bool = True

    @property
    def ready(self) -> bool:
        """It shows something, all that may be read was read once, the required may be read."""
        return self.shown and all(
            status.synced or ((status.forbidden or status.absent) and not status.required)
            for status in self.resources
        )
