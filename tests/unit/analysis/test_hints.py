from __future__ import annotations

from typing import Any

import pytest

from exporter.analysis.hints import find_missing_ports, find_probe_mismatches
from exporter.objects.pods import Pod
from tests.unit.kubelet import RUNNING, container, make_service, read_pod, status, unready_json


def failing(**fields: Any) -> Pod:
    """A Pod with one running container that is not ready."""
    return read_pod(unready_json(container(**fields), statuses=[status(RUNNING)]))


def to(target: int | str, protocol: str = "TCP") -> list[dict[str, Any]]:
    """The ports of a Service."""
    return [{"name": "http", "port": 80, "targetPort": target, "protocol": protocol}]


@pytest.mark.parametrize(
    "probe,target,found",
    [
        ({"httpGet": {"port": 8080}}, 8080, ()),
        ({"httpGet": {"port": "http"}}, 8080, ()),
        ({"httpGet": {"port": 8080}}, "http", ()),
        ({"httpGet": {"port": "8080"}}, 8080, ()),
        ({"exec": {"command": ["true"]}}, 8080, ()),
        ({"httpGet": {"port": "nowhere"}}, 8080, ()),
        (None, 8080, ()),
        ({"httpGet": {"path": "/z", "port": 8081}}, 8080, (("app", "GET /z on port 8081"),)),
        ({"tcpSocket": {"port": "http"}}, 9090, (("app", "TCP connect to port http"),)),
    ],
)
def test_a_failing_probe_of_another_port_is_pointed_out(
    probe: dict[str, Any] | None, target: int | str, found: tuple[tuple[str, str], ...]
) -> None:
    """The readiness probe of an unready container asks a port that the Service does not send to."""
    service = make_service(ports=to(target))
    assert find_probe_mismatches(service, [failing(readinessProbe=probe)]) == found


def test_without_service_ports_any_probe_port_is_right() -> None:
    """A headless Service without ports sends nowhere in particular."""
    pod = failing(readinessProbe={"tcpSocket": {"port": 5}})
    assert find_probe_mismatches(make_service(ports=None), [pod]) == ()


@pytest.mark.parametrize(
    "target,protocol,ports,found",
    [
        (8080, "TCP", None, ()),
        ("http", "TCP", [{"name": "http", "containerPort": 1}], ()),
        ("http", "UDP", [{"name": "http", "containerPort": 1}], (("http", "UDP", 1),)),
        ("web", "TCP", [{"name": "http", "containerPort": 1}], (("web", "TCP", 1),)),
        ("web", "TCP", None, (("web", "TCP", 1),)),
    ],
)
def test_a_target_port_that_no_container_names_is_pointed_out(
    target: int | str, protocol: str, ports: Any, found: tuple[tuple[str, str, int], ...]
) -> None:
    """Name and protocol have to match a containerPort; a number always does."""
    service = make_service(ports=to(target, protocol))
    assert find_missing_ports(service, [failing(ports=ports)]) == found
