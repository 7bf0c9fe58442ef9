"""A Service as `get -o json|yaml` prints it: for programs."""

from __future__ import annotations

import msgspec

from exporter.explaining.brief import Note, note_findings, write_notes
from exporter.explaining.durations import show_time
from exporter.explaining.owners import Owner, list_owners
from exporter.model import Reason, ServiceReport, ServiceView, Standing


class AddressesDocument(msgspec.Struct, frozen=True):
    """Unique addresses of one type; null is 'this source does not know'."""

    address_type: str
    ready: int
    not_ready: int
    serving: int | None
    terminating: int | None


class PortDocument(msgspec.Struct, frozen=True):
    """Ready (address, number) pairs behind one Service port, and where the port leads."""

    name: str
    protocol: str
    port: int
    ready: int | None
    target_port: str
    node_port: int | None
    app_protocol: str


class ServiceDocument(msgspec.Struct, frozen=True):
    """One Service in `get -o json|yaml`. Keys are only ever added; null is 'can't be known'.

    `standing`: down, degraded, unknown, new, ready or intended. `reason` and `since` (RFC 3339)
    are null while there is a usable ready endpoint; `since_seen`: somebody saw it fall. `notes` are
    short texts for people. `workloads` are those behind it, as far as they can be read.
    """

    namespace: str
    service: str
    type: str
    standing: Standing
    ready: int | None
    not_ready: int | None
    routable: int | None
    min_ready: int
    ignored: bool
    reason: Reason | None
    detail: str | None
    since: str | None
    notes: tuple[str, ...]
    addresses: tuple[AddressesDocument, ...]
    ports: tuple[PortDocument, ...]
    nodes: int | None
    zones: dict[str, int] | None
    slices: int | None
    selector: dict[str, str]
    created: str | None
    since_seen: bool
    findings: tuple[Note, ...]
    cluster_ips: tuple[str, ...]
    external_ips: tuple[str, ...]
    load_balancer: tuple[str, ...]
    external_name: str
    internal_traffic_policy: str
    external_traffic_policy: str
    workloads: tuple[Owner, ...] | None


def describe(report: ServiceReport, view: ServiceView | None) -> ServiceDocument:
    """The document on a Service."""
    service, topology = report.service, report.topology
    known = report.known
    return ServiceDocument(
        namespace=report.key.namespace,
        service=report.key.name,
        type=service.type,
        standing=report.judgement.standing,
        ready=report.ready if known else None,
        not_ready=report.not_ready if known else None,
        routable=report.routable,
        min_ready=report.min_ready,
        ignored=report.ignored,
        reason=report.reason,
        detail=report.detail,
        since=show_time(report.since),
        notes=write_notes(report),
        addresses=tuple(
            AddressesDocument(
                one.address_type, one.ready, one.not_ready, one.serving, one.terminating
            )
            for one in report.counts
        ),
        ports=tuple(_list_ports(report)),
        nodes=topology.nodes if topology else None,
        zones=dict(topology.zones) if topology and topology.zones is not None else None,
        slices=report.slices,
        selector=service.selector,
        created=show_time(service.created),
        since_seen=report.since_seen,
        findings=note_findings(report),
        cluster_ips=service.cluster_ips,
        external_ips=service.external_ips,
        load_balancer=service.ingress,
        external_name=service.external_name,
        internal_traffic_policy=service.internal_policy,
        external_traffic_policy=service.external_policy,
        workloads=list_owners(view) if view is not None else None,
    )


def _list_ports(report: ServiceReport) -> list[PortDocument]:
    reached = {(one.name, one.protocol, one.port): one.ready for one in report.ports}
    ports = {(port.name, port.protocol, port.port): port for port in report.service.ports}
    return [
        PortDocument(
            name=port.name,
            protocol=port.protocol,
            port=port.port,
            ready=reached.get(key),
            target_port=str(port.target),
            node_port=port.node_port or None,
            app_protocol=port.app_protocol,
        )
        for key, port in ports.items()
    ]
