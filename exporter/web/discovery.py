"""/sd/http: what there is to scrape or to probe, as Prometheus' http_sd takes it.

A list of groups, each `{"targets": [...], "labels": {...}}`
(https://prometheus.io/docs/prometheus/latest/http_sd/). Labels are called as kubernetes_sd calls
them where it knows the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from exporter.analysis.merge import merge_pairs, routed_slices
from exporter.model import ServiceReport, Snapshot
from exporter.objects.services import ServicePort
from exporter.objects.slices import READY
from exporter.urls import join_port
from exporter.web.messages import Request, Response, Site, say
from exporter.web.query import BadQuery, Query, holds, read_query, show
from exporter.web.sending import JSON, answer_problem, send_steps, send_whole
from exporter.web.writing import write_json

ADDRESSES, SERVICES = "address", "service"
_SHARED = ("namespace", "label")
_OWN = ("port", "target")
#: Services that are looked at in one turn.
_TURN = 200
_META = "__meta_kubernetes_"
_NO_LABEL = re.compile(r"[^a-zA-Z0-9_]")


class Group(msgspec.Struct, frozen=True):
    """Targets with the labels that they share."""

    targets: tuple[str, ...]
    labels: dict[str, str]


class _Wish(msgspec.Struct, frozen=True):
    """What is asked for: of which Services, of which ports (all if empty), as which targets."""

    query: Query
    ports: frozenset[str]
    target: str

    def wants(self, report: ServiceReport) -> bool:
        """Whether a Service is among them."""
        spaces = self.query.namespaces
        labels = report.service.labels
        return (not spaces or report.key.namespace in spaces) and all(
            holds(labels, *wish) for wish in self.query.labels
        )

    def wants_port(self, port: ServicePort) -> bool:
        """Whether a Service's port is, by its name or number."""
        return not self.ports or port.name in self.ports or str(port.port) in self.ports


def answer_discovery(request: Request, site: Site) -> Response:
    """The groups of targets. 503 while not all was read: Prometheus then keeps what it has."""
    try:
        wish = _read_wish(request)
    except BadQuery as bad:
        return answer_problem(400, "Bad query", str(bad), parameter=bad.parameter)
    snapshot = site.snapshot()
    if not snapshot.ready:
        return say(503, "not everything that is required was read yet; /readyz?verbose says more")
    steps = _list_groups(site, snapshot, wish)
    if len(snapshot.reports) <= _TURN:
        return send_whole(request, JSON, b"".join(steps))
    return send_steps(request, JSON, steps)


def _read_wish(request: Request) -> _Wish:
    for name, _ in request.query:
        if name not in (*_SHARED, *_OWN):
            known = ", ".join((*_SHARED, *_OWN))
            raise BadQuery(show(name), f"no such parameter: {show(name)}; takes {known}")
    ports = [part for value in request.values("port") for part in value.split(",")]
    target = (request.values("target") or (ADDRESSES,))[-1]
    if target not in (ADDRESSES, SERVICES):
        raise BadQuery("target", f"target: takes {ADDRESSES} or {SERVICES}, not {show(target)}")
    shared = [pair for pair in request.query if pair[0] in _SHARED]
    return _Wish(read_query(shared), frozenset(filter(None, map(str.strip, ports))), target)


def _list_groups(site: Site, snapshot: Snapshot, wish: _Wish) -> Iterator[bytes]:
    """The document in pieces, a turn's work each."""
    reports = iter(sorted(snapshot.reports.values(), key=lambda report: report.key))
    begin = b"["
    while batch := list(islice(reports, _TURN)):
        groups = [
            write_json(group)
            for report in batch
            if wish.wants(report)
            for group in _groups_of(site, report, wish)
        ]
        piece = b",".join(groups)
        yield begin + piece if piece else b""
        begin = b"," if piece else begin
    yield b"[]" if begin == b"[" else b"]"


def _groups_of(site: Site, report: ServiceReport, wish: _Wish) -> Iterator[Group]:
    if report.service.type == "ExternalName":
        return
    ports = [port for port in report.service.ports if wish.wants_port(port)]
    shared = _describe(report)
    if wish.target == SERVICES:
        for port in ports:
            host = f"{report.key.name}.{report.key.namespace}.svc:{port.port}"
            yield Group((host,), {**shared, **_describe_port(port)})
        return
    view = site.view(report.key)
    if view is None or view.addresses is None:
        return  # what can't be known is no target, and none that is gone
    routed = routed_slices(report.service, view.addresses)
    for port in ports:
        places: dict[tuple[str, str], list[str]] = {}
        for (address, number), entry in merge_pairs(routed, port.name, port.protocol).items():
            if entry.flags & READY:
                target = join_port(address, number)
                places.setdefault((entry.node, entry.zone), []).append(target)
        labels = {**shared, **_describe_port(port)}
        for (node, zone), targets in sorted(places.items()):
            where = {f"{_META}endpoint_node_name": node, f"{_META}endpoint_zone": zone}
            yield Group(tuple(sorted(targets)), labels | _given(where))


def _describe(report: ServiceReport) -> dict[str, str]:
    service = report.service
    labels = {
        f"{_META}namespace": report.key.namespace,
        f"{_META}service_name": report.key.name,
        f"{_META}service_type": service.type,
        "__meta_endpoints_standing": str(report.judgement.standing),
    }
    for name, value in sorted(service.labels.items()):
        labels.setdefault(f"{_META}service_label_{_NO_LABEL.sub('_', name)}", value)
    return labels


def _describe_port(port: ServicePort) -> dict[str, str]:
    return _given(
        {
            f"{_META}service_port_name": port.name,
            f"{_META}service_port_number": str(port.port),
            f"{_META}service_port_protocol": port.protocol,
            f"{_META}service_port_app_protocol": port.app_protocol,
        }
    )


def _given(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels that say something: to Prometheus an empty one is none."""
    return {name: value for name, value in labels.items() if value}
