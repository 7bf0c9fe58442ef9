"""Further groups about Services: ports, topology, slices, changes, Pods, dependents."""

from __future__ import annotations

from exporter.catalogue.family import Family, Group, Kind, Sample, Scope
from exporter.model import NamespaceReport, ServiceReport


def _ports(report: ServiceReport) -> list[Sample]:
    return [((port.name, port.protocol, str(port.port)), port.ready) for port in report.ports]


PORTS: tuple[Family, ...] = (
    Family(
        "k8s_service_endpoints_port_ready",
        Kind.GAUGE,
        Group.PORTS,
        "Unique ready (address, number) pairs behind a port of the Service.",
        _ports,
        ("port_name", "protocol", "port"),
        reads=("ports",),
    ),
)


def _nodes(report: ServiceReport) -> list[Sample]:
    return [((), report.topology.nodes)] if report.topology else []


def _zones(report: ServiceReport) -> list[Sample]:
    if report.topology is None or report.topology.zones is None:
        return []
    return [((), sum(zone != "" for zone, _ in report.topology.zones))]


def _zone_ready(report: ServiceReport) -> list[Sample]:
    if report.topology is None or report.topology.zones is None:
        return []
    return [((zone,), ready) for zone, ready in report.topology.zones]


def _hinted(report: ServiceReport) -> list[Sample]:
    if report.topology is None or report.topology.hinted is None:
        return []
    return [((), report.topology.hinted)]


def _without_local(report: ServiceReport) -> list[Sample]:
    if report.topology is None or report.topology.without_local is None:
        return []
    return [((), report.topology.without_local)]


def _survives(report: ServiceReport) -> list[Sample]:
    if report.topology is None:
        return []
    told = (("node", report.topology.survives_node), ("zone", report.topology.survives_zone))
    return [((loss,), int(left)) for loss, left in told if left is not None]


TOPOLOGY: tuple[Family, ...] = (
    Family(
        "k8s_service_endpoints_ready_nodes",
        Kind.GAUGE,
        Group.TOPOLOGY,
        "Distinct Nodes that ready addresses of the Service are on; unknown ones do not count.",
        _nodes,
        reads=("topology",),
    ),
    Family(
        "k8s_service_endpoints_ready_zones",
        Kind.GAUGE,
        Group.TOPOLOGY,
        "Distinct zones that ready addresses of the Service are in; unknown ones do not count.",
        _zones,
        reads=("topology",),
    ),
    Family(
        "k8s_service_endpoints_zone_ready",
        Kind.GAUGE,
        Group.TOPOLOGY,
        "Ready addresses of the Service by zone; the unknown zone is empty.",
        _zone_ready,
        ("zone",),
        reads=("topology",),
    ),
    Family(
        "k8s_service_endpoints_hinted",
        Kind.GAUGE,
        Group.TOPOLOGY,
        "Ready addresses of the Service that carry a zone or node hint.",
        _hinted,
        reads=("topology",),
    ),
    Family(
        "k8s_service_endpoints_nodes_without_local",
        Kind.GAUGE,
        Group.TOPOLOGY,
        "Schedulable Nodes that drop traffic to the Service, for internalTrafficPolicy is Local"
        " and no ready endpoint is on them.",
        _without_local,
        reads=("topology",),
    ),
    Family(
        "k8s_service_endpoints_survives",
        Kind.GAUGE,
        Group.TOPOLOGY,
        "1 when the Service would still have a usable ready endpoint after the loss of its worst"
        " single Node or zone; absent while it has none, or where nobody can know.",
        _survives,
        ("loss",),
        reads=("topology",),
    ),
)


def _slices(report: ServiceReport) -> list[Sample]:
    return [] if report.slices is None else [((), report.slices)]


def _foreign(report: ServiceReport) -> list[Sample]:
    return [] if report.foreign is None else [((), report.foreign)]


def _truncated(report: ServiceReport) -> list[Sample]:
    return [] if report.truncated is None else [((), report.truncated)]


def _orphaned(report: NamespaceReport) -> list[Sample]:
    return [] if report.orphaned is None else [((), report.orphaned)]


def _unlabelled(report: NamespaceReport) -> list[Sample]:
    return [] if report.unlabelled is None else [((), report.unlabelled)]


def _frozen(report: NamespaceReport) -> list[Sample]:
    return [] if report.frozen is None else [((), report.frozen)]


SLICES: tuple[Family, ...] = (
    Family(
        "k8s_service_endpoints_slices",
        Kind.GAUGE,
        Group.SLICES,
        "EndpointSlices that carry the Service's name.",
        _slices,
        reads=("slices",),
    ),
    Family(
        "k8s_service_endpoints_slices_foreign",
        Kind.GAUGE,
        Group.SLICES,
        "EndpointSlices of the Service that something other than Kubernetes' controllers manages.",
        _foreign,
        reads=("foreign",),
    ),
    Family(
        "k8s_service_endpoints_truncated",
        Kind.GAUGE,
        Group.SLICES,
        "1 when the legacy Endpoints object was cut at 1,000 addresses (source endpoints only).",
        _truncated,
        reads=("truncated",),
    ),
    Family(
        "k8s_endpointslices_orphaned",
        Kind.GAUGE,
        Group.SLICES,
        "EndpointSlices whose label names a Service that does not exist.",
        _orphaned,
        scope=Scope.NAMESPACE,
    ),
    Family(
        "k8s_endpointslices_unlabelled",
        Kind.GAUGE,
        Group.SLICES,
        "EndpointSlices without the label that names their Service: kube-proxy ignores them.",
        _unlabelled,
        scope=Scope.NAMESPACE,
    ),
    Family(
        "k8s_endpointslices_frozen",
        Kind.GAUGE,
        Group.SLICES,
        "EndpointSlices that the controller left behind, for their Service lost its selector or"
        " became ExternalName.",
        _frozen,
        scope=Scope.NAMESPACE,
    ),
)


def _changes(report: ServiceReport) -> list[Sample]:
    changes = report.changes
    if changes is None:
        return []
    return [
        (("added",), changes.added),
        (("removed",), changes.removed),
        (("became_ready",), changes.became_ready),
        (("became_not_ready",), changes.became_not_ready),
    ]


def _unavailable_seconds(report: ServiceReport) -> list[Sample]:
    return [((), report.changes.unavailable_seconds)] if report.changes else []


def _last_change(report: ServiceReport) -> list[Sample]:
    if report.changes is None or report.changes.last_change is None:
        return []
    return [((), report.changes.last_change)]


CHANGES: tuple[Family, ...] = (
    Family(
        "k8s_service_endpoints_changes_total",
        Kind.COUNTER,
        Group.CHANGES,
        "Changes to the Service's addresses that were seen, between scrapes too.",
        _changes,
        ("change",),
        reads=("changes",),
    ),
    Family(
        "k8s_service_endpoints_unavailable_seconds_total",
        Kind.COUNTER,
        Group.CHANGES,
        "Seconds that the Service was seen without a usable ready endpoint, between scrapes too.",
        _unavailable_seconds,
        reads=("changes",),
    ),
    Family(
        "k8s_service_endpoints_last_change_timestamp_seconds",
        Kind.GAUGE,
        Group.CHANGES,
        "When an address of the Service last came, went or changed its readiness.",
        _last_change,
        reads=("changes",),
    ),
)


def _unready_pods(report: ServiceReport) -> list[Sample]:
    return [((reason,), count) for reason, count in report.pods.unready] if report.pods else []


def _selected_pods(report: ServiceReport) -> list[Sample]:
    return [((), report.pods.selected)] if report.pods else []


def _lagging(report: ServiceReport) -> list[Sample]:
    return [((kind,), count) for kind, count in report.lagging]


PODS: tuple[Family, ...] = (
    Family(
        "k8s_service_pods_unready",
        Kind.GAUGE,
        Group.PODS,
        "Pods that the Service selects and that should serve but do not, by their own reason.",
        _unready_pods,
        ("reason",),
        reads=("pods",),
    ),
    Family(
        "k8s_service_pods_selected",
        Kind.GAUGE,
        Group.PODS,
        "Pods that the Service's selector matches.",
        _selected_pods,
        reads=("pods",),
    ),
    Family(
        "k8s_service_endpoints_lagging",
        Kind.GAUGE,
        Group.PODS,
        "Endpoints that have disagreed with their Pod for longer than the lag threshold, by kind.",
        _lagging,
        ("kind",),
        reads=("lagging",),
    ),
)


def _dependents(report: ServiceReport) -> list[Sample]:
    return [((kind,), count) for kind, count in report.dependents or ()]


DEPENDENTS: tuple[Family, ...] = (
    Family(
        "k8s_service_dependents",
        Kind.GAUGE,
        Group.DEPENDENTS,
        "Objects that point at the Service, by kind.",
        _dependents,
        ("kind",),
        reads=("dependents",),
    ),
)
