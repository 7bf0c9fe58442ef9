"""The forms in which the chart is installed, each found and scraped by a real Prometheus.

Prometheus finds the Pods on the API server as the installed ServiceMonitor says. No kubelet runs
them: for each an exporter runs here, with the arguments of its container and a token of its
account, and the address that was found is exchanged for that one's.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import CHART
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.monitoring import Prometheus
from tests.e2e.harness.processes import LOOPBACK
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.releases import Release
from tests.e2e.watching import Cluster

MONITORED = ("--set=serviceMonitor.enabled=true", "--set=serviceMonitor.interval=1s")
JOB = "kube-endpoints-exporter"
COUNT = "count(k8s_service_info)"
DISTINCT = "count(count by (namespace, service) (k8s_service_info))"
#: Ready addresses of what `served` makes.
TRUE = {"web": 1, "cart": 0}
#: What OpenShift's restricted-v2 gives a Pod: a uid and a group of the namespace's own range.
RANDOM = {"runAsUser": 1000680000, "fsGroup": 1000680000}


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    """Stand in for the session's own: each test has one that finds its targets itself."""


@pytest.fixture
def served(cluster: Cluster, namespace: str) -> str:
    """A namespace with two Services, one with a Pod and one without."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=1),
        make_service(namespace, "web"),
        make_deployment(namespace, "cart", replicas=0),
        make_service(namespace, "cart"),
    )
    return namespace


def meta_label(name: str) -> str:
    """The meta label in which Prometheus' discovery has a label of a Service."""
    return f"__meta_kubernetes_service_label_{re.sub('[^a-zA-Z0-9]', '_', name)}"


def make_job(cluster: Cluster, release: Release, addresses: dict[str, str]) -> dict[str, Any]:
    """The scrape job that Prometheus Operator makes of the installed ServiceMonitor."""
    spec = release.read("servicemonitor")["spec"]
    [endpoint] = spec["endpoints"]
    relabel: list[dict[str, Any]] = [
        {
            "action": "keep",
            "source_labels": [
                f"__meta_kubernetes_service_label_{re.sub('[^a-zA-Z0-9]', '_', key)}"
            ],
            "regex": re.escape(value),
        }
        for key, value in spec["selector"]["matchLabels"].items()
    ]
    relabel.append(
        {
            "action": "keep",
            "source_labels": ["__meta_kubernetes_endpointslice_port_name"],
            "regex": endpoint["port"],
        }
    )
    kept = {"namespace": "namespace", "service": "service_name", "pod": "pod_name"}
    relabel += [
        {"source_labels": [f"__meta_kubernetes_{meta}"], "target_label": label}
        for label, meta in kept.items()
    ]
    relabel.append({"source_labels": [meta_label(spec["jobLabel"])], "target_label": "job"})
    relabel += [
        {
            "source_labels": ["__meta_kubernetes_pod_name"],
            "regex": pod,
            "target_label": "__address__",
            "replacement": address,
        }
        for pod, address in addresses.items()
    ]
    namespaces = spec.get("namespaceSelector", {}).get("matchNames", [release.namespace])
    return {
        "job_name": f"serviceMonitor/{release.full_name}/0",
        "honor_labels": endpoint["honorLabels"],
        "scrape_interval": endpoint["interval"],
        "metrics_path": endpoint.get("path", "/metrics"),
        "kubernetes_sd_configs": [
            {
                "role": "endpointslice",
                "kubeconfig_file": str(cluster.plane.kubeconfig),
                "namespaces": {"names": namespaces},
            }
        ],
        "relabel_configs": relabel,
    }


@contextmanager
def scraping(
    cluster: Cluster, release: Release, workspace: Path, pods: int, *, sharded: bool = False
) -> Iterator[Prometheus]:
    """An exporter for each Pod of the release, and a Prometheus that has scraped them all."""
    wait_until("its Pods are admitted", lambda: len(release.list_pods()) == pods)
    names = release.list_pods()
    with ExitStack() as stack:
        kubeconfig, flags = release.write_kubeconfig(workspace), release.read_arguments()
        addresses = {}
        for name in names:
            # In the cluster an environment variable has the Pod's name.
            own = [f"--shard={name}"] if sharded else []
            made = Exporter(name, workspace, kubeconfig=kubeconfig, flags=[*flags, *own])
            running = stack.enter_context(made)
            running.wait_until_ready()
            addresses[name] = f"{LOOPBACK}:{running.port}"
        job = make_job(cluster, release, addresses)
        server = Prometheus(workspace / release.name, targets={}, jobs=[job])
        scraper = stack.enter_context(server)

        def are_up() -> bool:
            targets = scraper.list_targets()
            up = sorted(one["labels"]["pod"] for one in targets if one["health"] == "up")
            return up == names

        wait_until("all are found and scraped", are_up, deadline=60)
        for target in scraper.list_targets():
            assert target["labels"]["job"] == JOB
            assert target["labels"]["namespace"] == release.namespace
            assert target["labels"]["service"] == release.full_name
        yield scraper


def wait_for_all(cluster: Cluster, scraper: Prometheus, served: str) -> None:
    """Every Service of the cluster is there once, with the right number of ready addresses."""

    def agree() -> bool:
        there = len(cluster.kubectl.list_items("services", "--all-namespaces"))
        return scraper.query_value(COUNT) == there == scraper.query_value(DISTINCT)

    wait_until("Prometheus has each Service once", agree, deadline=60)
    wait_until(
        "its numbers are right", lambda: read_ready(scraper, served) == {"web": 1, "cart": 0}
    )


def read_ready(scraper: Prometheus, namespace: str) -> dict[str, float]:
    """Ready addresses by Service, as Prometheus has them."""
    found = scraper.query(f'k8s_service_endpoints_ready{{namespace="{namespace}"}}')
    return {one["metric"]["service"]: float(one["value"][1]) for one in found}


def test_the_default_form(
    cluster: Cluster, custom_kinds: None, workspace: Path, served: str, release: Release
) -> None:
    """As it is: one Pod tells of every Service of the cluster."""
    release.put(*MONITORED)
    with scraping(cluster, release, workspace, 1) as scraper:
        wait_for_all(cluster, scraper, served)


def test_the_form_under_a_random_uid(
    cluster: Cluster, custom_kinds: None, workspace: Path, served: str, release: Release
) -> None:
    """As OpenShift wants it: the Pod names no uid, and is taken with one from a range."""
    release.put(*MONITORED)
    template = release.read("deployment")["spec"]["template"]
    [container] = template["spec"]["containers"]
    for context in (template["spec"]["securityContext"], container["securityContext"]):
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(context)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "given", "namespace": release.namespace},
        "spec": template["spec"]
        | {"securityContext": template["spec"]["securityContext"] | RANDOM},
    }
    answer = cluster.kubectl.run(
        "create", "--dry-run=server", "--validate=strict", "-f", "-", given=yaml.safe_dump(pod)
    )
    assert "pod/given created" in answer
    with scraping(cluster, release, workspace, 1) as scraper:
        wait_for_all(cluster, scraper, served)


def test_the_namespaced_form(
    cluster: Cluster, custom_kinds: None, workspace: Path, served: str, release: Release
) -> None:
    """With Roles alone: Prometheus has the Services of that namespace and no other."""
    release.put(*MONITORED, "--set=rbac.scope=namespace", f"--set=namespaces={{{served}}}")
    assert not [one for one in release.list_objects() if one.startswith("ClusterRole")]
    with scraping(cluster, release, workspace, 1) as scraper:
        wait_until("both are there", lambda: scraper.query_value(COUNT) == 2, deadline=60)
        wait_until("its numbers are right", lambda: read_ready(scraper, served) == TRUE)


def test_the_sharded_form(
    cluster: Cluster, custom_kinds: None, workspace: Path, served: str, release: Release
) -> None:
    """Three shards are three targets of one Service, and together tell of each Service once."""
    sharding = ("--set=sharding.enabled=true", "--set=sharding.shards=3")
    release.put(*MONITORED, *sharding, kind="statefulset")
    with scraping(cluster, release, workspace, 3, sharded=True) as scraper:
        wait_for_all(cluster, scraper, served)


def test_the_form_under_a_parent_chart(
    cluster: Cluster,
    custom_kinds: None,
    workspace: Path,
    served: str,
    release: Release,
    tmp_path: Path,
) -> None:
    """As a dependency with a condition, with the parent's values: it runs and is scraped alike."""
    parent = tmp_path / "platform"
    shutil.copytree(CHART, parent / "charts" / CHART.name)
    dependency = {"name": CHART.name, "version": "*", "condition": f"{CHART.name}.enabled"}
    document = {
        "apiVersion": "v2",
        "name": "platform",
        "version": "1.0.0",
        "dependencies": [dependency],
    }
    (parent / "Chart.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    release.chart = parent
    own = [one.replace("--set=", f"--set={CHART.name}.") for one in MONITORED]
    release.put(*own, f"--set={CHART.name}.enabled=true", "--set=global.team=platform")
    with scraping(cluster, release, workspace, 1) as scraper:
        wait_for_all(cluster, scraper, served)
