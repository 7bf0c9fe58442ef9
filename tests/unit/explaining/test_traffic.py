from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.analysis.merge import merge_slices
from exporter.explaining.traffic import tell_traffic
from exporter.history import Clock
from exporter.judging import assess
from exporter.model import ServiceView, Source
from exporter.objects.codec import decode_object
from exporter.objects.nodes import Node
from exporter.objects.resources import SLICES
from exporter.objects.slices import EndpointSlice
from tests.unit.kubelet import make_service

NODES = {
    "n1": Node("n1", "1", ready=True, schedulable=True, zone="a"),
    "n2": Node("n2", "1", ready=True, schedulable=True, zone="b"),
    "n3": Node("n3", "1", ready=True, schedulable=False, zone="b"),
}


def tell(
    *endpoints: dict[str, Any], nodes: dict[str, Node] | None = NODES, **spec: Any
) -> list[str]:
    """What is told of a Service with one IPv4 slice of these endpoints on Node n1."""
    loose = {
        "metadata": {
            "name": "s-a",
            "namespace": "d",
            "labels": {"kubernetes.io/service-name": "s"},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [
            {"addresses": [f"10.0.0.{n}"], "nodeName": "n1", **endpoint}
            for n, endpoint in enumerate(endpoints, start=1)
        ],
    }
    piece = decode_object(SLICES, msgspec.json.encode(loose))
    assert isinstance(piece, EndpointSlice)
    view = ServiceView(
        service=make_service(**spec),
        source=Source.ENDPOINTSLICES,
        slices=(piece,),
        broken=0,
        pods=None,
        nodes=nodes,
        dependents=None,
    )
    return list(tell_traffic(view, assess(None, view, Clock(0.0, 0.0))[1], merge_slices([piece])))


UNREADY = {"conditions": {"ready": False, "serving": False}}
MASKED = {"conditions": {"ready": True, "serving": False}}
IN_ZONE_A = {"hints": {"forZones": [{"name": "a"}]}}
ON_N1 = {"hints": {"forNodes": [{"name": "n1"}]}}
BALANCED = {"ingress": [{"ip": "192.0.2.1"}]}


def test_an_ordinary_service_needs_no_words() -> None:
    """Without policies, hints or gaps nothing is told."""
    assert tell({}, {}) == []


@pytest.mark.parametrize(
    "spec,told",
    [
        (
            {"internalTrafficPolicy": "Local"},
            [
                (
                    "internalTrafficPolicy is Local: traffic is dropped on 1 schedulable Node "
                    "without a ready endpoint: n2"
                )
            ],
        ),
        ({"externalTrafficPolicy": "Local"}, []),
        (
            {
                "type": "NodePort",
                "internalTrafficPolicy": "Local",
                "externalTrafficPolicy": "Local",
                "healthCheckNodePort": 30123,
            },
            [
                (
                    "internalTrafficPolicy and externalTrafficPolicy are Local: traffic is dropped "
                    "on 1 schedulable Node without a ready endpoint: n2"
                ),
                "health checks on port 30123 fail on those Nodes",
            ],
        ),
    ],
)
def test_local_policies_drop_traffic_on_nodes_without_an_endpoint(
    spec: dict[str, Any], told: list[str]
) -> None:
    """Cordoned Nodes don't count; the external policy counts only where a Service is exposed."""
    assert tell({}, **spec) == told


def test_without_nodes_a_local_policy_is_only_named() -> None:
    """Which Nodes have no endpoint can't be known."""
    assert tell({}, nodes=None, internalTrafficPolicy="Local") == [
        "internalTrafficPolicy is Local: only Nodes with a ready endpoint of their own serve it"
    ]


@pytest.mark.parametrize(
    "endpoints,told",
    [
        (
            [IN_ZONE_A, {}],
            ["zone hints are ignored: 1 of 2 ready endpoints have none"],
        ),
        ([ON_N1, {}], ["node hints are ignored: 1 of 2 ready endpoints have none"]),
        ([IN_ZONE_A, IN_ZONE_A], ["no endpoint is hinted for zone b"]),
        ([IN_ZONE_A, {**UNREADY}], ["no endpoint is hinted for zone b"]),
    ],
)
def test_hints_count_only_when_every_ready_endpoint_has_one(
    endpoints: list[dict[str, Any]], told: list[str]
) -> None:
    """One ready endpoint without a hint switches them off; a zone without one falls back."""
    assert tell(*endpoints) == told


def test_published_addresses_may_hide_pods_that_do_not_serve() -> None:
    """Under publishNotReadyAddresses the ready state says nothing, serving does."""
    assert tell(MASKED, {}, publishNotReadyAddresses=True) == [
        (
            "publishNotReadyAddresses is set: addresses count as ready whatever their Pods say; "
            "of 2 ready addresses 1 not serving"
        )
    ]


def test_a_family_without_a_ready_address_is_told() -> None:
    """Dual-stack with one family down still works for the other."""
    assert tell({}, ipFamilies=["IPv4", "IPv6"]) == [
        "no IPv6 address is ready, though the Service wants some"
    ]


def test_a_pending_load_balancer_is_told() -> None:
    """An empty ingress list is a load balancer that is not there yet."""
    assert tell({}, type="LoadBalancer") == [
        "the load balancer is pending: status.loadBalancer.ingress is empty"
    ]
