from __future__ import annotations

from typing import Any

import pytest

from tests.unit.routing.worlds import World, make, piece, service


def monitor(selector: Any, *ends: Any, namespaces: Any = None, name: str = "m") -> Any:
    """A ServiceMonitor in d."""
    spec = {"selector": selector, "endpoints": list(ends), "namespaceSelector": namespaces}
    return make("servicemonitors", name, spec=spec)


@pytest.mark.parametrize(
    "selector,expected",
    [
        ({"matchLabels": {"a": "1"}}, "ok"),
        ({}, "ok"),
        ({"matchLabels": {"a": "2"}}, "MissingService"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, "ok"),
        (
            {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]},
            "MissingService",
        ),
        ({"matchExpressions": [{"key": "b", "operator": "DoesNotExist"}]}, "ok"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "ok"),
        ({"matchExpressions": [{"key": "a", "operator": "Like"}]}, "unknown"),
    ],
)
def test_a_monitor_chooses_by_label(selector: Any, expected: str) -> None:
    """By pairs and by requirements; one that means nothing can't be judged."""
    world = World(service(labels={"a": "1"}), piece(), monitor(selector, {"port": "http"}))
    assert world.results() == [expected]


@pytest.mark.parametrize(
    "namespaces,expected",
    [
        (None, "MissingService"),
        ({"any": True}, "ok"),
        ({"matchNames": ["e", "x"]}, "ok"),
        ({"matchNames": ["x"]}, "MissingService"),
    ],
)
def test_a_monitor_looks_into_its_namespaces(namespaces: Any, expected: str) -> None:
    """Its own unless it says others, or any."""
    far = service("web", "e", labels={"a": "1"})
    made = monitor({"matchLabels": {"a": "1"}}, {"port": "http"}, namespaces=namespaces)
    assert World(far, piece("web", "e"), made).results() == [expected]


@pytest.mark.parametrize(
    "end,expected",
    [
        ({"port": "http"}, "ok"),
        ({"port": "80"}, "MissingPort"),
        ({"port": "8080"}, "MissingPort"),
        ({"targetPort": 8080}, "ok"),
        ({"targetPort": "metrics"}, "MissingPort"),
        ({}, "ok"),
    ],
)
def test_a_monitor_names_ports_by_name(end: Any, expected: str) -> None:
    """Never by number; a targetPort is that of the container."""
    made = monitor({"matchLabels": {"a": "1"}}, end)
    assert World(service(labels={"a": "1"}), piece(), made).results() == [expected]


def test_one_service_of_several_without_the_port_is_no_fault() -> None:
    """And the monitor follows labels as they change."""
    made = monitor({"matchLabels": {"a": "1"}}, {"port": "http"})
    bare = service("bare", "d", {"name": "x", "port": 1}, labels={"a": "1"})
    world = World(made, bare, service(labels={"a": "1"}), piece())
    assert world.results() == ["ok"]
    world.put(service(labels={"a": "2"}))
    assert world.results() == ["MissingPort"]
    world.put(service("bare", "d", {"name": "x", "port": 1}))
    assert world.results() == ["MissingService"]


def test_a_pod_monitor_waits_for_its_workload() -> None:
    """It is broken only when no workload would make Pods; where Pods can't be read, unknown."""
    spec = {"selector": {"matchLabels": {"app": "web"}}, "podMetricsEndpoints": [{"port": "m"}]}
    made = make("podmonitors", "p", spec=spec)
    world = World(made)
    assert world.results() == ["NoEndpoints"]
    template = {"metadata": {"labels": {"app": "web"}}}
    world.put(make("deployments", "web", spec={"replicas": 0, "template": template}))
    assert world.results() == ["Intended"]
    port = {"name": "m", "containerPort": 9}
    world.put(
        make(
            "pods",
            "x",
            labels={"app": "web"},
            spec={"containers": [{"name": "c", "ports": [port]}]},
        )
    )
    assert world.results() == ["ok"]
    assert World(made, unreadable=("pods",)).results() == ["unknown"]


@pytest.mark.parametrize(
    "url,expected",
    [
        ("web.d.svc:80", ["ok"]),
        ("web.d.svc.cluster.local:80", ["ok"]),
        ("web.d.svc:9", ["MissingPort"]),
        ("gone.d.svc:80", ["MissingService"]),
        ("web:80", []),
        ("blackbox.example.com", []),
    ],
)
def test_a_probe_is_asked_for_by_its_prober(url: str, expected: list[str]) -> None:
    """A full name of a Service is a reference; what a shorter one means is Prometheus' affair."""
    made = make("probes", "p", spec={"prober": {"url": url}})
    assert World(service(), piece(), made).results() == expected
