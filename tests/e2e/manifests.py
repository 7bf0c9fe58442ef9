"""Manifests that the tests apply; plain mappings as kubectl takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Manifest = dict[str, Any]
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
HTTP_PORT = {"name": "http", "port": 80, "targetPort": 8080}


def make_namespace(name: str) -> Manifest:
    """Return a Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def make_service(
    namespace: str,
    name: str,
    *,
    ports: Sequence[Mapping[str, Any]] = (HTTP_PORT,),
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Manifest:
    """Return a Service; without `selector` in `spec` it selects app=NAME."""
    full = {"selector": {"app": name}, "ports": [dict(port) for port in ports], **spec}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "annotations": dict(annotations or {})},
        "spec": {key: value for key, value in full.items() if value is not None},
    }


def make_container(image: str = "registry.invalid/web:1", **fields: Any) -> Manifest:
    """Return the container `web` with the named port http, and further fields."""
    ports = [{"name": "http", "containerPort": 8080}]
    return {"name": "web", "image": image, "ports": ports, **fields}


def make_deployment(
    namespace: str,
    name: str,
    *,
    replicas: int,
    image: str = "registry.invalid/web:1",
    spread: bool = False,
) -> Manifest:
    """Return a Deployment of Pods app=NAME whose rollouts never go below `replicas`."""
    labels = {"app": name}
    pod: Manifest = {"containers": [make_container(image)]}
    if spread:
        pod["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": labels},
            }
        ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def make_pod(
    namespace: str,
    name: str,
    *,
    app: str,
    node: str | None,
    labels: Mapping[str, str] | None = None,
    finalizers: Sequence[str] = (),
    **spec: Any,
) -> Manifest:
    """Return a bare Pod app=APP; `node` puts it there past the scheduler."""
    full: Manifest = {"containers": [make_container()], "terminationGracePeriodSeconds": 600}
    if node is not None:
        full["nodeName"] = node
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": namespace,
            "name": name,
            "labels": {"app": app, **(labels or {})},
            "finalizers": list(finalizers),
        },
        "spec": {**full, **spec},
    }


def make_slice(
    namespace: str,
    name: str,
    *,
    service: str | None,
    endpoints: Sequence[Mapping[str, Any]],
    address_type: str = "IPv4",
    ports: Sequence[Mapping[str, Any]] = ({"name": "http", "port": 8080, "protocol": "TCP"},),
) -> Manifest:
    """Return an EndpointSlice as a third party writes it; `service` None leaves the label out."""
    labels = {} if service is None else {SERVICE_NAME_LABEL: service}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "addressType": address_type,
        "endpoints": [dict(endpoint) for endpoint in endpoints],
        "ports": [dict(port) for port in ports],
    }
