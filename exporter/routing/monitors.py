"""Whether a monitor watches anything: what it chooses, and the ports it wants there.

A monitor that chooses nothing, or names no port of what it chooses, alerts nobody of anything.
One Service among several that lacks the port is usual, and no fault. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from exporter.model import ObjectKey, ServiceKey
from exporter.model.routes import ReferenceReport, Result
from exporter.objects.dependents import Backend
from exporter.objects.monitors import End, Monitor
from exporter.objects.pods import Pod
from exporter.objects.services import Service, ServicePort
from exporter.routing.references import Facts, judge_port

#: Why a result is `unknown` or Intended.
CHOSEN_UNREADABLE = "NotAllReadable"
SELECTOR_STRANGE = "SelectorNotUnderstood"
PODS_UNREADABLE = "PodsUnreadable"
WORKLOAD = "WaitsForPods"
#: Why nothing is watched.
SELECTS_NOTHING = "SelectsNothing"


class MonitorFacts(Facts, Protocol):
    """What is known besides, as far as monitors ask."""

    def complete(self, kind: str, namespaces: tuple[str, ...] | None) -> bool:
        """Whether all objects of a kind in these namespaces (None: all) are read."""

    def pod(self, key: ObjectKey) -> Pod | None:
        """A Pod."""

    def selected_pods(self, key: ServiceKey) -> tuple[Pod, ...] | None:
        """The Pods behind a Service, None where they can't be read."""

    def awaited(self, monitor: Monitor) -> bool | None:
        """Whether a workload would make Pods that it chooses; None where they can't be read."""


def judge_end(
    monitor: Monitor, end: End, chosen: Collection[ObjectKey], facts: MonitorFacts
) -> ReferenceReport:
    """The result for one endpoint of a ServiceMonitor or PodMonitor."""
    one = min(chosen) if len(chosen) == 1 else None
    backend = Backend(
        one.namespace if one else (monitor.namespaces or ("",))[0],
        one.name if one and monitor.chooses == "Service" else "",
        end.port or end.target,
    )
    return ReferenceReport(backend, *_judge(monitor, end, chosen, facts))


def judge_choice(
    monitor: Monitor, chosen: Collection[ObjectKey], facts: MonitorFacts
) -> tuple[Result, str]:
    """The result for what a monitor chooses, whatever the ports: ok when there is anything."""
    if monitor.selector.strange:
        return Result.UNKNOWN, SELECTOR_STRANGE
    if chosen:
        return Result.OK, ""
    if not facts.complete(monitor.chooses, monitor.namespaces):
        return Result.UNKNOWN, CHOSEN_UNREADABLE
    if monitor.chooses == "Pod":
        awaited = facts.awaited(monitor)
        if awaited is None:
            return Result.UNKNOWN, CHOSEN_UNREADABLE
        if awaited:
            return Result.INTENDED, WORKLOAD
        return Result.NO_ENDPOINTS, SELECTS_NOTHING
    return Result.MISSING_SERVICE, SELECTS_NOTHING


def _judge(
    monitor: Monitor, end: End, chosen: Collection[ObjectKey], facts: MonitorFacts
) -> tuple[Result, str]:
    result, reason = judge_choice(monitor, chosen, facts)
    if result is not Result.OK:
        return result, reason
    if monitor.chooses == "Pod":
        pods = (facts.pod(key) for key in chosen)
        known = [pod for pod in pods if pod is not None and pod.facts.known]
        if not known:
            return Result.UNKNOWN, PODS_UNREADABLE
        if any(_declares(pod, end.port or end.target) for pod in known):
            return Result.OK, ""
        return Result.MISSING_PORT, ""
    worst: tuple[Result, str] = (Result.MISSING_PORT, "")
    for key in chosen:
        found = _judge_service(end, ServiceKey(*key), facts)
        if found[0] is Result.OK:
            return found
        if _NEAR.index(found[0]) < _NEAR.index(worst[0]):
            worst = found
    if worst[0] in _LACKING and not facts.complete("Service", monitor.namespaces):
        return Result.UNKNOWN, CHOSEN_UNREADABLE
    return worst


#: The result of a monitor is that of the Service that comes closest to being watched.
_NEAR = (
    Result.OK,
    Result.DEGRADED,
    Result.UNKNOWN,
    Result.NEW,
    Result.INTENDED,
    Result.NO_ENDPOINTS,
    Result.MISSING_PORT,
    Result.EXTERNAL_NAME,
)
_LACKING = frozenset({Result.MISSING_PORT, Result.EXTERNAL_NAME})


def _judge_service(end: End, key: ServiceKey, facts: MonitorFacts) -> tuple[Result, str]:
    report = facts.report(key)
    if report is None:
        return Result.UNKNOWN, facts.unknowable(key)
    service = report.service
    if service.type == "ExternalName":
        return Result.EXTERNAL_NAME, service.external_name
    ports = _ports(service, end)
    if not ports and not end.port and end.target:
        # A container's port that no port of the Service leads to is scraped all the same.
        pods = facts.selected_pods(key)
        if pods is None or not all(pod.facts.known for pod in pods):
            return Result.UNKNOWN, PODS_UNREADABLE
        if any(_declares(pod, end.target) for pod in pods):
            return Result.OK, ""
    if not ports:
        return Result.MISSING_PORT, ""
    found = [judge_port(report, port) for port in ports]
    return min(found, key=lambda one: _NEAR.index(one[0]))


def _ports(service: Service, end: End) -> list[ServicePort]:
    if end.port:
        return [port for port in service.ports if port.name == end.port]
    if end.target:
        return [port for port in service.ports if port.target == end.target]
    return list(service.ports)


def _declares(pod: Pod, wanted: int | str) -> bool:
    declared: Iterable[int | str] = (
        port.number if isinstance(wanted, int) else port.name
        for container in pod.facts.containers
        for port in container.ports
    )
    return not wanted or wanted in declared
