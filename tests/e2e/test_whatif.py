"""`whatif` beside the real API server: what it says of a drain is what evictions are answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness.exporter import Exporter, run_command
from tests.e2e.harness.kubectl import KubectlError
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.watching import Cluster, wait_for_service

#: Two Pods each: what the PodDisruptionBudgets on them allow.
ALLOWED = {"tight": (0,), "loose": (2,), "twice": (2, 2), "free": ()}


def _guard(cluster: Cluster, namespace: str, app: str, number: int, allowed: int) -> None:
    """Make a PodDisruptionBudget, and count for it as its controller would."""
    name = f"{app}-{number}"
    spec = {"minAvailable": 2 - allowed, "selector": {"matchLabels": {"app": app}}}
    meta = {"namespace": namespace, "name": name}
    cluster.kubectl.apply(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec}
    )
    status = {
        "observedGeneration": 1,
        "disruptionsAllowed": allowed,
        "currentHealthy": 2,
        "desiredHealthy": 2 - allowed,
        "expectedPods": 2,
    }
    patch = json.dumps({"status": status})
    words = ("patch", "pdb", name, "-n", namespace, "--subresource=status", "--type=merge")
    cluster.kubectl.run(*words, "-p", patch)


def _is_refused(cluster: Cluster, namespace: str, pod: str) -> bool:
    """Whether the API server would not evict a Pod."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"namespace": namespace, "name": pod},
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction?dryRun=All"
    try:
        cluster.kubectl.run("create", "--raw", path, "-f", "-", given=json.dumps(eviction))
    except KubectlError as error:
        told = str(error)
    else:
        return False
    assert "isruption" in told, told
    return True


def test_a_drain_is_foretold_as_the_api_server_answers(
    cluster: Cluster, exporter: Exporter, workspace: Path, namespace: str
) -> None:
    """The same Pods are refused, `kubectl drain` stops at them, and all Services would be down."""
    names = {word: f"{namespace}-{word}" for word in ALLOWED}
    for word, app in names.items():
        cluster.kubectl.apply(
            make_deployment(namespace, app, replicas=2), make_service(namespace, app)
        )
        for number, allowed in enumerate(ALLOWED[word]):
            _guard(cluster, namespace, app, number, allowed)
    for app in names.values():
        wait_for_service(exporter, namespace, app, {"ready": 2})
    pods = cluster.kubectl.list_items("pods", "-n", namespace)
    nodes = sorted({pod["spec"]["nodeName"] for pod in pods})

    flags = ("-n", namespace, "-o", "json", f"--kubeconfig={cluster.kubectl.kubeconfig}")
    done = run_command("whatif", "--drain", *nodes, *flags, folder=workspace)

    assert (done.returncode, done.stderr) == (1, "")
    found: dict[str, Any] = json.loads(done.stdout)
    blocked = {pod for one in found["budgets"] if one["state"] != "waits" for pod in one["pods"]}
    refused = {
        pod["metadata"]["name"]
        for pod in pods
        if _is_refused(cluster, namespace, pod["metadata"]["name"])
    }
    assert blocked == refused
    assert {one["name"]: one["state"] for one in found["budgets"]} == {
        f"{names['tight']}-0": "blocks",
        f"{names['twice']}-0": "several",
        f"{names['twice']}-1": "several",
    }
    assert {one["service"]: one["outcome"] for one in found["effects"]} == dict.fromkeys(
        names.values(), "down"
    )
    drain = ("drain", *nodes, "--dry-run=server", "--ignore-daemonsets", "--timeout=1s")
    cluster.kubectl.run(*drain, f"--pod-selector=app in ({names['loose']},{names['free']})")
    with pytest.raises(KubectlError, match="violate the pod's disruption budget"):
        cluster.kubectl.run(*drain, f"--pod-selector=app={names['tight']}")
