"""What is said of one Service, and of one namespace."""

from __future__ import annotations

import msgspec

from exporter.model.judgement import UNKNOWN, FindingCode, Judgement, Standing
from exporter.model.keys import ServiceKey
from exporter.model.lags import Lag
from exporter.model.reasons import Reason
from exporter.objects.services import Service


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
    Local; None when that does not apply or Nodes can't be read. `survives_node` and
    `survives_zone`: whether a usable ready endpoint would be left after the loss of the worst Node
    or zone; None where nobody can know, or there is none to lose.
    """

    nodes: int
    zones: tuple[tuple[str, int], ...] | None
    hinted: int | None
    without_local: int | None
    survives_node: bool | None = None
    survives_zone: bool | None = None


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
    """A state that a Service came into, `at` seconds since the epoch; None: nobody saw when.

    `findings` are the codes of those that held.
    """

    at: float | None
    known: bool
    reason: Reason | None
    detail: str | None
    ready: int
    not_ready: int
    standing: Standing = Standing.UNKNOWN
    findings: tuple[FindingCode, ...] = ()


class ServiceReport(msgspec.Struct, frozen=True):
    """Everything the exporter says of one Service. None stands for 'can't be known'.

    `reason` is None while there is a usable ready endpoint, or while it can't be told.
    `known` is False before addresses were read, and while a slice of it can't be decoded.
    `since` is when usable ready fell to 0, seconds since the epoch; `since_seen`: somebody saw it
    fall, else it is down since then at least. `pairs` are ready and not
    ready (address, port) pairs as Endpoints hold them, counted only for the compatibility group.
    `lags` are the disagreements between endpoints and Pods that are old enough to be told, and
    `lagging` counts them, (kind, count). `due` is when time
    alone changes the report (seconds since the epoch), None when it never does.
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
    since_seen: bool = False
    changes: Changes | None = None
    pods: PodsReport | None = None
    lagging: tuple[tuple[str, int], ...] = ()
    dependents: tuple[tuple[str, int], ...] | None = None
    addresses: tuple[AddressReport, ...] = ()
    pairs: tuple[int, int] | None = None
    bad_annotations: tuple[str, ...] = ()
    due: float | None = None
    judgement: Judgement = UNKNOWN
    lags: tuple[Lag, ...] = ()

    @property
    def ready(self) -> int:
        """Ready addresses, summed over address types."""
        return sum([counts.ready for counts in self.counts])

    @property
    def not_ready(self) -> int:
        """Addresses that are not ready, summed over address types."""
        return sum([counts.not_ready for counts in self.counts])


class NamespaceReport(msgspec.Struct, frozen=True):
    """Slices of one namespace that serve no Service as they should; None: can't be known."""

    namespace: str
    orphaned: int | None
    unlabelled: int | None
    frozen: int | None
