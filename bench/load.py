"""The load: Services, their EndpointSlices and, if wanted, Pods, written through the real API."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

NAMESPACES = 50
_IN_FLIGHT = 24

Manifest = dict[str, Any]


class Size:
    """How large the cluster is: Services, addresses per Service, and whether Pods exist."""

    def __init__(self, services: int, addresses: int, *, pods: bool) -> None:
        self.services = services
        self.addresses = addresses
        self.pods = pods

    def namespace(self, number: int) -> str:
        """The namespace of a Service."""
        return f"bench-{number % NAMESPACES}"


def make_service(size: Size, number: int) -> Manifest:
    """A ClusterIP Service with one port."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": f"service-{number}",
            "namespace": size.namespace(number),
            "labels": {"app": f"app-{number}", "tier": "bench"},
        },
        "spec": {
            "selector": {"app": f"app-{number}"},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
        },
    }


def make_slice(size: Size, number: int, *, unready: int | None = None) -> Manifest:
    """The slice of a Service as the controller writes it; `unready` is one endpoint's index."""
    name = f"service-{number}"
    namespace = size.namespace(number)
    endpoints = [
        {
            "addresses": [_address(number * size.addresses + index)],
            "conditions": {
                "ready": index != unready,
                "serving": index != unready,
                "terminating": False,
            },
            "nodeName": f"node-{(number + index) % 500}",
            "zone": f"zone-{index % 3}",
            "targetRef": {
                "kind": "Pod",
                "namespace": namespace,
                "name": pod_name(number, index),
                "uid": f"00000000-0000-0000-{number:04x}-{index:012x}",
            },
        }
        for index in range(size.addresses)
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-bench",
            "namespace": namespace,
            "labels": {
                "app": f"app-{number}",
                "kubernetes.io/service-name": name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "annotations": {
                "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"
            },
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


def make_pod(size: Size, number: int, index: int) -> Manifest:
    """A Pod as a Deployment would make it."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod_name(number, index),
            "namespace": size.namespace(number),
            "labels": {"app": f"app-{number}", "pod-template-hash": "7c9d8b6f5"},
        },
        "spec": {
            "nodeName": f"node-{(number + index) % 500}",
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example.com/app:1",
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                }
            ],
        },
    }


def make_pod_status(size: Size, number: int, index: int) -> Manifest:
    """The status that a kubelet gives a Pod that is well."""
    address = _address(number * size.addresses + index)
    since = "2026-01-01T00:00:00Z"
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady")
    return {
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": since,
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": since}
                for kind in (*conditions, "PodScheduled")
            ],
            "containerStatuses": [
                {
                    "name": "app",
                    "image": "registry.example.com/app:1",
                    "imageID": "registry.example.com/app@sha256:0a",
                    "ready": True,
                    "started": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": since}},
                }
            ],
        }
    }


def pod_name(number: int, index: int) -> str:
    """The name of a Service's Pod."""
    return f"service-{number}-7c9d8b6f5-{index:05d}"


def _address(number: int) -> str:
    return f"10.{128 + number // 65025}.{number // 255 % 255}.{number % 255}"


class Writer:
    """Writes to the API server, many requests at a time."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def send(
        self, method: str, path: str, body: Manifest, content_type: str = "application/json"
    ) -> None:
        """Send one request; raises RuntimeError unless the server took it."""
        async with self._session.request(
            method, self._url + path, json=body, headers={"Content-Type": content_type}
        ) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {answer.status}: {text[:200]}")

    async def send_all(self, requests: Iterable[Callable[[], Any]]) -> None:
        """Run many, a bounded number at a time."""
        waiting = iter(requests)

        async def work() -> None:
            for request in waiting:
                await request()

        await asyncio.gather(*(work() for _ in range(_IN_FLIGHT)))


@asynccontextmanager
async def open_writer(url: str, ca_file: str, token: str) -> AsyncIterator[Writer]:
    """A Writer with administrator's rights."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=ssl.create_default_context(cafile=ca_file), limit=_IN_FLIGHT
        ),
        headers={"Authorization": f"Bearer {token}"},
    ) as session:
        yield Writer(session, url)


def slice_path(size: Size, number: int, name: str = "") -> str:
    """The URL path of the slices of a Service's namespace, or of one."""
    root = f"/apis/discovery.k8s.io/v1/namespaces/{size.namespace(number)}/endpointslices"
    return f"{root}/{name}" if name else root


async def make_namespaces(writer: Writer, size: Size) -> None:
    """Create the namespaces of all Services."""
    for number in range(min(NAMESPACES, size.services)):
        body = {"metadata": {"name": size.namespace(number)}}
        await writer.send("POST", "/api/v1/namespaces", body)


async def fill(writer: Writer, size: Size, numbers: range) -> None:
    """Create the Services of these numbers, their slices and Pods."""
    await writer.send_all(
        lambda n=n: writer.send(  # type: ignore[misc]
            "POST", f"/api/v1/namespaces/{size.namespace(n)}/services", make_service(size, n)
        )
        for n in numbers
    )
    await writer.send_all(
        lambda n=n: writer.send("POST", slice_path(size, n), make_slice(size, n))  # type: ignore[misc]
        for n in numbers
    )
    if size.pods:
        await writer.send_all(
            lambda n=n, i=i: _create_pod(writer, size, n, i)  # type: ignore[misc]
            for n in numbers
            for i in range(size.addresses)
        )


async def _create_pod(writer: Writer, size: Size, number: int, index: int) -> None:
    root = f"/api/v1/namespaces/{size.namespace(number)}/pods"
    await writer.send("POST", root, make_pod(size, number, index))
    await writer.send(
        "PATCH",
        f"{root}/{pod_name(number, index)}/status",
        make_pod_status(size, number, index),
        "application/merge-patch+json",
    )
