"""A large cluster as retained objects: decoded once, then copied, for decoding is not the point."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec

from exporter.objects.nodes import Node
from exporter.objects.pods import Labels, Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice
from tests.unit.apiserver import decode, endpoint, node, pod, service, slice_of

_ENDPOINT: Any = {"targetRef": {"kind": "Pod", "name": "p"}, "nodeName": "n", "zone": "z"}
_NODES = 500


class Big(msgspec.Struct, frozen=True):
    """Services, one slice each, their Pods, and Nodes."""

    services: tuple[Service, ...]
    slices: tuple[EndpointSlice, ...]
    pods: tuple[Pod, ...]
    nodes: tuple[Node, ...]


def build(
    services: int,
    each: int,
    *,
    namespaces: int = 50,
    pods: bool = True,
    selector: Callable[[int], dict[str, str]] = lambda number: {"app": f"app-{number}"},
) -> Big:
    """So many Services of `each` addresses, Pods (unless told) and Nodes, all ready."""
    a_service: Any = decode(service("s", selector={"app": "s"}))
    a_slice: Any = decode(slice_of(endpoint(".1", **_ENDPOINT)))
    an_endpoint = a_slice.endpoints[0]
    a_pod: Any = decode(pod("p", "10.0.0.1", app="s"))
    copy = msgspec.structs.replace
    made_services, made_slices, made_pods = [], [], []
    for number in range(services):
        space, name = sys.intern(f"ns-{number % namespaces}"), f"service-{number}"
        pairs = selector(number)
        labels = Labels({**pairs, "pod-template-hash": "7c9d8b6f5"})
        endpoints = []
        for at in range(number * each, (number + 1) * each):
            address = f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}"
            own, host = f"{name}-7c9d8b6f5-{at}", sys.intern(f"node-{at % _NODES}")
            endpoints.append(copy(an_endpoint, address=address, pod=own, node=host))
            if pods:
                made_pods.append(
                    copy(
                        a_pod,
                        namespace=space,
                        name=own,
                        resource_version=str(at),
                        labels=labels,
                        ip=address,
                        node=host,
                    )
                )
        made_services.append(
            copy(a_service, namespace=space, name=name, uid=f"uid-{number}", selector=pairs)
        )
        made_slices.append(
            copy(
                a_slice,
                namespace=space,
                name=f"{name}-x",
                service=name,
                endpoints=tuple(endpoints),
            )
        )
    hosts: list[Any] = [decode(node(f"node-{number}")) for number in range(_NODES)]
    return Big(tuple(made_services), tuple(made_slices), tuple(made_pods), tuple(hosts))
