"""Least privilege: what is granted is used, what is taken away degrades, what comes back heals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.harness.access import Access
from tests.e2e.harness.control_plane import ControlPlane
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.kubeconfig import write_kubeconfig
from tests.e2e.harness.processes import LOOPBACK
from tests.e2e.harness.samples import keep_prefix, select, select_one
from tests.e2e.harness.tcp_proxy import TcpProxy
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_pod, make_service
from tests.e2e.staging import (
    STAGED_NODE,
    create_pod,
    make_container_status,
    make_status,
    make_waiting,
)
from tests.e2e.watching import Cluster, wait_for_service, wait_for_truth

FORBIDDEN = "endpoints_exporter_resource_forbidden"
SYNCED = "endpoints_exporter_resource_synced"


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[TcpProxy]:
    """A way to the API server that can be cut: a running watch keeps the rights it had."""
    with TcpProxy(cluster.plane.api_port) as running:
        yield running


def _write_kubeconfig(plane: ControlPlane, access: Access, proxy: TcpProxy) -> Path:
    return write_kubeconfig(
        access.folder / "proxied.kubeconfig",
        server=f"https://{LOOPBACK}:{proxy.port}",
        ca_file=plane.ca_file,
        token=access.mint_token(),
    )


def _wait_for_gauge(exporter: Exporter, name: str, resource: str, value: float) -> None:
    wait_until(
        f'{name}{{resource="{resource}"}} is {value:g}',
        lambda: select_one(exporter.read_samples(), name, resource=resource) == value,
        deadline=60,
    )


def test_pods_can_be_denied_and_allowed_at_run_time(
    cluster: Cluster, workspace: Path, namespace: str, proxy: TcpProxy
) -> None:
    """In every mode a denied Pod reads EndpointsNotReady and forbidden 1; allowed, its crash."""
    access = Access(cluster.plane, workspace / "shrinking", account="shrinking")
    access.create(["required", "pods"])
    kubeconfig = _write_kubeconfig(cluster.plane, access, proxy)
    cluster.kubectl.apply(make_service(namespace, "web"))
    crash = make_container_status(make_waiting("CrashLoopBackOff"), restarts=3)
    pod = make_pod(namespace, "web-0", app="web", node=STAGED_NODE)
    create_pod(cluster.plane, pod, make_status(["10.244.200.170"], [crash]))
    crashing = {"not_ready": 1, "reason": "CrashLoopBackOff"}
    with ExitStack() as exits:
        running = [
            exits.enter_context(
                Exporter(
                    f"shrinking-{mode}",
                    workspace,
                    kubeconfig=kubeconfig,
                    flags=[f"--sync={mode}", "--interval=1"],
                )
            )
            for mode in ("watch", "auto", "poll")
        ]
        for exporter in running:
            exporter.wait_until_ready()
            wait_for_service(exporter, namespace, "web", crashing)
            assert select_one(exporter.read_samples(), FORBIDDEN, resource="pods") == 0

        access.revoke("pods")
        proxy.cut()
        for exporter in running:
            _wait_for_gauge(exporter, FORBIDDEN, "pods", 1)
            coarser = {"not_ready": 1, "reason": "EndpointsNotReady"}
            samples = wait_for_service(exporter, namespace, "web", coarser)
            assert select(samples, "k8s_service_pods_unready") == {}
            assert exporter.is_ready()

        access.grant("pods")
        for exporter in running:
            _wait_for_gauge(exporter, FORBIDDEN, "pods", 0)
            wait_for_service(exporter, namespace, "web", crashing)


def test_a_required_resource_can_be_denied_at_the_start(
    cluster: Cluster, workspace: Path, namespace: str
) -> None:
    """Without any grant the process lives, is not ready and says so; granted, it heals."""
    access = Access(cluster.plane, workspace / "nothing", account="nothing")
    access.create([])
    kubeconfig = access.write_kubeconfig()
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=1), make_service(namespace, "web")
    )
    flags = ["--interval=1"]
    with Exporter("nothing", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        _wait_for_gauge(exporter, FORBIDDEN, "services", 1)
        _wait_for_gauge(exporter, FORBIDDEN, "endpointslices", 1)
        assert not exporter.is_ready()
        assert exporter.fetch("/healthz")
        assert keep_prefix(exporter.read_samples(), "k8s_service_") == {}

        access.grant("required")
        _wait_for_gauge(exporter, FORBIDDEN, "endpointslices", 0)
        wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None}, deadline=60)
        exporter.wait_until_ready()


def test_a_required_resource_can_be_denied_at_run_time(
    cluster: Cluster, workspace: Path, namespace: str
) -> None:
    """When the required rights are taken away nothing stale is claimed; given back, it heals."""
    access = Access(cluster.plane, workspace / "revoked", account="revoked")
    access.create(["required"])
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=1), make_service(namespace, "web")
    )
    flags = ["--sync=poll", "--interval=1"]
    kubeconfig = access.write_kubeconfig()
    with Exporter("revoked", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None})

        access.revoke("required")
        _wait_for_gauge(exporter, FORBIDDEN, "endpointslices", 1)
        _wait_for_gauge(exporter, FORBIDDEN, "services", 1)
        wait_until(
            "no claim is left", lambda: not keep_prefix(exporter.read_samples(), "k8s_service_")
        )
        assert not exporter.is_ready()
        assert exporter.fetch("/healthz")

        access.grant("required")
        _wait_for_gauge(exporter, FORBIDDEN, "services", 0)
        wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None}, deadline=60)


def test_denied_slices_leave_no_claim_about_addresses(
    cluster: Cluster, workspace: Path, namespace: str
) -> None:
    """With Services alone the info is there and nothing is said of addresses, not even 0."""
    access = Access(cluster.plane, workspace / "services", account="services-only")
    access.create([])
    services = {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "watch"]}
    _grant_rules(cluster, "services-only", [services])
    cluster.kubectl.apply(make_service(namespace, "web"))
    with Exporter("services", workspace, kubeconfig=access.write_kubeconfig()) as exporter:
        _wait_for_gauge(exporter, SYNCED, "services", 1)
        _wait_for_gauge(exporter, FORBIDDEN, "endpointslices", 1)
        where = {"namespace": namespace, "service": "web"}
        wait_until(
            "the info is there",
            lambda: select(exporter.read_samples(), "k8s_service_info", **where),
        )
        samples = exporter.read_samples()
        for family in ("ready", "not_ready", "routable", "reason", "port_ready", "slices"):
            assert select(samples, f"k8s_service_endpoints_{family}", **where) == {}


def test_auto_polls_where_watching_is_denied_and_watches_when_it_may(
    cluster: Cluster, workspace: Path, namespace: str
) -> None:
    """With get and list alone auto polls and stays current; with watch granted it watches."""
    access = Access(cluster.plane, workspace / "no-watch", account="no-watch")
    access.create([])
    rules = [
        {"apiGroups": [group], "resources": [resource], "verbs": ["get", "list"]}
        for group, resource in (("", "services"), ("discovery.k8s.io", "endpointslices"))
    ]
    _grant_rules(cluster, "no-watch", rules)
    flags = ["--sync=auto", "--interval=1"]
    kubeconfig = access.write_kubeconfig()
    events = "endpoints_exporter_watch_events_total"
    with Exporter("no-watch", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        cluster.kubectl.apply(
            make_deployment(namespace, "web", replicas=2), make_service(namespace, "web")
        )
        samples = wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
        assert sum(select(samples, events).values()) == 0

        access.grant("required")

        def is_watching() -> bool:
            # An annotation makes an event; the wait goes on until it came as one.
            cluster.kubectl.run(
                "annotate", "service/web", f"--namespace={namespace}", "--overwrite", "e2e=watch"
            )
            cluster.kubectl.run("annotate", "service/web", f"--namespace={namespace}", "e2e-")
            found = select(exporter.read_samples(), events, resource="services")
            return sum(found.values()) > 0

        wait_until("auto watches again", is_watching, deadline=60, pause=1.0)


def test_roles_in_two_namespaces_are_enough(
    cluster: Cluster, workspace: Path, namespace: str
) -> None:
    """With the documented Roles and `--namespaces` all is as with cluster-wide rights."""
    access = Access(cluster.plane, workspace / "roles", account="roles")
    access.create([])
    for group in ("required", "pods", "workloads"):
        for name in (namespace, "default"):
            access.grant(group, namespace=name)
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(namespace, "web"),
        make_deployment(namespace, "cart", replicas=0),
        make_service(namespace, "cart"),
    )
    flags = [f"--namespaces={namespace},default", "--groups=ports,topology,slices"]
    kubeconfig = access.write_kubeconfig()
    with Exporter("roles", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})
        wait_for_service(exporter, namespace, "cart", {"ready": 0, "reason": "ScaledToZero"})
        wait_for_truth(cluster, exporter, namespace)
        wait_for_truth(cluster, exporter, "default")


def test_a_rotated_token_is_read_again(cluster: Cluster, workspace: Path, namespace: str) -> None:
    """When the old token is void the values stay, and the new one in the same file heals it."""
    access = Access(cluster.plane, workspace / "rotated", account="rotated")
    access.create(["required"])
    kubeconfig = access.write_kubeconfig(token_file=True)
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2), make_service(namespace, "web")
    )
    lists = "endpoints_exporter_lists_total"
    flags = ["--sync=poll", "--interval=1"]
    with Exporter("rotated", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        wait_for_service(exporter, namespace, "web", {"ready": 2})

        def count_lists() -> tuple[float, float]:
            samples = exporter.read_samples()
            good = select(samples, lists, resource="services", result="success")
            return sum(good.values()), sum(select(samples, lists, resource="services").values())

        # A token belongs to one incarnation of its account: a new account voids it.
        target = f"serviceaccount/{access.account}"
        cluster.kubectl.delete(target, "monitoring")
        access.create([])
        good_before, all_before = count_lists()

        def is_failing() -> bool:
            good, total = count_lists()
            return total - all_before > good - good_before

        wait_until("lists fail with the void token", is_failing, deadline=60)
        cluster.kubectl.run("scale", "deployment/web", f"--namespace={namespace}", "--replicas=3")
        wait_until("the cluster has three", lambda: cluster.count_ready(namespace, "web") == 3)
        wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})

        access.write_token(access.mint_token())
        wait_for_service(exporter, namespace, "web", {"ready": 3, "reason": None}, deadline=90)


def _grant_rules(cluster: Cluster, name: str, rules: list[dict[str, list[str]]]) -> None:
    """Give an account rules of the test's own instead of the documented ones."""
    cluster.kubectl.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": rules,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{name}-own"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": name,
            },
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "monitoring"}],
        },
    )
