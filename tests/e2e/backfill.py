"""Ten thousand Services as samples of the past, for a real Prometheus; and what queries cost there.

What each Service always has is given for the last moment only, for a query at one moment reads no
more. What is there only in trouble, and what rules record, is given over the whole range, for
queries look back over it. Synthetic, and the same every time; as many replicas of the exporter as
asked for, which agree on everything: each scraped series is there once for each of them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from exporter.model import STANDING_VALUES, Standing
from tests.e2e.harness.control_plane import find_binary

SERVICES = 10_000
NAMESPACES = 100
#: One in so many Services is down, works with a fault, is noted, is empty on purpose.
DOWN, DEGRADED, NOTED, INTENDED = 100, 33, 5, 50
OBJECTIVES = 200
SCRAPES = 15
EVALUATIONS = 60
RANGE = 6 * 3600
REPLICAS = ("a:9769", "b:9769")
_TARGET = {"job": "kube-endpoints-exporter", "instance": REPLICAS[0]}
_REASONS = ("CrashLoopBackOff", "ImagePull", "ReadinessProbeFailing", "Unschedulable")
_BURN = "cluster_namespace_service:k8s_service_error_budget_burn:rate"
_CHANGES = ("added", "removed", "became_ready", "became_unready")

Labels = Mapping[str, str]
Series = tuple[Labels, float]


def name_service(number: int) -> dict[str, str]:
    """The labels of a Service."""
    return {"namespace": f"team-{number % NAMESPACES}", "service": f"service-{number}"}


def _is_down(number: int) -> bool:
    return number % DOWN == 0


def _is_degraded(number: int) -> bool:
    return number % DEGRADED == 1 and not _is_down(number)


def _stand(number: int) -> int:
    if _is_down(number):
        return STANDING_VALUES[Standing.DOWN]
    if _is_degraded(number):
        return STANDING_VALUES[Standing.DEGRADED]
    fine = Standing.INTENDED if number % INTENDED == 2 else Standing.READY
    return STANDING_VALUES[fine]


def _list_always(end: int) -> Iterator[tuple[str, list[Series]]]:
    """What every Service has, or many have whatever befalls them."""
    every = [(number, {**_TARGET, **name_service(number)}) for number in range(SERVICES)]
    plain = {
        "k8s_service_endpoints_serving": 3,
        "k8s_service_endpoints_routable": 3,
        "k8s_service_endpoints_min_ready": 1,
        "k8s_service_endpoints_slices": 1,
        "k8s_service_endpoints_slices_foreign": 0,
        "k8s_service_pods_selected": 3,
        "k8s_service_endpoints_ready_nodes": 3,
        "k8s_service_endpoints_ready_zones": 2,
        "k8s_service_endpoints_hinted": 3,
        "k8s_service_endpoints_last_change_timestamp_seconds": end - 900,
    }
    for family, value in plain.items():
        yield family, [(labels, value) for _, labels in every]
    yield "k8s_service_endpoints_standing", [(labels, _stand(n)) for n, labels in every]
    ipv4 = {"address_type": "IPv4"}
    for state in ("ready", "not_ready", "terminating"):
        yield (
            f"k8s_service_endpoints_{state}",
            [
                ({**labels, **ipv4}, 3 if (state == "not_ready") is _is_down(n) else 0)
                for n, labels in every
            ],
        )
    info = {
        "type": "ClusterIP",
        "headless": "false",
        "selector": "true",
        "publish_not_ready_addresses": "false",
        "internal_traffic_policy": "Cluster",
        "external_traffic_policy": "",
        "traffic_distribution": "",
        "ip_families": "IPv4",
    }
    yield "k8s_service_info", [({**labels, **info}, 1) for _, labels in every]
    port = {"port_name": "http", "protocol": "TCP", "port": "80"}
    yield "k8s_service_endpoints_port_ready", [({**labels, **port}, 3) for _, labels in every]
    yield (
        "k8s_service_endpoints_zone_ready",
        [({**labels, "zone": zone}, 1) for _, labels in every for zone in ("a", "b", "c")],
    )
    yield (
        "k8s_service_endpoints_survives",
        [({**labels, "loss": loss}, n % 2) for n, labels in every for loss in ("node", "zone")],
    )
    yield (
        "k8s_service_dependents",
        [({**labels, "kind": "Ingress"}, 1) for n, labels in every if n % 10 == 0],
    )
    for family_name in ("k8s_service_load_balancer_ingress", "k8s_service_endpoints_ignored"):
        yield family_name, [(labels, 1) for n, labels in every if n % 20 == 0]
    yield (
        "k8s_service_endpoints_finding",
        [({**labels, "finding": "SinglePoint"}, 1) for n, labels in every if n % NOTED == 0],
    )
    for slices in ("orphaned", "unlabelled", "frozen"):
        yield (
            f"k8s_endpointslices_{slices}",
            [({**_TARGET, "namespace": f"team-{n}"}, 1) for n in range(NAMESPACES)],
        )
    for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"):
        yield f"{_BURN}{window}", [(name_service(n), 0.5) for n in range(OBJECTIVES)]
    yield (
        "cluster_namespace_service:k8s_service_slo_objective:ratio",
        [(name_service(n), 0.999) for n in range(OBJECTIVES)],
    )


def _list_counters() -> Iterator[tuple[str, list[Series]]]:
    """Counters, whose rates read the last minutes."""
    every = [{**_TARGET, **name_service(number)} for number in range(SERVICES)]
    yield (
        "k8s_service_endpoints_changes_total",
        [({**labels, "change": _CHANGES[0]}, 7) for labels in every],
    )
    yield "k8s_service_endpoints_unavailable_seconds_total", [(labels, 0) for labels in every]


def _list_troubles(end: int) -> Iterator[tuple[str, list[Series]]]:
    """What is scraped only while there is trouble; here it lasts for the whole range."""
    down = [(n, {**_TARGET, **name_service(n)}) for n in range(SERVICES) if _is_down(n)]
    degraded = [{**_TARGET, **name_service(n)} for n in range(SERVICES) if _is_degraded(n)]
    reasons = [({**labels, "reason": _REASONS[n // DOWN % 4]}, 1) for n, labels in down]
    yield "k8s_service_endpoints_reason", [*reasons]
    yield (
        "k8s_service_endpoints_unavailable_since_timestamp_seconds",
        [(labels, end - RANGE) for _, labels in down],
    )
    yield (
        "k8s_service_endpoints_finding",
        [({**labels, "finding": "HalfUnready"}, 1) for labels in degraded],
    )
    yield (
        "k8s_service_pods_unready",
        [*reasons, *(({**labels, "reason": "CrashLoopBackOff"}, 2) for labels in degraded)],
    )


def _list_recorded() -> Iterator[tuple[str, list[Series]]]:
    """What the rules of alerts/ make of that."""
    spaces = [{"namespace": f"team-{number}"} for number in range(NAMESPACES)]

    def spread(label: str, values: tuple[str, ...]) -> list[Series]:
        return [({**space, label: value}, 1) for space in spaces for value in values]

    yield "cluster_namespace:k8s_services:count", spread("standing", tuple(Standing))
    yield (
        "cluster_namespace:k8s_service_endpoints_unavailable:count",
        spread("reason", _REASONS),
    )
    yield (
        "cluster_namespace:k8s_service_endpoints:sum",
        spread("state", ("ready", "not_ready", "terminating")),
    )
    yield "cluster_namespace:k8s_service_endpoints_changes:rate5m", spread("change", _CHANGES)
    down = [name_service(number) for number in range(SERVICES) if _is_down(number)]
    yield "cluster_namespace_service:k8s_service_down:bool", [(labels, 1) for labels in down]
    firing = {
        "alertname": "KubeServiceLostAllEndpoints",
        "severity": "critical",
        "alertstate": "firing",
    }
    yield "ALERTS", [({**labels, **firing}, 1) for labels in down]


def _list_own(end: int) -> Iterator[tuple[str, list[Series]]]:
    """What the exporter says of itself, in short."""
    resources = ("services", "endpointslices", "pods", "nodes")
    for name, value in (
        ("synced", 1),
        ("forbidden", 0),
        ("objects", 10_000),
        ("last_sync_timestamp_seconds", end - 3600),
        ("last_event_timestamp_seconds", end - 5),
    ):
        yield (
            f"endpoints_exporter_resource_{name}",
            [({**_TARGET, "resource": resource}, value) for resource in resources],
        )
    yield "up", [(_TARGET, 1)]
    yield "endpoints_exporter_build_info", [({**_TARGET, "version": "1", "python": "3.12"}, 1)]
    yield "process_start_time_seconds", [(_TARGET, end - 86_400)]
    yield (
        "endpoints_exporter_objects_rejected_total",
        [({**_TARGET, "resource": resource}, 0) for resource in resources],
    )


def _write(family: str, labels: Labels, value: float, times: range) -> Iterator[str]:
    pairs = ",".join(f'{key}="{given}"' for key, given in labels.items() if given)
    head = f"{family}{{{pairs}}} {value} "
    return (f"{head}{time}\n" for time in times)


def _repeat(labels: Labels, replicas: int) -> Iterator[Labels]:
    """The same series of every replica; what rules record is there once."""
    if "instance" not in labels:
        yield labels
        return
    for instance in REPLICAS[:replicas]:
        yield {**labels, "instance": instance}


def write_blocks(folder: Path, end: int, *, replicas: int) -> None:
    """Make the blocks of a Prometheus' storage in `folder`; the last samples are of `end`."""
    once = range(end, end + 1)
    minutes = range(end - 300, end + 1, SCRAPES)
    scraped = range(end - RANGE, end + 1, SCRAPES)
    evaluated = range(end - RANGE, end + 1, EVALUATIONS)
    text = folder / "samples.txt"
    with text.open("w", encoding="utf-8") as file:
        for families, times in (
            (_list_always(end), once),
            (_list_counters(), minutes),
            (_list_own(end), minutes),
            (_list_troubles(end), scraped),
            (_list_recorded(), evaluated),
        ):
            for family, series in families:
                for given, value in series:
                    for labels in _repeat(given, replicas):
                        file.writelines(_write(family, labels, value, times))
        file.write("# EOF\n")
    command: list[str | Path] = [
        *(find_binary("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=24h"),
        *("openmetrics", text, folder / "tsdb"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    text.unlink()
