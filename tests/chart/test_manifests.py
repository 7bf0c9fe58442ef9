"""The plain manifests: what somebody without Helm applies."""

from __future__ import annotations

from typing import Any

import yaml

from tests.chart.rendering import (
    EVENTS,
    NODES,
    PODS,
    REPOSITORY,
    SERVICES,
    SLICES,
    WORKLOADS,
    get_container,
    pick_one,
)

PLAIN = REPOSITORY / "deploy" / "manifests"


def load(name: str) -> list[Any]:
    """Return the objects of a file."""
    return list(yaml.safe_load_all((PLAIN / f"{name}.yaml").read_text(encoding="utf-8")))


def test_the_plain_installation_is_five_objects() -> None:
    """Account, role, binding, Service and Deployment, in one namespace."""
    objects = load("kube-endpoints-exporter")

    assert [one["kind"] for one in objects] == [
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Service",
        "Deployment",
    ]
    assert {one["metadata"].get("namespace", "monitoring") for one in objects} == {"monitoring"}


def test_it_may_read_what_it_reads() -> None:
    """The ClusterRole's rules, one by one."""
    role = pick_one(load("kube-endpoints-exporter"), "ClusterRole")

    assert role["rules"] == [SERVICES, SLICES, PODS, NODES, *WORKLOADS]


def test_nothing_speaks_of_helm() -> None:
    """Labels that only Helm understands are not in plain manifests."""
    for path in [*PLAIN.rglob("*.yaml"), *(REPOSITORY / "deploy" / "kustomize").rglob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        assert "helm.sh/" not in text
        assert "managed-by" not in text


def test_the_container_is_restricted() -> None:
    """Not root, nothing writable, no capability, the runtime's seccomp profile."""
    deployment = pick_one(load("kube-endpoints-exporter"), "Deployment")

    assert get_container(deployment)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_the_monitor_keeps_our_labels() -> None:
    """The ServiceMonitor honours our labels and selects the Service."""
    monitor = pick_one(load("service-monitor"), "ServiceMonitor")
    service = pick_one(load("kube-endpoints-exporter"), "Service")

    assert monitor["spec"]["endpoints"][0]["honorLabels"] is True
    assert monitor["spec"]["jobLabel"] == "app.kubernetes.io/name"
    assert service["metadata"]["labels"]["app.kubernetes.io/name"] == "kube-endpoints-exporter"
    selected = monitor["spec"]["selector"]["matchLabels"].items()
    assert selected <= service["metadata"]["labels"].items()


def test_each_complete_form_is_what_its_name_says() -> None:
    """Replicas with a Lease, Events, Roles alone, a StatefulSet, and probes over TLS."""
    leading = load("complete/leader-election")
    assert pick_one(leading, "Deployment")["spec"]["replicas"] == 2
    assert pick_one(leading, "Lease")["metadata"]["namespace"] == "monitoring"

    told = load("complete/events")
    assert "--events=true" in get_container(pick_one(told, "Deployment"))["args"]
    roles = {one["metadata"]["name"]: one["rules"] for one in told if one["kind"] == "ClusterRole"}
    assert roles["kube-endpoints-exporter-events"] == [EVENTS]

    one = load("complete/one-namespace")
    assert not [each for each in one if each["kind"].startswith("ClusterRole")]
    assert pick_one(one, "Role")["metadata"]["namespace"] == "default"

    shards = pick_one(load("complete/shards"), "StatefulSet")
    assert "--total-shards=2" in get_container(shards)["args"]

    secure = get_container(pick_one(load("complete/tls"), "Deployment"))
    assert secure["livenessProbe"]["httpGet"]["scheme"] == "HTTPS"
