"""What points at a Service: Ingresses, routes, webhooks and APIServices of a real cluster."""

from __future__ import annotations

from typing import Any

from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.samples import select
from tests.e2e.harness.waiting import wait_for_equal, wait_until
from tests.e2e.manifests import Manifest, make_service
from tests.e2e.watching import Cluster

FAMILY = "k8s_service_dependents"


def _make_ingress(namespace: str, service: str) -> Manifest:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"namespace": namespace, "name": service},
        "spec": {"rules": [{"host": "shop.example.com", "http": {"paths": [path]}}]},
    }


def _make_webhooks(namespace: str, service: str, kind: str) -> Manifest:
    """Return a webhook configuration that matches nothing, so that it stands in nobody's way."""
    hook = {
        "name": "hook.e2e.invalid",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
        "clientConfig": {"service": {"namespace": namespace, "name": service}},
        "rules": [
            {
                "apiGroups": ["e2e.invalid"],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["nothings"],
            }
        ],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": f"{namespace}-{service}"},
        "webhooks": [hook],
    }


def _make_api_service(namespace: str, service: str) -> Manifest:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.e2e.invalid"},
        "spec": {
            "group": "e2e.invalid",
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": namespace, "name": service},
        },
    }


def _make_route_definition() -> Manifest:
    """Return a definition of HTTPRoutes that takes any content: the Gateway API's own is large."""
    schema: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "httproutes.gateway.networking.k8s.io",
            # Names below *.k8s.io are protected: the API server asks for this annotation.
            "annotations": {"api-approved.kubernetes.io": "https://example.invalid/for-a-test"},
        },
        "spec": {
            "group": "gateway.networking.k8s.io",
            "scope": "Namespaced",
            "names": {"kind": "HTTPRoute", "plural": "httproutes", "singular": "httproute"},
            "versions": [version],
        },
    }


def test_dependents_are_counted_by_kind(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """One Ingress, two webhook configurations and one APIService count for their Service alone."""
    cluster.kubectl.apply(
        make_service(namespace, "web"),
        make_service(namespace, "other"),
        _make_ingress(namespace, "web"),
        _make_webhooks(namespace, "web", "ValidatingWebhookConfiguration"),
        _make_webhooks(namespace, "web", "MutatingWebhookConfiguration"),
        _make_api_service(namespace, "web"),
    )

    def read_kinds(service: str) -> dict[str, float]:
        found = select(exporter.read_samples(), FAMILY, namespace=namespace, service=service)
        return {dict(labels)["kind"]: value for labels, value in found.items() if value}

    wanted = {
        "Ingress": 1.0,
        "ValidatingWebhookConfiguration": 1.0,
        "MutatingWebhookConfiguration": 1.0,
        "APIService": 1.0,
    }
    wait_for_equal("dependents by kind", lambda: read_kinds("web"), wanted, deadline=60)
    assert read_kinds("other") == {}

    cluster.kubectl.delete("apiservice/v1.e2e.invalid")
    cluster.kubectl.delete("ingress/web", namespace)
    del wanted["Ingress"], wanted["APIService"]
    wait_for_equal("dependents after deletion", lambda: read_kinds("web"), wanted)


def test_routes_are_found_when_their_definition_comes_later(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """An HTTPRoute counts although the Gateway API came after the exporter had started."""
    cluster.kubectl.apply(make_service(namespace, "web"))
    cluster.kubectl.apply(_make_route_definition())
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"namespace": namespace, "name": "web"},
        "spec": {"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    }

    def create_route() -> bool:
        cluster.kubectl.apply(route)
        return True

    wait_until("the new kind is served", create_route, pause=0.5)

    def count_routes() -> float:
        found = select(exporter.read_samples(), FAMILY, namespace=namespace, service="web")
        return sum(value for labels, value in found.items() if ("kind", "HTTPRoute") in labels)

    wait_until("the route counts", lambda: count_routes() == 1, deadline=90)
