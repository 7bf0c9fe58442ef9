"""The shapes that the API answers with. Keys are only ever added; null is 'can't be known'."""

from __future__ import annotations

import msgspec

from exporter.explaining.owners import Owner
from exporter.web.desk import Item


class ServicePage(msgspec.Struct, frozen=True):
    """A page of Services, of `total` that pass the filters.

    `next` is the token of the next page, null on the last.
    """

    items: tuple[Item, ...]
    total: int
    next: str | None


class Port(msgspec.Struct, frozen=True):
    """A port of a Service: ready (address, number) pairs behind it, and how many in each zone.

    `target` is the number or the name in its Pods; `node_port` is null when it has none. The
    unknown zone is "". `zones` is null where the source knows no zones.
    """

    name: str
    protocol: str
    port: int
    target: str
    ready: int | None
    zones: dict[str, int] | None
    node_port: int | None
    app_protocol: str


class Address(msgspec.Struct, frozen=True):
    """One address of a Service. `serving` and `terminating` are null where nobody knows them."""

    address_type: str
    address: str
    ready: bool
    serving: bool | None
    terminating: bool | None
    pod: str
    node: str
    zone: str


class Slice(msgspec.Struct, frozen=True):
    """An EndpointSlice of a Service; `managed_by` is null when nobody says that it is theirs."""

    name: str
    address_type: str
    endpoints: int
    ready: int
    ports: tuple[str, ...]
    managed_by: str | None


class Change(msgspec.Struct, frozen=True):
    """A state that a Service came into; `at` is null for the first, whose beginning nobody saw.

    `findings` are the codes of those that held.
    """

    at: str | None
    reason: str | None
    detail: str | None
    ready: int | None
    not_ready: int | None
    standing: str
    findings: tuple[str, ...]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is remarkable about a Service: what, what shows it, and what to do.

    `weight` is warning (it makes a Service degraded) or note. `alert` is the rule that watches it,
    null where none does. `runbook` is the section about it, in the docs or, where such a place is
    configured, a URL.
    """

    code: str
    weight: str
    message: str
    evidence: tuple[str, ...]
    fix: str
    commands: tuple[str, ...]
    alert: str | None
    runbook: str


class Links(msgspec.Struct, frozen=True):
    """Where to read on; null where no such place is configured."""

    grafana: str | None
    runbook: str | None


class ServiceDetail(msgspec.Struct, frozen=True):
    """All about one Service; the first nine keys are those of `explain -o json`.

    `addresses` are at most 1,000 of `addresses_total`, those that are not ready first. `changes`
    are the last ones, oldest first. `state` is the former name of `standing`, and goes with the
    next release. `since_seen`: somebody saw it fall, else it is down since then at least.
    `load_balancer` are the points that a load balancer gave it. `workloads` are those behind it,
    null while they can't be known.
    """

    namespace: str
    service: str
    reason: str | None
    message: str
    detail: str | None
    fix: str
    ready: int | None
    not_ready: int | None
    evidence: tuple[str, ...]
    commands: tuple[str, ...]
    state: str
    notes: tuple[str, ...]
    since: str | None
    now: str | None
    type: str
    created: str | None
    min_ready: int
    routable: int | None
    severity: str
    owner: str
    labels: dict[str, str]
    selector: dict[str, str]
    cluster_ips: tuple[str, ...]
    external_name: str
    ports: tuple[Port, ...]
    zones: dict[str, int] | None
    addresses: tuple[Address, ...]
    addresses_total: int | None
    slices: tuple[Slice, ...] | None
    changes: tuple[Change, ...]
    links: Links
    standing: str
    since_seen: bool
    findings: tuple[Finding, ...]
    external_ips: tuple[str, ...]
    load_balancer: tuple[str, ...]
    internal_traffic_policy: str
    external_traffic_policy: str
    health_check_node_port: int | None
    workloads: tuple[Owner, ...] | None


class Resource(msgspec.Struct, frozen=True):
    """How reading a resource of the API server goes. `error` is one line, "" when all is well."""

    resource: str
    required: bool
    mode: str
    synced: bool
    forbidden: bool
    objects: int
    last_sync: str | None
    last_event: str | None
    error: str


class Status(msgspec.Struct, frozen=True):
    """How old what is told may be.

    `stale`: something required can't be read at the moment; `as_of` is then when it last could.
    `routes` changes whenever anything else is told of a route: then read the list again; null where
    routes are not read, and outside of events.
    """

    now: str | None
    ready: bool
    stale: bool
    as_of: str | None
    resources: tuple[Resource, ...]
    routes: int | None = None


class Summary(msgspec.Struct, frozen=True):
    """Numbers over all Services, by standing, reason, finding and type.

    `states` is the former name of `standings`, and goes with the next release.
    """

    version: str
    services: int
    namespaces: int
    ready: int
    not_ready: int
    states: dict[str, int]
    reasons: dict[str, int]
    types: dict[str, int]
    status: Status
    standings: dict[str, int]
    findings: dict[str, int]


class Namespace(msgspec.Struct, frozen=True):
    """Numbers over the Services of a namespace; `states` is the former name of `standings`."""

    namespace: str
    services: int
    ready: int
    not_ready: int
    states: dict[str, int]
    standings: dict[str, int]


class NamespaceList(msgspec.Struct, frozen=True):
    """All namespaces that have a Service, by name."""

    items: tuple[Namespace, ...]


class Gone(msgspec.Struct, frozen=True):
    """A Service that is there no more."""

    namespace: str
    service: str


class Changed(msgspec.Struct, frozen=True):
    """The data of an event `services`: Services that are new or changed, and those that went."""

    changed: tuple[Item, ...]
    gone: tuple[Gone, ...]


class Awaited(msgspec.Struct, frozen=True):
    """A Service that is waited for: how it stands, and whether it is as wanted.

    `state` is all of it in a line, as `wait` prints it.
    """

    namespace: str
    service: str
    met: bool
    standing: str
    reason: str | None
    ready: int | None
    not_ready: int | None
    state: str


class Readiness(msgspec.Struct, frozen=True):
    """Whether Services are as wanted, all of them at this moment; null when it can't be told.

    `message` says in one line why it is so, or not. `goals` are what was
    asked for. `services` are those that are there, at most 1,000 of `total`, those that are not as
    wanted first; `missing` are Services that are not there, `unread` says what can't be read.
    `seen` is the value of `after` that waits until anything of this is otherwise.
    """

    met: bool | None
    message: str
    goals: tuple[str, ...]
    services: tuple[Awaited, ...]
    total: int
    missing: tuple[str, ...]
    unread: tuple[str, ...]
    seen: str
