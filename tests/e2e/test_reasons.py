"""Every reason that can be staged on a real control plane is told, with and without Pods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gallery import CASES, Case, stage_all
from tests.e2e.harness.access import Access
from tests.e2e.harness.exporter import Exporter, run_command
from tests.e2e.harness.samples import Samples, select, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_container, make_namespace, make_pod, make_service
from tests.e2e.staging import (
    STAGED_NODE,
    create_pod,
    make_container_status,
    make_ready_status,
    make_running,
    make_status,
    write_status,
)
from tests.e2e.truth import PREFIX
from tests.e2e.watching import (
    Cluster,
    read_reason,
    wait_for_service,
    wait_for_truth,
)

GALLERY = "gallery"
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@pytest.fixture(scope="module")
def gallery(cluster: Cluster) -> str:
    """The namespace with all cases of the gallery; it stays for the rest of the run."""
    cluster.kubectl.apply(make_namespace(GALLERY))
    stage_all(cluster.plane, GALLERY)
    return GALLERY


@pytest.fixture(scope="module")
def slices_only(cluster: Cluster, gallery: str, workspace: Path) -> Iterator[Exporter]:
    """An exporter with the required permissions alone."""
    account = Access(cluster.plane, workspace / "required", account="required-only")
    account.create(["required"])
    kubeconfig = account.write_kubeconfig()
    with Exporter("slices-only", workspace, kubeconfig=kubeconfig) as running:
        running.wait_until_ready()
        yield running


def _read_unready(samples: Samples, namespace: str, service: str) -> dict[str, float]:
    where = {"namespace": namespace, "service": service}
    found = select(samples, "k8s_service_pods_unready", **where)
    return {dict(labels)["reason"]: value for labels, value in found.items()}


@EVERY_CASE
def test_the_staged_reason_is_told(exporter: Exporter, gallery: str, case: Case) -> None:
    """The one reason, the addresses and the Pods by their own reason are those that were staged."""

    def probe() -> bool:
        samples = exporter.read_samples()
        assert read_reason(samples, gallery, case.name) == case.reason
        where = {"namespace": gallery, "service": case.name}
        assert sum(select(samples, PREFIX + "ready", **where).values()) == case.ready
        assert sum(select(samples, PREFIX + "not_ready", **where).values()) == case.not_ready
        assert _read_unready(samples, gallery, case.name) == case.unready
        if case.selected is not None:
            assert select_one(samples, "k8s_service_pods_selected", **where) == case.selected
        if case.since:
            assert select_one(samples, PREFIX + "unavailable_since_timestamp_seconds", **where)
        return True

    wait_until(f"{case.name} reads {case.reason}", probe, deadline=20)


@EVERY_CASE
def test_explain_tells_the_staged_reason_and_a_fix(
    cluster: Cluster, workspace: Path, kubeconfig: Path, gallery: str, case: Case
) -> None:
    """`explain -o json` has all its keys, the reason and detail staged, and something to do."""
    done = run_command(
        "explain",
        f"{gallery}/{case.name}",
        "-o",
        "json",
        f"--kubeconfig={kubeconfig}",
        folder=workspace,
    )

    assert done.returncode in (0, 1), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert sorted(told) == [
        "commands",
        "detail",
        "evidence",
        "findings",
        "fix",
        "message",
        "namespace",
        "not_ready",
        "ready",
        "reason",
        "service",
        "since",
        "standing",
    ]
    assert (told["namespace"], told["service"]) == (gallery, case.name)
    assert told["reason"] == case.reason
    assert told["detail"] == case.detail
    assert told["message"]
    assert told["fix"]


@EVERY_CASE
def test_without_pods_the_reason_is_what_slices_can_tell(
    slices_only: Exporter, gallery: str, case: Case
) -> None:
    """With the required permissions alone the reason is the coarser one, and no Pod is counted."""

    def probe() -> bool:
        samples = slices_only.read_samples()
        assert read_reason(samples, gallery, case.name) == case.without_pods
        assert _read_unready(samples, gallery, case.name) == {}
        return True

    wait_until(f"{case.name} reads {case.without_pods}", probe, deadline=20)


def test_the_gallery_agrees_with_kubectl(
    cluster: Cluster, exporter: Exporter, gallery: str
) -> None:
    """All counts of all staged Services are those of the independent computation."""
    wait_for_truth(cluster, exporter, gallery)


def test_a_near_miss_is_pointed_out(workspace: Path, kubeconfig: Path, gallery: str) -> None:
    """`explain` names the key, the value that the selector wants and the one that the Pod has."""
    target = f"{gallery}/near-miss"
    done = run_command("explain", target, f"--kubeconfig={kubeconfig}", folder=workspace)

    for word in ("tier", "backent", "backend", "near-miss-0"):
        assert word in done.stdout


def test_a_pod_that_recovers_clears_the_reason(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """Failing probe, ready, failing again: the reason goes and comes with the Pod's status."""
    cluster.kubectl.apply(make_service(namespace, "web"))
    containers = [make_container(readinessProbe={"tcpSocket": {"port": 8080}})]
    pod = make_pod(namespace, "web-0", app="web", node=STAGED_NODE, containers=containers)
    address = "10.244.200.150"
    failing = make_status([address], [make_container_status(make_running(), started=True)])
    create_pod(cluster.plane, pod, failing)
    down = {"ready": 0, "not_ready": 1, "routable": 0, "reason": "ReadinessProbeFailing"}
    wait_for_service(exporter, namespace, "web", down)

    write_status(cluster.plane, namespace, "web-0", make_ready_status(address))
    samples = wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None})
    where = {"namespace": namespace, "service": "web"}
    # What is new is not down: its first minute counts for nothing.
    assert select_one(samples, PREFIX + "unavailable_seconds_total", **where) == 0
    assert _read_unready(samples, namespace, "web") == {}

    write_status(cluster.plane, namespace, "web-0", failing)
    samples = wait_for_service(exporter, namespace, "web", down)
    changes = PREFIX + "changes_total"
    assert select_one(samples, changes, **where, change="became_ready") == 1
    assert select_one(samples, changes, **where, change="became_not_ready") == 1


def test_a_stopped_controller_reads_lagging_and_missing_slices(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """With the controllers frozen a ready Pod reads EndpointsLagging, a new Service no slices."""
    cluster.kubectl.apply(make_service(namespace, "web"))
    address = "10.244.200.160"
    waiting = make_status([address], [make_container_status(make_running(), started=True)])
    pod = make_pod(namespace, "web-0", app="web", node=STAGED_NODE)
    create_pod(cluster.plane, pod, waiting)
    wait_for_service(exporter, namespace, "web", {"not_ready": 1, "reason": "PodsNotReady"})

    controllers = cluster.plane.controllers
    assert controllers is not None
    controllers.pause()
    try:
        write_status(cluster.plane, namespace, "web-0", make_ready_status(address))
        wait_for_service(exporter, namespace, "web", {"not_ready": 1, "reason": "EndpointsLagging"})
        cluster.kubectl.apply(make_service(namespace, "new", selector={"app": "web"}))
        wait_for_service(
            exporter, namespace, "new", {"ready": 0, "reason": "EndpointSlicesMissing"}
        )
    finally:
        controllers.resume()

    wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None})
    wait_for_service(exporter, namespace, "new", {"ready": 1, "reason": None})
