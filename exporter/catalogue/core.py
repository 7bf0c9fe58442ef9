"""The core group: always on, names and labels fixed."""

from __future__ import annotations

from exporter.catalogue.family import Family, Group, Kind, Sample
from exporter.model import STANDING_VALUES, Reason, ServiceReport

_EXTERNAL = "ExternalName"


def _truth(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"


def _info(report: ServiceReport) -> list[Sample]:
    service = report.service
    # What an ExternalName Service says of addresses and policies applies to nothing.
    proxied = service.type != _EXTERNAL
    labels = (
        service.type,
        _truth(service.headless),
        _truth(bool(service.selector)),
        _truth(service.publish_not_ready),
        service.internal_policy if proxied else "",
        service.external_policy if proxied and service.exposed else "",
        service.traffic_distribution if proxied else "",
        ",".join(service.ip_families) if proxied else "",
    )
    return [(labels, 1)]


def _ready(report: ServiceReport) -> list[Sample]:
    return [((counts.address_type,), counts.ready) for counts in report.counts]


def _not_ready(report: ServiceReport) -> list[Sample]:
    return [((counts.address_type,), counts.not_ready) for counts in report.counts]


def _serving(report: ServiceReport) -> list[Sample]:
    return [
        ((counts.address_type,), counts.serving)
        for counts in report.counts
        if counts.serving is not None
    ]


def _terminating(report: ServiceReport) -> list[Sample]:
    return [
        ((counts.address_type,), counts.terminating)
        for counts in report.counts
        if counts.terminating is not None
    ]


def _routable(report: ServiceReport) -> list[Sample]:
    return [] if report.routable is None else [((), report.routable)]


def _reason(report: ServiceReport) -> list[Sample]:
    reason = report.reason
    if reason is None or reason is Reason.EXTERNAL_NAME or report.ignored:
        return []
    return [((reason.value,), 1)]


def _since(report: ServiceReport) -> list[Sample]:
    return [] if report.since is None else [((), report.since)]


def _min_ready(report: ServiceReport) -> list[Sample]:
    return [] if report.service.type == _EXTERNAL else [((), report.min_ready)]


def _ignored(report: ServiceReport) -> list[Sample]:
    return [((), 1)] if report.ignored else []


def _standing(report: ServiceReport) -> list[Sample]:
    return [((), STANDING_VALUES[report.judgement.standing])]


def _finding(report: ServiceReport) -> list[Sample]:
    # Like reasons: what the owner has ignored is in no alert.
    return (
        [] if report.ignored else [((found.code.value,), 1) for found in report.judgement.findings]
    )


def _ingress(report: ServiceReport) -> list[Sample]:
    service = report.service
    return [((), len(service.ingress))] if service.type == "LoadBalancer" else []


CORE: tuple[Family, ...] = (
    Family(
        "k8s_service_info",
        Kind.INFO,
        Group.CORE,
        "What kind of Service it is; 1 for every Service.",
        _info,
        (
            "type",
            "headless",
            "selector",
            "publish_not_ready_addresses",
            "internal_traffic_policy",
            "external_traffic_policy",
            "traffic_distribution",
            "ip_families",
        ),
        reads=("service",),
    ),
    Family(
        "k8s_service_endpoints_ready",
        Kind.GAUGE,
        Group.CORE,
        "Unique addresses of the Service that are ready.",
        _ready,
        ("address_type",),
        reads=("counts",),
    ),
    Family(
        "k8s_service_endpoints_not_ready",
        Kind.GAUGE,
        Group.CORE,
        "Unique addresses of the Service that are not ready, terminating ones included.",
        _not_ready,
        ("address_type",),
        reads=("counts",),
    ),
    Family(
        "k8s_service_endpoints_serving",
        Kind.GAUGE,
        Group.CORE,
        "Unique addresses of the Service that are serving, whether ready or not.",
        _serving,
        ("address_type",),
        reads=("counts",),
    ),
    Family(
        "k8s_service_endpoints_terminating",
        Kind.GAUGE,
        Group.CORE,
        "Unique addresses of the Service that are terminating.",
        _terminating,
        ("address_type",),
        reads=("counts",),
    ),
    Family(
        "k8s_service_endpoints_routable",
        Kind.GAUGE,
        Group.CORE,
        "Unique addresses that kube-proxy (or a headless DNS answer) would hand out now.",
        _routable,
        reads=("routable",),
    ),
    Family(
        "k8s_service_endpoints_reason",
        Kind.GAUGE,
        Group.CORE,
        "Why the Service has no usable ready endpoint; 1, and absent while it has one.",
        _reason,
        ("reason",),
        reads=("reason", "ignored"),
    ),
    Family(
        "k8s_service_endpoints_unavailable_since_timestamp_seconds",
        Kind.GAUGE,
        Group.CORE,
        "When the last usable ready endpoint was lost; absent while there is one.",
        _since,
        reads=("since",),
    ),
    Family(
        "k8s_service_endpoints_min_ready",
        Kind.GAUGE,
        Group.CORE,
        "Ready addresses that the Service should have at least: its annotation, or the default.",
        _min_ready,
        reads=("service", "min_ready"),
    ),
    Family(
        "k8s_service_endpoints_ignored",
        Kind.GAUGE,
        Group.CORE,
        "1 while an annotation keeps the Service out of reasons and alerts; absent else.",
        _ignored,
        reads=("ignored",),
    ),
    Family(
        "k8s_service_endpoints_standing",
        Kind.GAUGE,
        Group.CORE,
        "How the Service stands: 0 intended, 1 ready, 2 new, 3 degraded, 4 unknown, 5 down.",
        _standing,
        reads=("judgement",),
    ),
    Family(
        "k8s_service_endpoints_finding",
        Kind.GAUGE,
        Group.CORE,
        "What is remarkable about the Service; 1 while it holds, and absent else.",
        _finding,
        ("finding",),
        reads=("ignored", "judgement"),
    ),
    Family(
        "k8s_service_load_balancer_ingress",
        Kind.GAUGE,
        Group.CORE,
        "Ingress points in a LoadBalancer Service's status; 0 is pending.",
        _ingress,
        reads=("service",),
    ),
)
