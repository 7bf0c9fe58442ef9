from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.dependents import Dependent
from exporter.objects.resources import DEPENDENTS, RESOURCES


def read_dependent(resource: str, **parts: Any) -> Dependent:
    """An object d/x of a resource, through the bytes."""
    loose = {"metadata": {"name": "x", "namespace": "d", "resourceVersion": "7"}, **parts}
    found = decode_object(RESOURCES[resource], msgspec.json.encode(loose))
    assert isinstance(found, Dependent)
    return found


@pytest.mark.parametrize("resource", DEPENDENTS, ids=lambda resource: resource.name)
def test_the_kind_comes_from_the_resource(resource: Any) -> None:
    """Every resource of dependents is read, and an empty object points nowhere."""
    found = read_dependent(resource.name, spec=None, webhooks=None)
    assert (found.kind, found.targets) == (resource.kind, ())


def test_an_ingress_points_at_its_default_and_its_paths() -> None:
    """Each Service once, in the Ingress' own namespace; other backends are no Services."""
    rule = {
        "host": "shop.example.com",
        "http": {
            "paths": [
                {"path": "/", "backend": {"service": {"name": "web", "port": {"number": 80}}}},
                {"path": "/api", "backend": {"service": {"name": "api"}}},
                {"path": "/x", "backend": {"service": {"name": "web"}}},
                {"path": "/img", "backend": {"resource": {"kind": "Bucket", "name": "img"}}},
            ]
        },
    }
    spec = {
        "defaultBackend": {"service": {"name": "fallback"}},
        "rules": [rule, {"host": "x"}, {"http": {"paths": None}}],
    }
    found = read_dependent("ingresses", spec=spec)
    assert found.targets == (("d", "api"), ("d", "fallback"), ("d", "web"))


@pytest.mark.parametrize("resource", ["httproutes", "grpcroutes"])
def test_a_route_points_at_backends_and_mirrors(resource: str) -> None:
    """Backend references default to Services of the route's namespace; other kinds are left out."""
    spec = {
        "rules": [
            {
                "backendRefs": [
                    {"name": "web", "port": 80},
                    {"name": "far", "namespace": "e", "group": "", "kind": "Service"},
                    {"name": "fn", "group": "serving.knative.dev", "kind": "Service"},
                    {"name": "set", "kind": "ServiceImport", "group": "multicluster.x-k8s.io"},
                    {
                        "name": "web",
                        "filters": [
                            {
                                "type": "RequestMirror",
                                "requestMirror": {"backendRef": {"name": "inner"}},
                            }
                        ],
                    },
                ],
                "filters": [
                    {"type": "RequestHeaderModifier"},
                    {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "shadow"}}},
                ],
            },
            {"backendRefs": None, "filters": None},
        ]
    }
    found = read_dependent(resource, spec=spec)
    assert found.targets == (("d", "inner"), ("d", "shadow"), ("d", "web"), ("e", "far"))


@pytest.mark.parametrize(
    "resource", ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"]
)
def test_webhooks_point_at_the_service_they_call(resource: str) -> None:
    """A webhook by URL points at none."""
    webhooks = [
        {"name": "a", "clientConfig": {"service": {"namespace": "ops", "name": "guard"}}},
        {"name": "b", "clientConfig": {"url": "https://example.com"}},
        {"name": "c", "clientConfig": {"service": {"name": "nowhere"}}},
        {"name": "d"},
    ]
    assert read_dependent(resource, webhooks=webhooks).targets == (("ops", "guard"),)


@pytest.mark.parametrize(
    "service,targets",
    [
        ({"namespace": "kube-system", "name": "metrics"}, (("kube-system", "metrics"),)),
        (None, ()),
    ],
)
def test_an_aggregated_api_points_at_its_service(
    service: dict[str, str] | None, targets: tuple[tuple[str, str], ...]
) -> None:
    """An APIService that the API server answers itself has no Service."""
    assert read_dependent("apiservices", spec={"service": service}).targets == targets
