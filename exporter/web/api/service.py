"""/api/v1/services/{namespace}/{name}: all about one Service."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from urllib.parse import quote

import msgspec

from exporter.analysis.merge import merge_pairs, merge_slices, routed_slices
from exporter.analysis.near_misses import NearMiss, find_near_misses
from exporter.explaining.brief import write_notes
from exporter.explaining.durations import show_time
from exporter.explaining.explain import Explanation, explain
from exporter.explaining.owners import list_owners
from exporter.explaining.told import Told
from exporter.model import (
    Reason,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Source,
    Transition,
)
from exporter.objects.slices import READY, SERVING, TERMINATING, EndpointSlice
from exporter.web.api.documents import (
    Address,
    Change,
    Finding,
    Links,
    Port,
    ServiceDetail,
    Slice,
)
from exporter.web.api.lists import check_none, refuse
from exporter.web.messages import Request, Response, Site
from exporter.web.query import BadQuery, show
from exporter.web.sending import JSON, answer_problem, send_whole
from exporter.web.writing import write_json

MOST_ADDRESSES = 1000
MOST_SLICES = 200
#: Pods that are looked at for near misses: all of them would hold others up.
_MOST_PODS = 20_000


def answer_service(request: Request, site: Site, key: ServiceKey) -> Response:
    """The document on a Service, or a 404."""
    try:
        check_none(request)
    except BadQuery as bad:
        return refuse(bad)
    detail = describe_service(site, key)
    if detail is None:
        return answer_problem(404, "No such Service", f"no Service {show(str(key))}")
    # What it says changes with every second, but whoever has it need not have it again for that.
    lasting = msgspec.structs.replace(detail, now=None)
    tag = f"{site.desk.tag}-{hash(write_json(lasting)) & 0xFFFFFFFFFFFF:x}"
    return send_whole(request, JSON, write_json(detail), tag)


def describe_service(site: Site, key: ServiceKey) -> ServiceDetail | None:
    """The document on a Service; None when there is none."""
    snapshot = site.snapshot()
    report, view = snapshot.reports.get(key), site.view(key)
    if report is None or view is None:
        return None
    near_misses: tuple[NearMiss, ...] = ()
    if report.reason is Reason.SELECTOR_MATCHES_NO_PODS:
        near_misses = find_near_misses(report.service, islice(site.pods(), _MOST_PODS))
    said = explain(view, report, now=snapshot.now, near_misses=near_misses)
    service, topology = report.service, report.topology
    slices = view.addresses
    addresses = _list_addresses(view, slices or ())
    return ServiceDetail(
        namespace=key.namespace,
        service=key.name,
        reason=None if said.reason is None else said.reason.value,
        message=said.message,
        detail=said.detail,
        fix=said.fix,
        ready=said.ready,
        not_ready=said.not_ready,
        evidence=said.evidence,
        commands=said.commands,
        state=str(said.standing),
        notes=write_notes(report),
        since=show_time(report.since),
        now=show_time(snapshot.now),
        type=service.type,
        created=show_time(service.created),
        min_ready=report.min_ready,
        routable=report.routable,
        severity=said.severity,
        owner=said.owner,
        labels=service.labels,
        selector=service.selector,
        cluster_ips=service.cluster_ips,
        external_name=service.external_name,
        ports=tuple(_list_ports(view, report, slices)),
        zones=dict(topology.zones) if topology and topology.zones is not None else None,
        addresses=addresses[:MOST_ADDRESSES],
        addresses_total=len(addresses) if report.known else None,
        slices=_list_slices(view, slices),
        changes=tuple(map(_show_change, site.transitions(key))),
        links=_link(site, key, said),
        standing=str(said.standing),
        since_seen=said.seen,
        findings=tuple(_show_finding(site, told) for told in said.findings),
        external_ips=service.external_ips,
        load_balancer=service.ingress,
        internal_traffic_policy=service.internal_policy,
        external_traffic_policy=service.external_policy,
        health_check_node_port=service.health_check_node_port or None,
        workloads=list_owners(view),
    )


def _list_addresses(view: ServiceView, slices: Sequence[EndpointSlice]) -> tuple[Address, ...]:
    exact = view.source is Source.ENDPOINTSLICES
    found = [
        Address(
            address_type=kind,
            address=entry.address,
            ready=bool(entry.flags & READY),
            serving=bool(entry.flags & SERVING) if exact else None,
            terminating=bool(entry.flags & TERMINATING) if exact else None,
            pod=entry.pod,
            node=entry.node,
            zone=entry.zone,
        )
        for kind, entries in merge_slices(slices).items()
        for entry in entries.values()
    ]
    return tuple(sorted(found, key=lambda one: (one.ready, one.address_type, one.pod, one.address)))


def _list_ports(
    view: ServiceView, report: ServiceReport, slices: Sequence[EndpointSlice] | None
) -> list[Port]:
    service = report.service
    routed = routed_slices(service, slices or ())
    counted = {(one.name, one.protocol): one.ready for one in report.ports}
    found = []
    for port in service.ports:
        zones: dict[str, int] | None = None
        if report.known and view.source is Source.ENDPOINTSLICES:
            zones = {}
            for entry in merge_pairs(routed, port.name, port.protocol).values():
                zones[entry.zone] = zones.get(entry.zone, 0) + bool(entry.flags & READY)
        ready = counted.get((port.name, port.protocol), 0) if report.known else None
        found.append(
            Port(
                name=port.name,
                protocol=port.protocol,
                port=port.port,
                target=str(port.target),
                ready=ready,
                zones=zones,
                node_port=port.node_port or None,
                app_protocol=port.app_protocol,
            )
        )
    return found


def _list_slices(
    view: ServiceView, slices: Sequence[EndpointSlice] | None
) -> tuple[Slice, ...] | None:
    if slices is None or view.source is not Source.ENDPOINTSLICES:
        return None
    return tuple(
        Slice(
            name=piece.name,
            address_type=piece.address_type,
            endpoints=len(piece.endpoints),
            ready=sum(bool(entry.flags & READY) for entry in piece.endpoints),
            ports=tuple(f"{p.name or '-'} {p.number or '*'}/{p.protocol}" for p in piece.ports),
            managed_by=piece.managed_by,
        )
        for piece in sorted(slices, key=lambda piece: piece.name)[:MOST_SLICES]
    )


def _show_change(state: Transition) -> Change:
    return Change(
        at=show_time(state.at),
        reason=None if state.reason is None else state.reason.value,
        detail=state.detail,
        ready=state.ready if state.known else None,
        not_ready=state.not_ready if state.known else None,
        standing=str(state.standing),
        findings=tuple(map(str, state.findings)),
    )


def _show_finding(site: Site, told: Told) -> Finding:
    url = _find_runbook(site, told.code)
    return Finding(
        code=str(told.code),
        weight=str(told.weight),
        message=told.message,
        evidence=told.evidence,
        fix=told.fix,
        commands=told.commands,
        alert=told.alert,
        runbook=told.runbook if url is None else url,
    )


def _find_runbook(site: Site, code: str) -> str | None:
    """Where the operators' own page on a reason or a finding is, if there is such a place."""
    runbooks = site.place.runbooks
    return runbooks.replace("{reason}", quote(code, safe="")) if runbooks else None


def _link(site: Site, key: ServiceKey, said: Explanation) -> Links:
    grafana = site.place.grafana
    board = runbook = None
    if grafana:
        board = grafana.replace("{namespace}", quote(key.namespace, safe="")).replace(
            "{service}", quote(key.name, safe="")
        )
    if said.reason is not None:
        runbook = _find_runbook(site, said.reason)
    elif said.findings:
        runbook = _find_runbook(site, said.findings[0].code)
    return Links(board, runbook)
