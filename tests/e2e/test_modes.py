"""Watch, poll and auto, slices and legacy Endpoints: other ways, the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.harness.access import Access
from tests.e2e.harness.exporter import Exporter
from tests.e2e.harness.samples import select, select_one
from tests.e2e.harness.waiting import wait_until
from tests.e2e.manifests import make_deployment, make_service
from tests.e2e.truth import PREFIX
from tests.e2e.watching import (
    Cluster,
    explain_difference,
    keep_state,
    read_reason,
    wait_for_service,
    wait_for_truth,
)

MODES = {
    "watch": ["--sync=watch"],
    "poll": ["--sync=poll", "--interval=1"],
    "auto": ["--sync=auto"],
    # WatchList, which this server (1.37) has; the first objects come by the watch.
    "stream": ["--sync=watch", "--list-mode=auto"],
}


@pytest.fixture(scope="module")
def by_mode(workspace: Path, kubeconfig: Path) -> Iterator[dict[str, Exporter]]:
    """One exporter for each way of following the API server, with the same groups."""
    groups = "--groups=ports,topology,slices,pods"
    with ExitStack() as exits:
        running = {
            mode: exits.enter_context(
                Exporter(f"mode-{mode}", workspace, kubeconfig=kubeconfig, flags=[groups, *flags])
            )
            for mode, flags in MODES.items()
        }
        for exporter in running.values():
            exporter.wait_until_ready()
        yield running


def test_all_modes_give_the_same_numbers(
    cluster: Cluster, by_mode: dict[str, Exporter], namespace: str
) -> None:
    """After a change each way of reading shows the same samples, those that kubectl's give."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=3, spread=True),
        make_service(namespace, "web", trafficDistribution="PreferSameZone"),
        make_service(namespace, "cart", selector={"app": "nothing"}),
    )
    for exporter in by_mode.values():
        wait_for_service(exporter, namespace, "web", {"ready": 3, "reason": None})
        wait_for_truth(cluster, exporter)

    def compare() -> bool:
        watch, *others = (keep_state(by_mode[mode].read_samples()) for mode in MODES)
        for other in others:
            assert other == watch, explain_difference(other, watch)
        return True

    wait_until("all modes agree", compare)


def test_polling_sees_what_is_deleted(
    cluster: Cluster, by_mode: dict[str, Exporter], namespace: str
) -> None:
    """A Service that is gone from the next list is gone from the exposition."""
    cluster.kubectl.apply(make_service(namespace, "web", selector=None))
    poll = by_mode["poll"]
    wait_for_service(poll, namespace, "web", {"reason": "SelectorlessNoEndpoints"})

    cluster.kubectl.delete("service/web", namespace)

    def is_gone() -> bool:
        return not select(poll.read_samples(), "k8s_service_info", namespace=namespace)

    wait_until("the Service is gone", is_gone)


def test_polling_does_not_watch(by_mode: dict[str, Exporter]) -> None:
    """In poll mode lists go on and no watch event is ever counted."""

    def count_lists() -> float:
        found = select(by_mode["poll"].read_samples(), "endpoints_exporter_lists_total")
        return sum(found.values())

    before = count_lists()
    wait_until("two more rounds of lists", lambda: count_lists() >= before + 4)
    events = select(by_mode["poll"].read_samples(), "endpoints_exporter_watch_events_total")
    assert sum(events.values()) == 0


def test_watching_lists_once(by_mode: dict[str, Exporter], namespace: str) -> None:
    """In watch mode each resource was listed once, and all since came as events."""
    samples = by_mode["watch"].read_samples()
    lists = select(samples, "endpoints_exporter_lists_total", resource="endpointslices")
    assert sum(lists.values()) == 1
    events = select(samples, "endpoints_exporter_watch_events_total", resource="endpointslices")
    assert sum(events.values()) > 0


def test_legacy_endpoints_tell_what_they_can(
    cluster: Cluster, workspace: Path, namespace: str
) -> None:
    """`--source endpoints` has the same ready counts and is silent on what Endpoints don't know."""
    cluster.kubectl.apply(
        make_deployment(namespace, "web", replicas=3),
        make_service(namespace, "web"),
        make_service(namespace, "cart", selector={"app": "nothing"}),
    )
    account = Access(cluster.plane, workspace / "legacy", account="legacy")
    account.create(["required", "endpoints"])
    kubeconfig = account.write_kubeconfig()
    flags = ["--source=endpoints", "--groups=ports,slices"]
    with Exporter("endpoints", workspace, kubeconfig=kubeconfig, flags=flags) as exporter:
        exporter.wait_until_ready()
        wanted = {
            "ready": 3,
            "not_ready": 0,
            "routable": 3,
            "serving": None,
            "terminating": None,
            "reason": None,
        }
        samples = wait_for_service(exporter, namespace, "web", wanted)
        where = {"namespace": namespace, "service": "web"}
        assert select_one(samples, PREFIX + "port_ready", **where, port="80") == 3
        assert select_one(samples, PREFIX + "truncated", **where) == 0
        wait_for_service(exporter, namespace, "cart", {"ready": 0, "reason": "NoEndpoints"})


def test_only_the_named_namespaces_are_read(
    cluster: Cluster, exporter: Exporter, workspace: Path, kubeconfig: Path, namespace: str
) -> None:
    """`--namespaces` with two names shows these two, and nothing of a third."""
    cluster.kubectl.apply(make_service(namespace, "web", selector={"app": "nothing"}))
    flags = [f"--namespaces={namespace},default"]
    with Exporter("two-namespaces", workspace, kubeconfig=kubeconfig, flags=flags) as two:
        two.wait_until_ready()
        samples = wait_for_service(two, namespace, "web", {"ready": 0})
        names = {
            dict(labels)["namespace"] for (name, labels) in samples if name == "k8s_service_info"
        }
        assert names == {namespace, "default"}
        assert read_reason(samples, "default", "kubernetes") is None
