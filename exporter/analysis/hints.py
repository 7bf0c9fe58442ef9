"""What in a Pod's spec does not fit its Service: probe ports, and named ports that are missing.

These are hints for people, never reasons: a probe may well ask a port of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from exporter.objects.containers import Container, ContainerKind
from exporter.objects.pod_facts import Facts
from exporter.objects.pods import Pod
from exporter.objects.services import Service, ServicePort


def resolve_port(port: ServicePort, facts: Facts) -> int | None:
    """The number behind a Service port in a Pod; None when no container names it.

    First match of name and protocol in the app containers, then in the sidecars
    (k8s.io/endpointslice utils.go, FindPort).
    """
    if isinstance(port.target, int):
        return port.target
    for kind in (ContainerKind.APP, ContainerKind.SIDECAR):
        for container in facts.containers:
            if container.kind is kind:
                for own in container.ports:
                    if own.name == port.target and own.protocol == port.protocol:
                        return own.number
    return None


def find_missing_ports(service: Service, pods: Iterable[Pod]) -> tuple[tuple[str, str, int], ...]:
    """(target port name, protocol, number of Pods without it), for named ports of the Service."""
    counts: dict[tuple[str, str], int] = {}
    for pod in pods:
        if not pod.candidate or not pod.facts.containers:
            continue
        for port in service.ports:
            if resolve_port(port, pod.facts) is None:
                key = (str(port.target), port.protocol)
                counts[key] = counts.get(key, 0) + 1
    return tuple((name, protocol, count) for (name, protocol), count in sorted(counts.items()))


@lru_cache(maxsize=4096)
def _declared(facts: Facts) -> frozenset[tuple[str, int]]:
    """(protocol, number) of every port that lasting containers declare."""
    return frozenset(
        (port.protocol, port.number)
        for container in facts.containers
        if container.kind is not ContainerKind.INIT
        for port in container.ports
    )


def find_undeclared_targets(service: Service, pods: Iterable[Pod]) -> list[tuple[str, str]]:
    """(Service port, target number) where containers declare ports, and this is none of them.

    What a container declares is informational: it may well listen on more.
    """
    numeric = [port for port in service.ports if isinstance(port.target, int)]
    if not numeric or service.headless:
        return []
    declared: set[tuple[str, int]] = set()
    for facts in {pod.facts for pod in pods if pod.candidate}:
        declared |= _declared(facts)
    if not declared:
        return []
    return [
        (port.name or str(port.port), str(port.target))
        for port in numeric
        if (port.protocol, port.target) not in declared
    ]


def find_probe_mismatches(service: Service, pods: Iterable[Pod]) -> tuple[tuple[str, str], ...]:
    """(container, what its readiness probe does) where that port is none the Service sends to.

    Only of containers that are not ready: a probe that succeeds may ask what it likes.
    """
    found: set[tuple[str, str]] = set()
    if not service.ports:
        return ()  # headless: it sends to whatever port a client asks for
    for facts in {pod.facts for pod in pods if pod.candidate}:
        targets = {resolve_port(port, facts) for port in service.ports}
        for container in facts.containers:
            if container.ready or container.kind is ContainerKind.INIT:
                continue
            asked = _probe_port(container)
            if asked is not None and asked not in targets and container.readiness is not None:
                found.add((container.name, container.readiness.text))
    return tuple(sorted(found))


def _probe_port(container: Container) -> int | None:
    """The number that the readiness probe asks; None when it asks none or its name is unknown."""
    if container.readiness is None or not container.readiness.port:
        return None
    asked = container.readiness.port
    if isinstance(asked, int):
        return asked
    if asked.isdecimal() and len(asked) <= 5:
        return int(asked)
    return next((port.number for port in container.ports if port.name == asked), None)
