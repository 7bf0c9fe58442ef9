"""The documented RBAC: what it grants, and what it never does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.objects.resources import DEPENDENTS, RESOURCES, ROUTES

RBAC = Path(__file__).parents[3] / "deploy" / "rbac"
FILES = sorted(RBAC.rglob("*.yaml"))
READ = ["get", "list", "watch"]
#: Files that grant something else than reading, each for a setting that is off by default.
OTHERS = {"auth.yaml": ["create"], "events.yaml": ["create", "patch"]}


def _load(path: Path) -> list[Any]:
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]


def _list_granted(path: Path) -> set[str]:
    """Return `resource.group` for all that a file grants."""
    return {
        f"{resource}.{group}".rstrip(".")
        for document in _load(path)
        for rule in document.get("rules", [])
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(RBAC)))
def test_only_reading_is_granted(path: Path) -> None:
    """Every rule has get, list and watch, on named resources; questions and Events are sent."""
    verbs = OTHERS.get(path.name, READ)
    for document in _load(path):
        for rule in document.get("rules", []):
            assert rule["verbs"] == verbs
            assert "*" not in rule["apiGroups"] + rule["resources"]
            assert set(rule) == {"apiGroups", "resources", "verbs"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(RBAC)))
def test_bindings_belong_to_their_role_and_the_one_account(path: Path) -> None:
    """A binding names the role of its own file, and the ServiceAccount of serviceaccount.yaml."""
    documents = _load(path)
    roles = {one["metadata"]["name"] for one in documents if one["kind"].endswith("Role")}
    bindings = [one for one in documents if one["kind"].endswith("Binding")]
    assert {one["roleRef"]["name"] for one in bindings} == roles
    account = {
        "kind": "ServiceAccount",
        "name": "kube-endpoints-exporter",
        "namespace": "monitoring",
    }
    assert all(one["subjects"] == [account] for one in bindings)


def test_a_name_of_a_role_means_one_thing() -> None:
    """Whatever is applied after whatever: no file takes away what another has granted."""
    rules: dict[tuple[str, str], list[Any]] = {}
    for path in sorted(RBAC.parent.rglob("*.yaml")):
        for one in _load(path):
            if isinstance(one, dict) and one.get("kind") in ("Role", "ClusterRole"):
                if "rules" not in one:
                    assert one["$patch"] == "delete", path
                    continue
                key = (one["kind"], one["metadata"]["name"])
                assert rules.setdefault(key, one["rules"]) == one["rules"], path
    assert ("ClusterRole", "kube-endpoints-exporter") in rules
    assert ("ClusterRole", "kube-endpoints-exporter-required") in rules


def test_the_required_grants_are_two_resources() -> None:
    """required.yaml, cluster-wide and per namespace, is Services and EndpointSlices and no more."""
    wanted = {"services", "endpointslices.discovery.k8s.io"}

    assert _list_granted(RBAC / "required.yaml") == wanted
    assert _list_granted(RBAC / "namespaced" / "required.yaml") == wanted


def test_what_authentication_needs_is_two_questions() -> None:
    """auth.yaml lets ask whose token it is and what an account may, and nothing else."""
    assert _list_granted(RBAC / "auth.yaml") == {
        "tokenreviews.authentication.k8s.io",
        "subjectaccessreviews.authorization.k8s.io",
    }


def test_what_is_written_is_events() -> None:
    """events.yaml, cluster-wide and per namespace, lets write Events of the core API alone."""
    assert _list_granted(RBAC / "events.yaml") == {"events"}
    assert _list_granted(RBAC / "namespaced" / "events.yaml") == {"events"}


def test_the_optional_grants_are_one_file_for_each_group() -> None:
    """Pods, Nodes, workloads, legacy Endpoints and dependents are granted apart from each other."""
    assert _list_granted(RBAC / "pods.yaml") == {"pods"}
    assert _list_granted(RBAC / "nodes.yaml") == {"nodes"}
    assert _list_granted(RBAC / "endpoints.yaml") == {"endpoints"}
    assert _list_granted(RBAC / "workloads.yaml") == {
        "daemonsets.apps",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "replicationcontrollers",
    }
    assert _list_granted(RBAC / "dependents.yaml") == {
        "ingresses.networking.k8s.io",
        "grpcroutes.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "apiservices.apiregistration.k8s.io",
    }


def test_routes_grant_all_that_refers_to_services() -> None:
    """routes.yaml alone is enough for the group: what dependents.yaml grants is in it."""
    granted = _list_granted(RBAC / "routes.yaml")

    assert granted == {f"{one.name}.{one.group}" for one in (*DEPENDENTS, *ROUTES)}


def test_what_is_granted_is_what_the_program_reads() -> None:
    """All files together grant every resource that the program knows, and none besides."""
    files = [path for path in RBAC.glob("*.yaml") if path.name not in OTHERS]
    granted = set().union(*map(_list_granted, files))

    assert granted == {f"{one.name}.{one.group}".rstrip(".") for one in RESOURCES.values()}


def test_the_namespaced_files_grant_all_that_has_a_namespace() -> None:
    """The Roles together grant every namespaced resource that the program knows."""
    files = [path for path in (RBAC / "namespaced").iterdir() if path.name not in OTHERS]
    granted = set().union(*map(_list_granted, files))

    namespaced = [one for one in RESOURCES.values() if one.namespaced]
    assert granted == {f"{one.name}.{one.group}".rstrip(".") for one in namespaced}


@pytest.mark.parametrize("path", sorted((RBAC / "namespaced").iterdir()), ids=lambda p: p.stem)
def test_the_namespaced_variant_needs_no_cluster_scope(path: Path) -> None:
    """Files below namespaced/ hold Roles and RoleBindings that take their namespace from -n."""
    for document in _load(path):
        assert document["kind"] in {"Role", "RoleBinding"}
        assert "namespace" not in document["metadata"]
