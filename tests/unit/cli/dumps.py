"""Dumps for the tests of the command line, as `kubectl get … -o json` prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exporter.cli.gathering import Gathered
from exporter.dump import read_dump
from exporter.engine.state import Choices, State
from exporter.model import Replace

Json = dict[str, Any]

CREATED = "2026-11-20T08:00:00Z"
#: Three days after CREATED, seconds since the epoch.
NOW = 1795420800.0


def service(name: str = "web", namespace: str = "shop", **changes: Any) -> Json:
    """A ClusterIP Service with port http 80 → 8080; `meta` and spec fields can be changed."""
    meta = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{namespace}-{name}",
        "resourceVersion": "10",
        "creationTimestamp": CREATED,
        **changes.pop("meta", {}),
    }
    status = changes.pop("status", {"loadBalancer": {}})
    spec: Json = {
        "type": "ClusterIP",
        "clusterIP": "10.96.0.10",
        "clusterIPs": ["10.96.0.10"],
        "ipFamilies": ["IPv4"],
        "internalTrafficPolicy": "Cluster",
        "selector": {"app": name},
        "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}],
        **changes,
    }
    spec = {key: value for key, value in spec.items() if value is not None}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": status}


def endpoint(address: str, *, ready: bool = True, **more: Any) -> Json:
    """One endpoint; ready or not, nothing terminating."""
    conditions = {"ready": ready, "serving": ready, "terminating": False}
    conditions.update(more.pop("conditions", {}))
    return {"addresses": [address], "conditions": conditions, **more}


def endpoint_slice(
    *endpoints: Json, of: str = "web", namespace: str = "shop", **changes: Any
) -> Json:
    """A slice that the controller wrote for a Service."""
    name = changes.pop("name", f"{of}-abcde")
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "resourceVersion": "11",
            "creationTimestamp": CREATED,
            "labels": {
                "kubernetes.io/service-name": of,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "addressType": "IPv4",
        "endpoints": list(endpoints) or None,
        "ports": [{"name": "http", "protocol": "TCP", "port": 8080}],
        **changes,
    }


def healthy(name: str, namespace: str = "shop", ready: int = 1, **changes: Any) -> list[Json]:
    """A Service and the slice that makes it healthy."""
    endpoints = [endpoint(f"10.0.0.{number + 1}") for number in range(ready)]
    return [
        service(name, namespace, **changes),
        endpoint_slice(*endpoints, of=name, namespace=namespace),
    ]


def down(name: str, namespace: str = "shop", **changes: Any) -> list[Json]:
    """A Service with one endpoint, which is not ready."""
    return [
        service(name, namespace, **changes),
        endpoint_slice(endpoint("10.0.0.9", ready=False), of=name, namespace=namespace),
    ]


def external(name: str, namespace: str = "shop") -> Json:
    """A Service of type ExternalName."""
    return service(
        name,
        namespace,
        type="ExternalName",
        externalName="db.example.com",
        clusterIP=None,
        clusterIPs=None,
        ipFamilies=None,
        selector=None,
    )


def empty(kind: str, api_version: str) -> Json:
    """A typed list without items: the kind can be read, and there is none."""
    return {"apiVersion": api_version, "kind": f"{kind}List", "metadata": {}, "items": []}


NO_SERVICES = empty("Service", "v1")
NO_SLICES = empty("EndpointSlice", "discovery.k8s.io/v1")
NO_PODS = empty("Pod", "v1")


def write(folder: Path, *objects: Json | list[Json]) -> str:
    """The path of a file with these objects (lists of objects are flattened) in it."""
    items = []
    for given in objects:
        items += given if isinstance(given, list) else [given]
    path = folder / "dump.json"
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}
    path.write_text(json.dumps(listed, indent=4), encoding="utf-8")
    return str(path)


IGNORE = {"annotations": {"endpoints-exporter.io/ignore": "true"}}
TWO = {"annotations": {"endpoints-exporter.io/min-ready": "2"}}
YOUNG = {"creationTimestamp": "2026-11-23T07:59:30Z"}
DUAL = ["IPv4", "IPv6"]


def settled(*objects: Json | list[Json]) -> Gathered:
    """The state that these objects make at NOW."""
    items: list[Any] = []
    for given in objects:
        items += given if isinstance(given, list) else [given]
    dump = read_dump(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode())
    state = State(Choices())
    for resource, found in dump.objects.items():
        state.deliver(Replace(resource, "", found))
    state.settle(NOW)
    return Gathered(state, NOW, ())


def v6(*addresses: str) -> Json:
    """The IPv6 slice of shop/web."""
    return endpoint_slice(*map(endpoint, addresses), name="web-v6", addressType="IPv6")
