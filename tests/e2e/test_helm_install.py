"""The chart on a real API server: installed, upgraded, uninstalled, and run as it was installed.

The exporter runs with the arguments of the installed Deployment, and with a token of the installed
ServiceAccount and nothing more.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import CHART as FOLDER
from tests.chart.rendering import FIXTURES, REPOSITORY, run_helm
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.processes import LOOPBACK
from tests.e2e.harness.samples import Samples, keep_prefix, select, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_namespace, make_service
from tests.e2e.releases import HOME, Release
from tests.e2e.watching import Cluster, wait_for_service, wait_for_truth

LEADER = "endpoints_exporter_leader"
#: When something was first seen differs from one process to the next.
SINCE = {"k8s_service_endpoints_unavailable_since_timestamp_seconds"}
FORBIDDEN_VERBS = ("create", "update", "patch", "delete", "deletecollection")
READABLE = (
    "services",
    "endpointslices.discovery.k8s.io",
    "pods",
    "nodes",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicationcontrollers",
)
OUT_OF_REACH = (
    "secrets",
    "configmaps",
    "endpoints",
    "events",
    "namespaces",
    "serviceaccounts",
    "leases.coordination.k8s.io",
    "ingresses.networking.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "apiservices.apiregistration.k8s.io",
)


@pytest.fixture(scope="module", autouse=True)
def prometheus() -> None:
    """Stand in for the session's own: nothing here is scraped."""


def test_it_installs_runs_with_its_own_rights_and_goes(
    cluster: Cluster, workspace: Path, namespace: str, release: Release
) -> None:
    """Installed, its account's token is enough for all the exporter reads; then gone."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(namespace, "web"),
        make_deployment(namespace, "cart", replicas=0),
        make_service(namespace, "cart"),
    )
    release.put("--set=config.groups={topology}")
    full = release.full_name
    assert [one for one in release.list_objects() if "/kube-root-ca" not in one] == [
        f"ClusterRole/{full}",
        f"ClusterRoleBinding/{full}",
        f"Deployment/{full}",
        f"Service/{full}",
        f"ServiceAccount/{full}",
    ]
    wait_until("its Pod is admitted", release.list_pods)

    flags = release.read_arguments()
    kubeconfig = release.write_kubeconfig(workspace)
    with Exporter(release.name, workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
        wait_for_service(exporter, namespace, "cart", {"ready": 0, "reason": "ScaledToZero"})
        samples = wait_for_truth(cluster, exporter)
        forbidden = select(samples, "endpoints_exporter_resource_forbidden")
        assert forbidden
        assert set(forbidden.values()) == {0.0}
        assert "ready" in run_helm_test(exporter)

    release.remove()
    wait_until("nothing is left", lambda: release.list_objects() == [])


def run_helm_test(exporter: Exporter) -> str:
    """What the container of `helm test` prints when it asks this exporter instead."""
    text = run_helm("template", "x", FOLDER, "--show-only=templates/tests/ready.yaml")
    [container] = yaml.safe_load(text)["spec"]["containers"]
    assert container["command"] == ["python", "-c"]
    script, _host, _port, *rest = container["args"]
    command = [sys.executable, "-c", script, LOOPBACK, str(exporter.port), *rest]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout


def test_forbidden_verbs_are_forbidden(cluster: Cluster, release: Release) -> None:
    """Of what it reads it may get, list and watch, and nothing else; of the rest nothing at all."""
    release.put()
    for resource in READABLE:
        for verb in ("get", "list", "watch"):
            assert release.may(verb, resource), f"{verb} {resource}"
        for verb in FORBIDDEN_VERBS:
            assert not release.may(verb, resource), f"{verb} {resource}"
    for resource in OUT_OF_REACH:
        for verb in ("get", "list", "watch", *FORBIDDEN_VERBS):
            assert not release.may(verb, resource), f"{verb} {resource}"


def test_namespaced_it_reads_its_namespaces_and_no_other(
    cluster: Cluster, workspace: Path, namespace: str, release: Release
) -> None:
    """With Roles in one namespace the exporter syncs, shows it, and may read no other."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=1), make_service(namespace, "web")
    )
    release.put(
        "--set=rbac.scope=namespace",
        f"--set=namespaces={{{namespace}}}",
        "--set=config.groups={topology}",
    )
    objects = release.list_objects()
    assert not [one for one in objects if one.startswith("ClusterRole")]

    for resource in ("services", "endpointslices.discovery.k8s.io", "pods", "deployments.apps"):
        assert release.may("list", resource, namespace)
        assert not release.may("delete", resource, namespace)
        assert not release.may("list", resource, "default")
        assert not release.may("list", resource)
    assert not release.may("list", "nodes")

    flags = release.read_arguments()
    kubeconfig = release.write_kubeconfig(workspace)
    with Exporter(release.name, workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None})
        samples = wait_for_truth(cluster, exporter, namespace)
        forbidden = select(samples, "endpoints_exporter_resource_forbidden")
        assert set(forbidden.values()) == {0.0}
        assert select_one(samples, "k8s_service_info", namespace="default") is None


def test_replicas_and_shards_tell_what_one_tells(
    cluster: Cluster, workspace: Path, namespace: str, release: Release
) -> None:
    """Two replicas (one of them speaks, then the other) and three shards tell the same as one."""
    apps = [f"app-{number}" for number in range(8)]
    cluster.kubectl.apply(
        *(make_deployment(namespace, app, replicas=1) for app in apps),
        *(make_service(namespace, app) for app in apps),
    )
    with ExitStack() as stack:

        def start(name: str, *further: str) -> Exporter:
            flags = [*release.read_arguments(), *further]
            kubeconfig = release.write_kubeconfig(workspace)
            made = Exporter(f"{release.name}-{name}", workspace, kubeconfig=kubeconfig, flags=flags)
            running = stack.enter_context(made)
            running.wait_until_ready()
            return running

        release.put("--set=config.groups={topology}")
        one = start("one")
        release.put(
            "--set=config.groups={topology}",
            "--set=sharding.enabled=true",
            "--set=sharding.shards=3",
            kind="statefulset",
        )
        # In the cluster each Pod's name tells its number, by an environment variable.
        shards = [start(f"shard-{n}", f"--shard={release.full_name}-{n}") for n in range(3)]
        release.put(
            "--set=config.groups={topology}",
            "--set=leaderElection.enabled=true",
            "--set=replicas=2",
        )
        replicas = [start("first"), start("second")]

        def read(exporter: Exporter) -> Samples:
            return keep_prefix(exporter.read_samples(), "k8s_")

        def agree() -> bool:
            whole = {key: value for key, value in read(one).items() if key[0] not in SINCE}
            parts = [read(shard) for shard in shards]
            told = [key for part in parts for key in part]
            assert len(told) == len(set(told))
            union = {key: value for part in parts for key, value in part.items()}
            assert {k: v for k, v in union.items() if k[0] not in SINCE} == whole
            spoken = [read(replica) for replica in replicas]
            assert [bool(part) for part in spoken].count(True) == 1
            both = {key: value for part in spoken for key, value in part.items()}
            assert {k: v for k, v in both.items() if k[0] not in SINCE} == whole
            ready = select(one.read_samples(), "k8s_service_endpoints_ready", namespace=namespace)
            assert sum(ready.values()) == len(apps)
            assert all(parts)
            return True

        wait_until("all tell the same", agree, deadline=60)
        [first, second] = sorted(replicas, key=lambda each: -len(read(each)))
        assert select_one(first.read_samples(), LEADER) == 1
        assert select_one(second.read_samples(), LEADER) == 0
        first.process.stop()
        wait_until("the other takes over", lambda: read(second), deadline=30)
        assert select_one(second.read_samples(), LEADER) == 1


def test_a_leader_may_write_its_own_lease_alone(release: Release) -> None:
    """Leases may be made and the one be changed, in the release's namespace; it goes with it."""
    release.put("--set=leaderElection.enabled=true")
    leases = "leases.coordination.k8s.io"

    assert release.may("create", leases, HOME)
    assert release.may("update", leases, HOME, name=release.full_name)
    assert not release.may("update", leases, HOME, name="another")
    assert not release.may("delete", leases, HOME, name=release.full_name)
    assert not release.may("create", leases, "default")
    assert not release.may("update", "pods", HOME)
    assert f"Lease/{release.full_name}" in release.list_objects()
    release.remove()
    wait_until("nothing is left", lambda: release.list_objects() == [])


def test_an_upgrade_changes_rights_and_arguments_together(release: Release) -> None:
    """Switching Pods off and dependents on in an upgrade changes the role and what is read."""
    release.put()
    assert release.may("list", "pods")
    release.put("--set=config.pods=false", "--set=config.groups={dependents}")

    assert not release.may("list", "pods")
    assert release.may("list", "ingresses.networking.k8s.io")
    assert not release.may("update", "ingresses.networking.k8s.io")
    arguments = release.read_arguments()
    assert "--pods=off" in arguments
    assert "--groups=dependents" in arguments


def test_an_upgrade_to_namespaces_takes_the_cluster_role_away(
    namespace: str, release: Release
) -> None:
    """Going from cluster-wide to namespaced leaves no ClusterRole behind."""
    release.put()
    release.put("--set=rbac.scope=namespace", f"--set=namespaces={{{namespace}}}")

    objects = release.list_objects()
    assert not [one for one in objects if one.startswith("ClusterRole")]
    assert f"Role/{release.full_name}" in objects


@pytest.mark.parametrize(
    "fixture", ["disruption-budget", "legacy", "network-policy", "web-content-plain"]
)
def test_the_api_server_takes_what_the_fixtures_make(release: Release, fixture: str) -> None:
    """Objects of Kubernetes' own kinds are accepted by a real API server."""
    if fixture == "web-content-plain":
        release.put("--set=webConfig.enabled=true", "--set=webConfig.content.rate_limit=null")
    else:
        release.put(f"--values={FIXTURES / 'valid' / (fixture + '.yaml')}")
    assert f"Deployment/{release.full_name}" in release.list_objects()


@pytest.mark.parametrize(
    "options, kind",
    [
        (["--set=serviceMonitor.enabled=true"], "servicemonitor"),
        (["--set=podMonitor.enabled=true"], "podmonitor"),
        (["--set=scrapeConfig.enabled=true"], "scrapeconfig"),
        (["--set=prometheusRule.enabled=true"], "prometheusrule"),
        (["--set=verticalPodAutoscaler.enabled=true"], "verticalpodautoscaler"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_custom_kinds_meet_their_published_definitions(
    custom_kinds: None, release: Release, options: list[str], kind: str
) -> None:
    """Monitors, rules and the autoscaler are accepted under their own published definitions."""
    release.put(*options)

    assert release.read(kind)["metadata"]["name"] == release.full_name


def test_everything_at_once_meets_the_definitions(
    cluster: Cluster, custom_kinds: None, home: str
) -> None:
    """The fixture with everything on: the API server knows every field of the custom objects."""
    options = [
        f"--values={FIXTURES / 'valid' / 'everything.yaml'}",
        "--set=serviceMonitor.namespace=",
        "--set=dashboards.grafanaOperator.enabled=false",
    ]
    rendered = run_helm("template", "all", FOLDER, f"--namespace={home}", *options)
    answer = cluster.kubectl.run(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        f"--namespace={home}",
        "-f",
        "-",
        given=rendered,
    )
    assert "servicemonitor.monitoring.coreos.com/all-kube-endpoints-exporter" in answer
    assert "verticalpodautoscaler.autoscaling.k8s.io/all-kube-endpoints-exporter" in answer


def test_the_plain_manifests_and_the_kustomization_apply(cluster: Cluster) -> None:
    """`kubectl apply` of deploy/manifests and of the kustomize base is accepted, strictly."""
    cluster.kubectl.apply(make_namespace("monitoring"))
    plain = REPOSITORY / "deploy" / "manifests" / "kube-endpoints-exporter.yaml"
    base = REPOSITORY / "deploy" / "kustomize" / "base"
    for options in (["-f", str(plain)], ["-k", str(base)]):
        answer = cluster.kubectl.run(
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            "--force-conflicts",
            *options,
        )
        assert "deployment.apps/kube-endpoints-exporter" in answer
