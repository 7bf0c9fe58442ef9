from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from exporter.model import ServiceKey, ServiceReport, ServiceView, Source
from exporter.objects.codec import decode_object
from exporter.objects.resources import SERVICES, SLICES
from exporter.web import Site
from tests.unit.web.sites import body, get, report, site, status, text

META = "__meta_kubernetes_"


def service(name: str, *, namespace: str = "shop", **spec: Any) -> ServiceReport:
    """A Service with ports http 80 and metrics 9090, unless `spec` says otherwise."""
    ports = [
        {"name": "http", "port": 80, "protocol": "TCP"},
        {"name": "metrics", "port": 9090, "protocol": "TCP", "appProtocol": "http"},
    ]
    labels = {"app.kubernetes.io/name": name, "tier": "front"}
    raw = {
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {"type": "ClusterIP", "selector": {"app": name}, "ports": ports, **spec},
    }
    decoded: Any = decode_object(SERVICES, json.dumps(raw).encode())
    return msgspec.structs.replace(report(namespace, name), service=decoded)


def view(said: ServiceReport, *endpoints: dict[str, Any], family: str = "IPv4") -> ServiceView:
    """What is known of it: one slice with these endpoints."""
    raw = {
        "metadata": {"namespace": said.key.namespace, "name": f"{said.key.name}-1"},
        "addressType": family,
        "endpoints": list(endpoints),
        "ports": [
            {"name": "http", "port": 8080, "protocol": "TCP"},
            {"name": "metrics", "port": 9090, "protocol": "TCP"},
        ],
    }
    piece: Any = decode_object(SLICES, json.dumps(raw).encode())
    return ServiceView(said.service, Source.ENDPOINTSLICES, (piece,), 0, None, None, None)


def endpoint(address: str, *, ready: bool = True, node: str = "n1") -> dict[str, Any]:
    """One endpoint."""
    return {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": node,
        "zone": "a",
    }


WEB = service("web")
API = service("api", namespace="bank")
SHOWN: dict[ServiceKey, ServiceView] = {
    WEB.key: view(
        WEB,
        endpoint("10.0.0.2"),
        endpoint("10.0.0.1"),
        endpoint("10.0.0.3", node="n2"),
        endpoint("10.0.0.9", ready=False),
    ),
    API.key: view(API),
}


def ask(query: str, shown: Site | None = None) -> list[Any]:
    """The groups."""
    response = get(f"/sd/http{query}", shown or site([WEB, API], views=SHOWN))
    assert response.status == 200
    assert dict(response.headers)["Content-Type"] == "application/json"
    groups: list[Any] = json.loads(body(response))
    return groups


def test_ready_addresses_are_targets_with_where_they_are() -> None:
    """One group a port, Node and zone; what is not ready is no target."""
    shared = {
        f"{META}namespace": "shop",
        f"{META}service_name": "web",
        f"{META}service_type": "ClusterIP",
        "__meta_endpoints_standing": "ready",
        f"{META}service_label_app_kubernetes_io_name": "web",
        f"{META}service_label_tier": "front",
        f"{META}service_port_name": "http",
        f"{META}service_port_number": "80",
        f"{META}service_port_protocol": "TCP",
        f"{META}endpoint_zone": "a",
    }
    assert ask("?port=http") == [
        {
            "targets": ["10.0.0.1:8080", "10.0.0.2:8080"],
            "labels": {**shared, f"{META}endpoint_node_name": "n1"},
        },
        {
            "targets": ["10.0.0.3:8080"],
            "labels": {**shared, f"{META}endpoint_node_name": "n2"},
        },
    ]


@pytest.mark.parametrize(
    "query,targets",
    [
        ("?target=service", ["api.bank.svc:80", "api.bank.svc:9090", "web.shop.svc:80",
                             "web.shop.svc:9090"]),
        ("?target=service&port=9090", ["api.bank.svc:9090", "web.shop.svc:9090"]),
        ("?target=service&port=http,metrics&namespace=bank", ["api.bank.svc:80",
                                                              "api.bank.svc:9090"]),
        ("?target=service&port=80&label=app.kubernetes.io/name=web", ["web.shop.svc:80"]),
        ("?target=service&port=80&label=!tier", []),
        ("?target=service&namespace=nowhere", []),
        ("?namespace=bank", []),
        ("?port=9090", ["10.0.0.1:9090", "10.0.0.2:9090", "10.0.0.3:9090"]),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_what_comes(query: str, targets: list[str]) -> None:
    """Namespaces, labels and ports narrow it; Services are targets by their DNS names."""
    assert [target for group in ask(query) for target in group["targets"]] == targets


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    """Otherwise its last part would be read as the port."""
    six = service("six", ipFamilies=["IPv6"])
    shown = site([six], views={six.key: view(six, endpoint("fd00::1"), family="IPv6")})
    assert ask("?port=http", shown)[0]["targets"] == ["[fd00::1]:8080"]


def test_an_external_name_is_no_target() -> None:
    """It lies elsewhere, and has neither address nor port of the cluster."""
    alias = service("db", type="ExternalName", externalName="db.example.com")
    assert ask("?target=service", site([alias])) == []


def test_many_services_are_told_in_turns() -> None:
    """The document of a large cluster is whole, and made piece by piece."""
    many = [service(f"s{number:04}") for number in range(450)]
    response = get("/sd/http?target=service&port=80&label=app.kubernetes.io/name", site(many))
    assert not isinstance(response.body, bytes)
    pieces = list(response.body)
    assert len(pieces) == 4
    assert len(json.loads(b"".join(pieces))) == 450
    none = get("/sd/http?target=service&namespace=x", site(many))
    assert json.loads(body(none)) == []


@pytest.mark.parametrize(
    "query,told",
    [
        ("?target=pod", "target: takes address or service, not pod"),
        ("?limit=3", "no such parameter: limit; takes namespace, label, port, target"),
        ("?label=", None),
        ("?label=(", "label: takes key=value, key!=value, key or !key"),
    ],
)
def test_a_query_that_can_not_be_meant_is_told(query: str, told: str | None) -> None:
    """A slip is a 400 with what there is, not all targets or none."""
    response = get(f"/sd/http{query}", site([WEB], views=SHOWN))
    assert response.status == (200 if told is None else 400)
    if told is not None:
        assert json.loads(text(response))["detail"] == told


def test_before_all_was_read_it_is_unavailable() -> None:
    """Prometheus keeps its targets on an error; an empty list would take all of them away."""
    response = get("/sd/http", site([], resources=[status(synced=False)]))
    assert response.status == 503
