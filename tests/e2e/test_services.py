"""What happens to a Service on a real cluster is what /metrics says, step by step."""

from __future__ import annotations

import pytest

from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.samples import Samples, make_key, select, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_service, make_slice
from tests.e2e.truth import PREFIX
from tests.e2e.watching import (
    Cluster,
    read_reason,
    wait_for_service,
    wait_for_truth,
)

INFO = "k8s_service_info"
HEALTHY_3 = {
    "ready": 3,
    "not_ready": 0,
    "serving": 3,
    "terminating": 0,
    "routable": 3,
    "reason": None,
}


def _scale(cluster: Cluster, namespace: str, name: str, replicas: int) -> None:
    target = f"deployment/{name}"
    cluster.kubectl.run("scale", target, f"--namespace={namespace}", f"--replicas={replicas}")


def test_a_new_service_with_three_pods_reads_three(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """A Deployment of three and its Service show 3 ready over three zones, exactly as kubectl."""
    deployment = make_deployment(namespace, "web", replicas=3, spread=True)
    cluster.kubectl.apply(deployment, make_service(namespace, "web"))

    samples = wait_for_service(exporter, namespace, "web", HEALTHY_3)

    where = {"namespace": namespace, "service": "web"}
    info = {
        "type": "ClusterIP",
        "headless": "false",
        "selector": "true",
        "publish_not_ready_addresses": "false",
        "internal_traffic_policy": "Cluster",
        "external_traffic_policy": "",
        "traffic_distribution": "",
        "ip_families": "IPv4",
    }
    assert samples[make_key(INFO, {**where, **info})] == 1
    assert select(samples, PREFIX + "zone_ready", **where) == {
        (("zone", "zone-a"),): 1,
        (("zone", "zone-b"),): 1,
        (("zone", "zone-c"),): 1,
    }
    assert select_one(samples, PREFIX + "min_ready", **where) == 1
    assert select_one(samples, "k8s_service_pods_selected", **where) == 3
    assert select(samples, PREFIX + "unavailable_since_timestamp_seconds", **where) == {}
    wait_for_truth(cluster, exporter)


def test_scaling_is_followed_down_to_zero_and_back(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """2, 5, 0 and 1 replicas read 2, 5, 0 (ScaledToZero, with a since) and 1 ready."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2), make_service(namespace, "web")
    )
    wait_for_service(exporter, namespace, "web", {"ready": 2, "reason": None})

    _scale(cluster, namespace, "web", 5)
    wait_for_service(exporter, namespace, "web", {"ready": 5, "routable": 5, "reason": None})

    _scale(cluster, namespace, "web", 0)
    empty = {"ready": 0, "not_ready": 0, "routable": 0, "reason": "ScaledToZero"}
    samples = wait_for_service(exporter, namespace, "web", empty)
    where = {"namespace": namespace, "service": "web"}
    since = select_one(samples, PREFIX + "unavailable_since_timestamp_seconds", **where)
    service = cluster.kubectl.read("service/web", f"--namespace={namespace}")
    assert since is not None
    assert since > 1_700_000_000, service["metadata"]["creationTimestamp"]

    _scale(cluster, namespace, "web", 1)
    samples = wait_for_service(exporter, namespace, "web", {"ready": 1, "reason": None})
    assert select(samples, PREFIX + "unavailable_since_timestamp_seconds", **where) == {}
    removed = select_one(samples, PREFIX + "changes_total", **where, change="removed")
    added = select_one(samples, PREFIX + "changes_total", **where, change="added")
    assert removed == 5
    assert added is not None
    assert added >= 4  # 2 → 5 → 1; whether the first two count depends on when the Service was seen
    wait_for_truth(cluster, exporter, namespace)


def test_a_changed_selector_empties_and_refills_the_service(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """A typo in the selector reads SelectorMatchesNoPods; the right one brings 3 ready back."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=3), make_service(namespace, "web")
    )
    wait_for_service(exporter, namespace, "web", HEALTHY_3)

    cluster.kubectl.patch("service/web", namespace, {"spec": {"selector": {"app": "wbe"}}})
    wait_for_service(
        exporter, namespace, "web", {"ready": 0, "routable": 0, "reason": "SelectorMatchesNoPods"}
    )
    wait_for_truth(cluster, exporter, namespace)

    cluster.kubectl.patch("service/web", namespace, {"spec": {"selector": {"app": "web"}}})
    wait_for_service(exporter, namespace, "web", HEALTHY_3)
    wait_for_truth(cluster, exporter, namespace)


def test_every_type_of_service_is_told_apart(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """ClusterIP, NodePort, LoadBalancer, ExternalName and headless follow each other."""
    kubectl = cluster.kubectl
    where = {"namespace": namespace, "service": "web"}

    def wait_for_type(kind: str, headless: str = "false") -> None:
        def probe() -> bool:
            found = select(exporter.read_samples(), INFO, **where, type=kind, headless=headless)
            return len(found) == 1

        wait_until(f"the Service reads {kind}, headless {headless}", probe)

    kubectl.apply(make_deployment(namespace, "web", replicas=3), make_service(namespace, "web"))
    wait_for_type("ClusterIP")

    kubectl.patch("service/web", namespace, {"spec": {"type": "NodePort"}})
    wait_for_type("NodePort")
    wait_for_service(exporter, namespace, "web", HEALTHY_3)
    wait_for_truth(cluster, exporter, namespace)

    kubectl.patch("service/web", namespace, {"spec": {"type": "LoadBalancer"}})
    wait_for_type("LoadBalancer")
    ingress = "k8s_service_load_balancer_ingress"
    assert select_one(exporter.read_samples(), ingress, **where) == 0
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}]}}}
    kubectl.patch("service/web", namespace, status, subresource="status")
    wait_until(
        "the load balancer is provisioned",
        lambda: select_one(exporter.read_samples(), ingress, **where) == 1,
    )
    wait_for_truth(cluster, exporter, namespace)

    change = {"type": "ExternalName", "externalName": "db.example.com"}
    nothing = dict.fromkeys(("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"))
    kubectl.patch("service/web", namespace, {"spec": {**change, **nothing}})
    wait_for_type("ExternalName")
    samples = wait_for_truth(cluster, exporter, namespace)
    names = {name for name, labels in samples if where.items() <= dict(labels).items()}
    assert PREFIX + "ready" not in names
    assert PREFIX + "reason" not in names
    # The controller leaves the slices of a Service that became an ExternalName behind.
    frozen = select_one(samples, "k8s_endpointslices_frozen", namespace=namespace)
    assert frozen == len(kubectl.list_items("endpointslices", f"--namespace={namespace}")) == 1

    back = {"type": "ClusterIP", "clusterIP": "None", "externalName": None}
    kubectl.patch("service/web", namespace, {"spec": back})
    wait_for_type("ClusterIP", headless="true")
    wait_for_service(exporter, namespace, "web", HEALTHY_3)
    wait_for_truth(cluster, exporter, namespace)


def test_a_rollout_replaces_every_pod_and_keeps_the_service_up(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """A new image brings other Pods, counted as changes, and never a reason."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=4), make_service(namespace, "web")
    )
    before = wait_for_service(exporter, namespace, "web", {"ready": 4, "reason": None})
    where = {"namespace": namespace, "service": "web"}

    def list_pods(samples: Samples) -> set[str]:
        found = select(samples, PREFIX + "address_ready", **where)
        return {dict(labels)["pod"] for labels in found}

    old = list_pods(before)
    assert len(old) == 4

    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=4, image="registry.invalid/web:2")
    )

    def rolled_out() -> bool:
        samples = exporter.read_samples()
        assert read_reason(samples, namespace, "web") is None
        new = list_pods(samples)
        return len(new) == 4 and not new & old

    wait_until("the rollout is through", rolled_out)
    samples = wait_for_truth(cluster, exporter, namespace)

    def count_new(change: str) -> float:
        family = PREFIX + "changes_total"
        first = select_one(before, family, **where, change=change)
        last = select_one(samples, family, **where, change=change)
        assert first is not None
        assert last is not None
        return last - first

    # An address may be given to a new Pod, so that fewer than four come and go; as many as come.
    assert 1 <= count_new("added") == count_new("removed") <= 8
    assert select_one(samples, PREFIX + "unavailable_seconds_total", **where) is not None


def test_a_deleted_service_leaves_no_series_behind(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """All series of a deleted Service vanish, and those of its neighbour stay."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=1),
        make_service(namespace, "web"),
        make_service(namespace, "neighbour", selector={"app": "web"}),
    )
    wait_for_service(exporter, namespace, "web", {"ready": 1})
    wait_for_service(exporter, namespace, "neighbour", {"ready": 1})

    cluster.kubectl.delete("service/web", namespace)

    def list_services() -> set[str]:
        pairs = (dict(labels) for _, labels in exporter.read_samples())
        return {
            one["service"] for one in pairs if one.get("namespace") == namespace if "service" in one
        }

    wait_until("only the neighbour is left", lambda: list_services() == {"neighbour"})
    wait_for_truth(cluster, exporter, namespace)


def test_slices_written_by_hand_count_for_a_service_without_selector(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """Unset conditions read ready, a wrong port reads PortMismatch, no slices read no endpoints."""
    kubectl = cluster.kubectl
    kubectl.apply(make_service(namespace, "db", selector=None))
    wait_for_service(exporter, namespace, "db", {"reason": "SelectorlessNoEndpoints", "ready": 0})

    endpoints = [{"addresses": ["192.0.2.10"]}, {"addresses": ["192.0.2.11"]}]
    kubectl.apply(make_slice(namespace, "db-1", service="db", endpoints=endpoints))
    wait_for_service(exporter, namespace, "db", {"ready": 2, "routable": 2, "reason": None})
    wait_for_truth(cluster, exporter, namespace)

    other = [{"name": "metrics", "port": 9100, "protocol": "TCP"}]
    kubectl.apply(make_slice(namespace, "db-1", service="db", endpoints=endpoints, ports=other))
    wait_for_service(
        exporter, namespace, "db", {"ready": 2, "routable": 0, "reason": "SelectorlessUnusable"}
    )

    down = [{"addresses": ["192.0.2.10"], "conditions": {"ready": False}}]
    kubectl.apply(make_slice(namespace, "db-1", service="db", endpoints=down))
    wait_for_service(
        exporter, namespace, "db", {"ready": 0, "not_ready": 1, "reason": "SelectorlessNotReady"}
    )
    wait_for_truth(cluster, exporter, namespace)

    kubectl.apply(
        make_slice(namespace, "ghost-1", service="ghost", endpoints=endpoints),
        make_slice(namespace, "nobody-1", service=None, endpoints=endpoints),
    )

    def count_strays() -> tuple[float | None, float | None]:
        samples = exporter.read_samples()
        return (
            select_one(samples, "k8s_endpointslices_orphaned", namespace=namespace),
            select_one(samples, "k8s_endpointslices_unlabelled", namespace=namespace),
        )

    wait_until("one orphan and one slice without label", lambda: count_strays() == (1, 1))


def test_a_dual_stack_service_is_counted_by_family(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """Two dual-stack Pods read 2 ready IPv4 and 2 ready IPv6; the port adds both families up."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(namespace, "web", ipFamilyPolicy="RequireDualStack"),
    )
    where = {"namespace": namespace, "service": "web"}

    def read_families() -> dict[tuple[tuple[str, str], ...], float]:
        return select(exporter.read_samples(), PREFIX + "ready", **where)

    both = {(("address_type", "IPv4"),): 2, (("address_type", "IPv6"),): 2}
    wait_until("both families read 2", lambda: read_families() == both)
    samples = wait_for_truth(cluster, exporter, namespace)
    port = {"port_name": "http", "protocol": "TCP", "port": "80"}
    assert select_one(samples, PREFIX + "port_ready", **where, **port) == 4


@pytest.mark.parametrize("publish", [False, True], ids=["default", "publishNotReadyAddresses"])
def test_a_headless_service_without_ports_has_its_addresses(
    cluster: Cluster, exporter: Exporter, namespace: str, publish: bool
) -> None:
    """A headless Service without ports reads its Pods as ready and routable, and has no reason."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=2),
        make_service(
            namespace, "web", ports=(), clusterIP="None", publishNotReadyAddresses=publish
        ),
    )
    wait_for_service(exporter, namespace, "web", {"ready": 2, "routable": 2, "reason": None})
    wait_for_truth(cluster, exporter, namespace)


def test_annotations_set_the_threshold_and_silence_the_reason(
    cluster: Cluster, exporter: Exporter, namespace: str
) -> None:
    """The annotated min-ready is exported; ignore keeps the info and takes the reason away."""
    cluster.kubectl.apply(make_service(namespace, "web", selector={"app": "none"}))
    wait_for_service(exporter, namespace, "web", {"reason": "SelectorMatchesNoPods"})

    cluster.kubectl.run(
        "annotate",
        "service/web",
        f"--namespace={namespace}",
        "endpoints-exporter.io/min-ready=3",
        "endpoints-exporter.io/ignore=true",
    )
    samples = wait_for_service(exporter, namespace, "web", {"reason": None, "ready": 0})
    where = {"namespace": namespace, "service": "web"}
    assert select_one(samples, PREFIX + "min_ready", **where) == 3
    assert len(select(samples, INFO, **where)) == 1
