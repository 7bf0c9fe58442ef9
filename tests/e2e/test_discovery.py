"""A real Prometheus finds its targets by /sd/http, as docs/examples configures it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.e2e.harness.control_plane import REPOSITORY
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.processes import LOOPBACK
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.watching import Cluster, wait_for_service

EXAMPLE = REPOSITORY / "docs" / "examples" / "prometheus-http-sd.yaml"
HOST = "kube-endpoints-exporter.monitoring.svc:9769"


def read_jobs(exporter: Exporter, namespace: str) -> list[dict[str, Any]]:
    """The jobs of the example for this exporter and namespace, asked every second."""
    text = EXAMPLE.read_text(encoding="utf-8").replace(HOST, f"{LOOPBACK}:{exporter.port}")
    text = text.replace("refresh_interval: 30s", "refresh_interval: 1s")
    text = text.replace("?port=metrics", f"?namespace={namespace}")
    jobs: list[dict[str, Any]] = yaml.safe_load(
        text.replace("?target=service", f"?target=service&namespace={namespace}")
    )["scrape_configs"]
    return jobs


def test_prometheus_finds_ready_addresses_and_services(
    cluster: Cluster, exporter: Exporter, workspace: Path, namespace: str
) -> None:
    """Its targets are the ready Pods of the cluster, and a probe of each Service that is meant."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(namespace, "web"),
        make_service(namespace, "cart", selector={"app": "nothing"}),
    )
    wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
    pods = cluster.kubectl.list_items("pods", "-n", namespace, "-l", "app=web")
    addresses = sorted(pod["status"]["podIP"] for pod in pods)
    jobs = read_jobs(exporter, namespace)
    with Prometheus(workspace / "discovery", targets={}, jobs=jobs) as prometheus:

        def compare() -> bool:
            found: dict[str, list[Any]] = {"ready-addresses": [], "blackbox": []}
            for target in prometheus.list_targets():
                found[target["labels"]["job"]].append(target)
            ready = {
                target["discoveredLabels"]["__address__"].rpartition(":")[0]
                for target in found["ready-addresses"]
            }
            assert sorted(ready) == addresses
            assert {
                (target["labels"]["namespace"], target["labels"]["service"])
                for target in found["ready-addresses"]
            } == {(namespace, "web")}
            probed = {
                target["labels"]["instance"].partition(":")[0] for target in found["blackbox"]
            }
            assert probed == {f"web.{namespace}.svc", f"cart.{namespace}.svc"}
            assert all(
                target["scrapeUrl"].startswith(
                    "http://blackbox-exporter.monitoring.svc:9115/probe?"
                )
                for target in found["blackbox"]
            )
            return True

        wait_until("Prometheus' targets are what there is", compare, deadline=60)
