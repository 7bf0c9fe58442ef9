"""How Services stand on a real cluster, and which alert says so: what used to be told wrongly.

An exporter that lets new Services be new for a second, and a Prometheus with the rule files whose
waiting times are a second too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness.exporter import Exporter, run_command
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.processes import LOOPBACK
from tests.e2e.harness.samples import select, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import HTTP_PORT, Manifest, make_container, make_deployment, make_service
from tests.e2e.test_alerts import compress_rules
from tests.e2e.truth import PREFIX
from tests.e2e.watching import Cluster, read_reason

INTENDED, READY, DOWN = 0, 1, 5


@pytest.fixture(scope="module")
def strict(workspace: Path, kubeconfig: Path) -> Iterator[Exporter]:
    """An exporter to which a Service is new for one second."""
    flags = ["--sync=watch", "--grace-period=1s", "--lag-threshold=5s"]
    with Exporter("strict", workspace, kubeconfig=kubeconfig, flags=flags) as running:
        running.wait_until_ready(60)
        yield running


@pytest.fixture(scope="module")
def alerting(workspace: Path, strict: Exporter) -> Iterator[Prometheus]:
    """A Prometheus with our rules, a second for each of their minutes, over that exporter."""
    folder = workspace / "alerting"
    rules = compress_rules(folder / "rules", stale=600, patience="1m")
    targets = {"strict": [f"{LOOPBACK}:{strict.port}"]}
    with Prometheus(folder / "prometheus", targets=targets, rules=rules) as running:
        yield running


def wait_for(
    exporter: Exporter, namespace: str, service: str, standing: int, reason: str | None
) -> None:
    """Wait until a Service stands like this, for this reason."""

    def probe() -> bool:
        samples = exporter.read_samples()
        where = {"namespace": namespace, "service": service}
        assert select_one(samples, PREFIX + "standing", **where) == standing
        assert read_reason(samples, namespace, service) == reason
        return True

    wait_until(f"{namespace}/{service} stands at {standing}", probe, deadline=60)


def list_findings(exporter: Exporter, namespace: str, service: str) -> set[str]:
    """Return the findings on a Service."""
    found = select(
        exporter.read_samples(), PREFIX + "finding", namespace=namespace, service=service
    )
    return {dict(labels)["finding"] for labels in found}


def list_alerts(alerting: Prometheus, namespace: str, service: str) -> set[str]:
    """Return the alerts on a Service that fire."""
    labels = f'alertstate="firing",namespace="{namespace}",service="{service}"'
    return {one["metric"]["alertname"] for one in alerting.query(f"ALERTS{{{labels}}}")}


def wait_for_alert(alerting: Prometheus, namespace: str, service: str, wanted: str) -> None:
    """Wait until an alert on a Service fires."""

    def probe() -> bool:
        fired = list_alerts(alerting, namespace, service)
        assert wanted in fired, fired
        return True

    wait_until(f"{wanted} for {namespace}/{service}", probe, deadline=60)


def explain(workspace: Path, kubeconfig: Path, namespace: str, service: str) -> Any:
    """Return what `explain -o json` says of a Service."""
    target = f"{namespace}/{service}"
    flags = [f"--kubeconfig={kubeconfig}", "--grace-period=1s", "-o", "json"]
    done = run_command("explain", target, *flags, folder=workspace)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_slow_drain_to_zero_is_no_outage(
    cluster: Cluster,
    strict: Exporter,
    alerting: Prometheus,
    workspace: Path,
    kubeconfig: Path,
    namespace: str,
) -> None:
    """While the last Pods of a Deployment at 0 take their time it stands intended, unalarmed."""
    deployment = make_deployment(namespace, "web", replicas=2)
    deployment["spec"]["template"]["metadata"]["finalizers"] = ["e2e/slow"]
    cluster.kubectl.apply(deployment, make_service(namespace, "web"))
    wait_for(strict, namespace, "web", READY, None)

    cluster.kubectl.run("scale", "deployment/web", f"--namespace={namespace}", "--replicas=0")
    try:
        wait_for(strict, namespace, "web", INTENDED, "ScaledToZero")
        pods = cluster.kubectl.list_items("pods", f"--namespace={namespace}")
        assert [bool(pod["metadata"].get("deletionTimestamp")) for pod in pods] == [True, True]
        told = explain(workspace, kubeconfig, namespace, "web")
        assert (told["standing"], told["reason"]) == ("intended", "ScaledToZero")
        assert told["detail"] == "Draining"
        assert not list_alerts(alerting, namespace, "web")
    finally:
        for pod in cluster.kubectl.list_items("pods", f"--namespace={namespace}"):
            name = f"pod/{pod['metadata']['name']}"
            cluster.kubectl.patch(name, namespace, {"metadata": {"finalizers": None}})
    wait_until(
        "the Pods are gone",
        lambda: not cluster.kubectl.list_items("pods", f"--namespace={namespace}"),
    )
    wait_for(strict, namespace, "web", INTENDED, "ScaledToZero")
    assert "KubeServiceLostAllEndpoints" not in list_alerts(alerting, namespace, "web")


def make_replica_set(
    namespace: str, name: str, *, replicas: int, owner: Manifest, labels: dict[str, str]
) -> Manifest:
    """Return a ReplicaSet that another object controls."""
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"namespace": namespace, "name": name, "ownerReferences": [reference]},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [make_container()]},
            },
        },
    }


def test_an_old_replicaset_of_any_owner_is_no_meant_zero(
    cluster: Cluster, strict: Exporter, alerting: Prometheus, namespace: str
) -> None:
    """A Service that follows an old revision at 0 is down, while the owner wants Pods elsewhere."""
    # Any object may control ReplicaSets, as Rollouts do; this one is there for the collector.
    owner = {"apiVersion": "v1", "kind": "ConfigMap"}
    cluster.kubectl.apply(owner | {"metadata": {"namespace": namespace, "name": "web"}})
    held = cluster.kubectl.read("configmap/web", f"--namespace={namespace}")
    old = {"app": "web", "rollouts-pod-template-hash": "old"}
    new = {"app": "web", "rollouts-pod-template-hash": "new"}
    cluster.kubectl.apply(
        make_replica_set(namespace, "web-old", replicas=0, owner=held, labels=old),
        make_replica_set(namespace, "web-new", replicas=3, owner=held, labels=new),
        make_service(namespace, "web", selector=old),
        make_service(namespace, "all", selector={"app": "web"}),
    )

    wait_for(strict, namespace, "web", DOWN, "SelectorMatchesNoPods")
    wait_for(strict, namespace, "all", READY, None)
    wait_for_alert(alerting, namespace, "web", "KubeServiceSelectorMatchesNothing")


def test_a_quota_is_told_as_such(
    cluster: Cluster,
    strict: Exporter,
    alerting: Prometheus,
    workspace: Path,
    kubeconfig: Path,
    namespace: str,
) -> None:
    """Pods that a quota refuses are not created, and nobody is sent to the selector."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"pods": "0"}}}
    cluster.kubectl.apply(quota | {"metadata": {"namespace": namespace, "name": "none"}})
    wait_until(
        "the quota is known",
        lambda: cluster.kubectl.read("resourcequota/none", f"--namespace={namespace}")["status"],
    )
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2), make_service(namespace, "web")
    )

    wait_for(strict, namespace, "web", DOWN, "PodsNotCreated")
    wait_for_alert(alerting, namespace, "web", "KubeServicePodsNotCreated")
    told = explain(workspace, kubeconfig, namespace, "web")
    assert told["detail"] == "FailedCreate"
    assert "exceeded quota" in " ".join(told["evidence"])
    assert told["fix"].startswith("The selector is right.")
    assert "KubeServiceSelectorMatchesNothing" not in list_alerts(alerting, namespace, "web")


def test_a_daemonset_that_wants_no_node_is_a_meant_zero(
    cluster: Cluster, strict: Exporter, alerting: Prometheus, namespace: str
) -> None:
    """Where no Node has the label that a DaemonSet asks for, its Service stands intended."""
    labels = {"app": "agent"}
    spec = {"nodeSelector": {"no": "such-node"}, "containers": [make_container()]}
    daemon_set = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"namespace": namespace, "name": "agent"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    cluster.kubectl.apply(daemon_set, make_service(namespace, "agent"))

    wait_for(strict, namespace, "agent", INTENDED, "ScaledToZero")
    assert not list_alerts(alerting, namespace, "agent")


def test_withdrawn_mirrored_endpoints_are_a_loss(
    cluster: Cluster, strict: Exporter, alerting: Prometheus, namespace: str
) -> None:
    """Endpoints of a Service without selector are mirrored, then taken away: that is an outage."""
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    endpoints = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"namespace": namespace, "name": "db"},
        "subsets": [{"addresses": [{"ip": "10.20.30.40"}], "ports": ports}],
    }
    cluster.kubectl.apply(
        make_service(namespace, "db", selector=None, ports=[HTTP_PORT]),
        make_service(namespace, "never", selector=None, ports=[HTTP_PORT]),
        endpoints,
    )
    wait_for(strict, namespace, "db", READY, None)
    wait_until(
        "Prometheus has seen it",
        lambda: alerting.query(f'{PREFIX}standing{{namespace="{namespace}",service="db"}} == 1'),
    )

    cluster.kubectl.delete("endpoints/db", namespace)

    wait_for(strict, namespace, "db", DOWN, "SelectorlessNoEndpoints")
    assert "EndpointsWithdrawn" in list_findings(strict, namespace, "db")
    wait_for_alert(alerting, namespace, "db", "KubeServiceLostAllEndpoints")
    wait_for(strict, namespace, "never", INTENDED, "SelectorlessNoEndpoints")
    assert not list_alerts(alerting, namespace, "never")
