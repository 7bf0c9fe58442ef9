"""Routes, webhooks and monitors of a real cluster: every reference, and what becomes of it.

The definitions are small ones of our own with the versions that matter: alpha and beta ones where
the Gateway API has no other in most clusters, and they come after the exporter has started.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness.exporter import Exporter, run_command
from tests.e2e.harness.waiting import wait_for_equal, wait_until
from tests.e2e.manifests import Manifest, make_service, make_slice
from tests.e2e.watching import Cluster

GATEWAY = "gateway.networking.k8s.io"
MONITORING = "monitoring.coreos.com"
#: kind, plural, group, version
KINDS = (
    ("HTTPRoute", "httproutes", GATEWAY, "v1"),
    ("TLSRoute", "tlsroutes", GATEWAY, "v1alpha2"),
    ("ReferenceGrant", "referencegrants", GATEWAY, "v1beta1"),
    ("ServiceMonitor", "servicemonitors", MONITORING, "v1"),
)
SOURCE = {"group": GATEWAY, "kind": "HTTPRoute"}


def define(kind: str, plural: str, group: str, version: str) -> Manifest:
    """A definition that takes any content."""
    schema: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Names below *.k8s.io are protected: the API server asks for this annotation.
            "annotations": {"api-approved.kubernetes.io": "https://example.invalid/for-a-test"},
        },
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }


def make_object(api: str, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> Manifest:
    """Any object with a spec."""
    meta = {"namespace": namespace, "name": name}
    return {"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec}


def make_route(namespace: str, name: str, host: str, *backends: dict[str, Any]) -> Manifest:
    """An HTTPRoute with one rule."""
    spec = {"hostnames": [host], "rules": [{"backendRefs": list(backends)}]}
    return make_object(f"{GATEWAY}/v1", "HTTPRoute", namespace, name, spec)


@pytest.fixture(scope="module")
def watcher(workspace: Path, kubeconfig: Path) -> Iterator[Exporter]:
    """An exporter with the group, that starts before there is any of the kinds."""
    flags = ["--sync=watch", "--interval=1", "--groups=routes"]
    with Exporter("routes", workspace, kubeconfig=kubeconfig, flags=flags) as running:
        running.wait_until_ready(60)
        yield running


def read_broken(exporter: Exporter, namespace: str) -> set[tuple[str, str, str, str]]:
    """(kind, name, port, problem) of all that is broken in a namespace."""
    found = set()
    for name, labels in (key for key in exporter.read_samples()):
        told = dict(labels)
        if name == "k8s_route_backend_broken" and told.get("namespace") == namespace:
            found.add((told["kind"], told["name"], told.get("port", ""), told["problem"]))
    return found


def test_every_reference_is_resolved(
    cluster: Cluster, watcher: Exporter, namespace: str, workspace: Path, kubeconfig: Path
) -> None:
    """Kinds that come later are found, in the version that is served; grants and ports count."""
    far = f"{namespace}-far"
    cluster.kubectl.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": far}},
        make_service(namespace, "web", selector=None),
        make_slice(namespace, "web-1", service="web", endpoints=[{"addresses": ["10.9.0.1"]}]),
        make_service(far, "ledger", selector=None),
        make_slice(far, "ledger-1", service="ledger", endpoints=[{"addresses": ["10.9.0.2"]}]),
        *(define(*kind) for kind in KINDS),
    )
    web = {"name": "web", "port": 80}
    objects = (
        make_route(namespace, "good", "good.example.com", web),
        make_route(namespace, "half", "half.example.com", web, {"name": "gone", "port": 80}),
        make_route(namespace, "port", "port.example.com", {"name": "web", "port": 8080}),
        make_route(
            namespace, "far", "far.example.com", {"name": "ledger", "namespace": far, "port": 80}
        ),
        make_object(
            f"{GATEWAY}/v1alpha2",
            "TLSRoute",
            namespace,
            "tunnel",
            {"rules": [{"backendRefs": [{"name": "web", "port": 443}]}]},
        ),
        make_object(
            f"{MONITORING}/v1",
            "ServiceMonitor",
            namespace,
            "blind",
            {"selector": {"matchLabels": {"no": "such"}}, "endpoints": [{"port": "http"}]},
        ),
    )

    def apply_all() -> bool:
        cluster.kubectl.apply(*objects)
        return True

    wait_until("the new kinds are served", apply_all, pause=0.5)
    wanted = {
        ("HTTPRoute", "half", "80", "MissingService"),
        ("HTTPRoute", "port", "8080", "MissingPort"),
        ("HTTPRoute", "far", "80", "NotPermitted"),
        ("TLSRoute", "tunnel", "443", "MissingPort"),
        ("ServiceMonitor", "blind", "http", "MissingService"),
    }
    wait_for_equal("what is broken", lambda: read_broken(watcher, namespace), wanted, deadline=75)

    spec = {
        "from": [{**SOURCE, "namespace": namespace}],
        "to": [{"group": "", "kind": "Service"}],
    }
    cluster.kubectl.apply(make_object(f"{GATEWAY}/v1beta1", "ReferenceGrant", far, "let", spec))
    wanted.discard(("HTTPRoute", "far", "80", "NotPermitted"))
    wait_for_equal("a grant lets it in", lambda: read_broken(watcher, namespace), wanted)

    def ask(host: str) -> tuple[int, str]:
        asked = ("explain", "--host", host, "--kubeconfig", kubeconfig)
        found = run_command(*asked, folder=workspace)
        return found.returncode, found.stdout.splitlines()[0]

    assert ask("good.example.com") == (0, "good.example.com: ok")
    assert ask("half.example.com") == (1, "half.example.com: broken")
    assert ask("port.example.com") == (1, "port.example.com: dead")
    assert ask("far.example.com/x") == (0, "far.example.com/x: ok")

    cluster.kubectl.delete(f"namespace/{far}")
    wanted.add(("HTTPRoute", "far", "80", "MissingService"))
    wait_for_equal("it is gone", lambda: read_broken(watcher, namespace), wanted, deadline=60)
