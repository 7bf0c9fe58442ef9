"""A settled state out of a few objects, and what it says of routes."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from exporter.engine.state import Choices, State
from exporter.exposition import Format
from exporter.model import Forget, Replace, Upsert
from exporter.objects.codec import decode_object
from exporter.objects.meta import Rejected
from exporter.objects.resources import RESOURCES

NOW = 2_000_000_000.0
READ = (
    "services",
    "endpointslices",
    "ingresses",
    "httproutes",
    "udproutes",
    "referencegrants",
    "validatingwebhookconfigurations",
    "servicemonitors",
    "podmonitors",
    "probes",
    "pods",
    "deployments",
    "replicasets",
    "statefulsets",
    "replicationcontrollers",
    "daemonsets",
)
_versions = itertools.count(1)


def make(resource: str, name: str, namespace: str = "d", **parts: Any) -> Any:
    """An object of a resource, through its bytes."""
    labels = parts.pop("labels", None)
    meta = {
        "name": name,
        "namespace": namespace,
        "resourceVersion": str(next(_versions)),
        "labels": labels,
        "creationTimestamp": "2020-01-01T00:00:00Z",
    }
    found = decode_object(RESOURCES[resource], msgspec.json.encode({"metadata": meta, **parts}))
    assert not isinstance(found, Rejected), found
    return found


def service(name: str = "web", namespace: str = "d", *ports: dict[str, Any], **more: Any) -> Any:
    """A Service; one port, http 80 to 8080, unless others are given."""
    labels = more.pop("labels", None)
    spec = {
        "clusterIP": "10.0.0.1",
        "ipFamilies": ["IPv4"],
        "selector": {"app": name},
        "ports": list(ports) or [{"name": "http", "port": 80, "targetPort": 8080}],
        **more,
    }
    return make("services", name, namespace, labels=labels, spec=spec)


def piece(
    name: str = "web", namespace: str = "d", *ports: tuple[str, int, str], ready: bool = True
) -> Any:
    """The slice of a Service, with one endpoint."""
    made = [{"name": n, "port": p, "protocol": q} for n, p, q in ports or (("http", 8080, "TCP"),)]
    conditions = {"ready": ready, "serving": ready, "terminating": False}
    return make(
        "endpointslices",
        f"{name}-1",
        namespace,
        labels={"kubernetes.io/service-name": name},
        addressType="IPv4",
        ports=made,
        endpoints=[{"addresses": ["10.1.0.1"], "conditions": conditions}],
    )


def ingress(port: dict[str, Any]) -> Any:
    """An Ingress with one rule to the Service web."""
    backend = {"service": {"name": "web", "port": port}}
    http = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    return make("ingresses", "front", spec={"rules": [{"host": "www.example.com", "http": http}]})


def route(*refs: dict[str, Any], name: str = "r", namespace: str = "d", status: Any = None) -> Any:
    """An HTTPRoute with one rule."""
    return make(
        "httproutes", name, namespace, spec={"rules": [{"backendRefs": list(refs)}]}, status=status
    )


class World:
    """A state in which everything that is not given can be read and is empty."""

    def __init__(
        self, *objects: Any, unreadable: tuple[str, ...] = (), partial: bool = False
    ) -> None:
        self.state = State(Choices(groups=frozenset({"core", "routes"}), partial=partial))
        for resource in READ:
            if resource not in unreadable:
                self.state.deliver(Replace(resource, "", ()))
        self.put(*objects)

    def put(self, *objects: Any) -> None:
        """New or changed objects."""
        for one in objects:
            self.state.deliver(Upsert(resource_of(one), one))
        self.state.settle(NOW)

    def forget(self, resource: str) -> None:
        """A resource can be read no longer."""
        self.state.deliver(Forget(resource, ""))
        self.state.settle(NOW)

    def results(self) -> list[str]:
        """The results of all references, in order of routes."""
        reports = self.state.routes.reports
        return [
            reference.result.value
            for key in sorted(reports)
            for rule in reports[key].rules
            for reference in rule.references
        ]

    def lines(self) -> list[str]:
        """The lines of the group."""
        page = self.state.exposition.scrape(Format.TEXT_0_0_4)
        text = b"".join(page.pieces()).decode()
        return [line for line in text.splitlines() if line.startswith("k8s_route")]


def resource_of(one: Any) -> str:
    """The resource that an object is of."""
    plain = {
        "Service": "services",
        "EndpointSlice": "endpointslices",
        "Pod": "pods",
        "Grant": "referencegrants",
        "Gateway": "gateways",
    }
    kind = type(one).__name__
    if kind in plain:
        return plain[kind]
    kinds = {resource.kind: name for name, resource in RESOURCES.items()}
    return kinds[one.kind]
