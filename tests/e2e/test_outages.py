"""The API server dies and comes back, etcd forgets, connections break: nothing is lost for good."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.harness.access import Access
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.harness.processes import LOOPBACK
from tests.e2e.harness.samples import Samples, select, select_one
from tests.e2e.harness.tcp_proxy import TcpProxy
from tests.e2e.harness.waiting import wait_for_equal, wait_until
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.watching import (
    Cluster,
    select_families,
    wait_for_service,
    wait_for_truth,
)

RESTARTS = "endpoints_exporter_watch_restarts_total"


@pytest.fixture(autouse=True)
def _all_back(cluster: Cluster, exporter: Exporter, namespace: str) -> Iterator[None]:
    """Who lost the API server needs up to half a minute; the next test needs them all."""
    yield
    cluster.kubectl.apply(make_deployment(namespace, "afterwards", replicas=1))
    cluster.kubectl.apply(make_service(namespace, "afterwards"))
    wait_for_service(exporter, namespace, "afterwards", {"ready": 1, "reason": None}, deadline=120)
    wait_for_truth(cluster, exporter)


def _count_restarts(samples: Samples, resource: str = "endpointslices", **labels: str) -> float:
    return sum(select(samples, RESTARTS, resource=resource, **labels).values())


def test_a_broken_connection_resumes_without_a_new_list(
    cluster: Cluster, workspace: Path, access: Access, namespace: str
) -> None:
    """After a cut the watch goes on from where it was: a restart is counted, no list is."""
    with TcpProxy(cluster.plane.api_port) as proxy:
        kubeconfig = write_kubeconfig(
            workspace / "cut.kubeconfig",
            server=f"https://{LOOPBACK}:{proxy.port}",
            ca_file=cluster.plane.ca_file,
            token=access.mint_token(),
        )
        with Exporter("cut", workspace, kubeconfig=kubeconfig) as exporter:
            exporter.wait_until_ready()
            cluster.kubectl.apply(
                make_deployment(namespace, "web", replicas=2), make_service(namespace, "web")
            )
            before = wait_for_service(exporter, namespace, "web", {"ready": 2})

            proxy.refuse()
            cluster.kubectl.run(
                "scale", "deployment/web", f"--namespace={namespace}", "--replicas=4"
            )
            wait_until("the cluster has four", lambda: cluster.count_ready(namespace, "web") == 4)
            wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
            proxy.allow()

            after = wait_for_service(exporter, namespace, "web", {"ready": 4}, deadline=60)
            assert _count_restarts(after) > _count_restarts(before)
            lists = "endpoints_exporter_lists_total"
            where = {"resource": "endpointslices", "result": "success"}
            assert select_one(after, lists, **where) == select_one(before, lists, **where) == 1


def test_the_api_server_dies_and_comes_back(
    cluster: Cluster, exporter: Exporter, access: Access, namespace: str
) -> None:
    """While it is down all values stay and scrapes answer; afterwards what changed is caught up."""
    plane = cluster.plane
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2), make_service(namespace, "web")
    )
    wait_for_service(exporter, namespace, "web", {"ready": 2})
    before = wait_for_truth(cluster, exporter)

    plane.api_server.kill()
    wait_until(
        "the broken watch is noticed",
        lambda: _count_restarts(exporter.read_samples()) > _count_restarts(before),
        deadline=60,
    )
    down = exporter.read_samples()
    assert select_families(down) == select_families(before)
    assert exporter.fetch("/healthz")
    assert exporter.is_ready()
    # A token that was replaced during the outage is what the exporter must come back with.
    fresh = access.folder / "token"
    old = fresh.read_text(encoding="utf-8")

    plane.restart_api_server()
    access.write_token(access.mint_token())
    assert fresh.read_text(encoding="utf-8") != old
    cluster.kubectl.run("scale", "deployment/web", f"--namespace={namespace}", "--replicas=5")
    wait_for_service(exporter, namespace, "web", {"ready": 5, "reason": None}, deadline=90)
    wait_for_truth(cluster, exporter, deadline=60)


def test_a_forgotten_past_is_listed_anew(
    cluster: Cluster, workspace: Path, kubeconfig: Path, namespace: str
) -> None:
    """When etcd is compacted and the history gone, 410 leads to a new list, and is counted."""
    plane = cluster.plane
    flags = ["--groups=ports,topology,slices"]
    with Exporter("asleep", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        cluster.kubectl.apply(
            make_deployment(namespace, "web", replicas=2),
            make_service(namespace, "web"),
            make_service(namespace, "gone", selector={"app": "web"}),
        )
        wait_for_service(exporter, namespace, "gone", {"ready": 2}, deadline=120)
        before = wait_for_service(exporter, namespace, "web", {"ready": 2}, deadline=120)

        # The exporter sleeps while the world goes on, so that its last version is too old.
        exporter.process.pause()
        plane.api_server.kill()
        plane.restart_api_server()
        cluster.kubectl.delete("service/gone", namespace)
        for replicas in (3, 1, 4):
            cluster.kubectl.run(
                "scale", "deployment/web", f"--namespace={namespace}", f"--replicas={replicas}"
            )
            wait_for_equal(
                "ready endpoints on the cluster",
                partial(cluster.count_ready, namespace, "web"),
                replicas,
                deadline=150,
            )
        plane.compact_etcd()
        plane.api_server.kill()
        plane.restart_api_server()
        exporter.process.resume()

        wait_for_service(exporter, namespace, "web", {"ready": 4, "reason": None}, deadline=150)
        after = wait_for_truth(cluster, exporter, namespace, deadline=150)
        assert select(after, "k8s_service_info", namespace=namespace, service="gone") == {}
        gone = _count_restarts(after, cause="gone")
        assert gone > _count_restarts(before, cause="gone"), select(after, RESTARTS)
