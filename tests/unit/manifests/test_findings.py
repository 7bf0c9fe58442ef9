from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.manifests.verdict import Verdict
from tests.unit.manifests.sets import (
    Json,
    autoscaler,
    budget,
    container,
    ingress,
    judge,
    service,
    told,
    workload,
)

GOOD = (service(), workload())
MIN_3: Json = {"annotations": {"endpoints-exporter.io/min-ready": "3"}}
PROBED = container(readinessProbe={"httpGet": {"path": "/", "port": 9000}})
STRAY = container(readinessProbe={"httpGet": {"path": "/", "port": "nope"}})
HEADLESS = service("db", clusterIP="None")
DAEMONS = workload(kind="DaemonSet", replicas=None)
PORTS = [{"name": "http", "port": 80, "targetPort": "http"}, {"port": 81, "targetPort": "nope"}]
EVENTS = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"scaleTargetRef": {"name": "web"}, "maxReplicaCount": 0},
}
CUSTOM = {
    "apiVersion": "kafka.example.com/v1",
    "kind": "Kafka",
    "metadata": {"name": "k", "namespace": "shop"},
}
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {
        "name": "far-1",
        "namespace": "shop",
        "labels": {"kubernetes.io/service-name": "far"},
    },
    "addressType": "IPv6",
    "ports": [{"name": "http", "port": 80}],
    "endpoints": [{"addresses": ["2001:db8::1"]}],
}
ENDPOINTS = {
    "apiVersion": "v1",
    "kind": "Endpoints",
    "metadata": {"name": "far", "namespace": "shop"},
    "subsets": [
        {"addresses": [{"ip": "192.0.2.1"}], "ports": [{"name": "http", "port": 80}]},
    ],
}
FAR = service("far", selector=None)
NO_NAME = [{"port": 80, "targetPort": "nope"}]
NO_NUMBER = [{"port": 80, "targetPort": 9999}]
TWO_AS_ONE: Json = {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "SingleStack"}
OTHER_FAMILY: Json = {"ipFamilies": ["IPv6"], "clusterIP": "10.0.0.1"}
BOTH_FAMILIES: Json = {"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "PreferDualStack"}
OTHERS_PODS = service("db", clusterIP="None", selector={"app": "x"})
STRANGER = workload(selector={"matchLabels": {"app": "x"}})
ROLLOUT = {**workload(kind="Rollout", replicas=0), "apiVersion": "argoproj.io/v1alpha1"}
SYSTEM = service("dns", meta={"namespace": "kube-system"})
FULL = (workload("dns", namespace="kube-system"),)
LESS = service(selector={"app": "web", "made-by": "k"})
SLIP = service(selector={"app": "wbe"})
NUMBER = service(selector={"app": 1})


@pytest.mark.parametrize(
    "objects,expected",
    [
        (GOOD, []),
        ((service(selector={"app": "wbe"}), workload()), ["error SelectorMatchesNoPods"]),
        ((service(), workload(namespace="other")), ["error SelectorMatchesNoPods"]),
        ((service(ports=NO_NAME), workload()), ["error NamedPortMissing"]),
        ((service(ports=PORTS), workload()), ["warning PortWithoutEndpoints"]),
        ((service(ports=NO_NUMBER), workload()), ["note TargetPortUndeclared"]),
        ((service(), workload(containers=[PROBED])), ["note ProbeElsewhere"]),
        ((service(), workload(containers=[STRAY])), ["error ProbePortMissing"]),
        ((service(meta=MIN_3), workload()), ["warning BelowMinReady"]),
        ((service(meta=MIN_3), workload(replicas=3)), []),
        ((service(meta=MIN_3), workload(), autoscaler(high=2)), ["warning BelowMinReady"]),
        ((service(meta=MIN_3), workload(), autoscaler(low=2)), ["note MinReadyAboveLeast"]),
        ((service(meta=MIN_3), DAEMONS), []),
        ((service(), workload(replicas=1)), ["note SinglePoint"]),
        ((service(), workload(replicas=1), autoscaler()), []),
        ((service(), workload(replicas=0)), []),
        ((service(), ROLLOUT), []),
        ((service(), workload(), EVENTS), []),
        ((SYSTEM,), ["unknown SelectorMatchesNoPods"]),
        ((SYSTEM, workload("dns", namespace="kube-system")), []),
        ((LESS, workload(), CUSTOM), ["unknown SelectorMatchesNoPods", "unknown Unreadable"]),
        ((SLIP, workload(), CUSTOM), ["error SelectorMatchesNoPods", "unknown Unreadable"]),
        ((service(), service("web2", selector={"app": "web"}), workload()), ["note SameSelector"]),
        ((service(), service("web2", selector={"app": "web"}, clusterIP="None"), workload()), []),
        ((service("k"), CUSTOM), ["unknown SelectorMatchesNoPods", "unknown Unreadable"]),
        ((service(type="ExternalName", externalName="a.example", selector=None),), []),
        ((service(type="LoadBalancer"), workload()), []),
        ((FAR,), []),
        ((FAR, SLICE), ["error SelectorlessUnusable"]),
        ((FAR, ENDPOINTS), ["note SinglePoint"]),
        ((service(**TWO_AS_ONE), workload()), ["error FamiliesInvalid"]),
        ((service(**OTHER_FAMILY), workload()), ["error FamiliesInvalid"]),
        ((service(**BOTH_FAMILIES), workload()), []),
        ((NUMBER, workload()), ["error RefusedByServer"]),
        ((service(), STRANGER), ["error SelectorNotOfTemplate"]),
        ((*GOOD, service()), []),
        ((*GOOD, workload(replicas=3)), ["note DefinedTwice"]),
    ],
)
def test_a_service_is_judged_by_what_there_will_be(
    tmp_path: Path, objects: tuple[Json, ...], expected: list[str]
) -> None:
    """The same engine as of a cluster; what only time or the cluster can tell is no finding."""
    found = [f"{level} {rule}" for level, rule, _ in told(judge(tmp_path, *objects))]
    assert found == expected


@pytest.mark.parametrize(
    "spec,made,expected",
    [
        ({"maxUnavailable": 1}, (workload(),), []),
        ({"maxUnavailable": 0}, (workload(),), ["warning BudgetNeverAllows"]),
        ({"maxUnavailable": "0%"}, (workload(),), ["warning BudgetNeverAllows"]),
        ({"maxUnavailable": "1%"}, (workload(),), []),
        ({"minAvailable": 1}, (workload(),), []),
        ({"minAvailable": 2}, (workload(),), ["warning BudgetNeverAllows"]),
        ({"minAvailable": 3}, (workload(),), ["warning BudgetNeverMet"]),
        ({"minAvailable": "51%"}, (workload(),), ["warning BudgetNeverAllows"]),
        ({"minAvailable": "50%"}, (workload(),), []),
        ({}, (workload(replicas=1),), ["warning BudgetNeverAllows"]),
        ({"minAvailable": 2}, (workload(), autoscaler(low=2)), ["note BudgetMayBlock"]),
        ({"minAvailable": 6}, (workload(), autoscaler()), ["warning BudgetNeverMet"]),
        ({"minAvailable": 2}, (DAEMONS,), []),
        ({"minAvailable": 2}, (workload(replicas=0),), []),
        ({"minAvailable": 1}, (workload("other"),), ["warning BudgetSelectsNothing"]),
        ({"minAvailable": 1, "maxUnavailable": 1}, (workload(),), ["error BudgetInvalid"]),
        ({"minAvailable": "half"}, (workload(),), ["error BudgetInvalid"]),
    ],
)
def test_a_budget_can_be_met_and_allows_a_disruption(
    tmp_path: Path, spec: Json, made: tuple[Json, ...], expected: list[str]
) -> None:
    """Percents are rounded up, as the disruption controller does."""
    verdict = judge(tmp_path, budget(**spec), *made, allow_empty=True)
    assert [f"{level} {rule}" for level, rule, _ in told(verdict)] == expected


@pytest.mark.parametrize(
    "objects,options,expected",
    [
        ((*GOOD, ingress("web")), {}, []),
        ((*GOOD, ingress("web", 8080)), {}, ["error MissingPort"]),
        ((*GOOD, ingress("gone")), {}, ["error MissingService"]),
        ((service("k"), ingress("k")), {}, ["error SelectorMatchesNoPods", "error NoEndpoints"]),
        (
            (service("k"), CUSTOM, ingress("k"), budget("k")),
            {},
            [
                "unknown SelectorMatchesNoPods",
                "unknown Unreadable",
                "unknown NoEndpoints",
                "unknown BudgetSelectsNothing",
            ],
        ),
        ((*GOOD, ingress("gone", namespace="far")), {}, ["unknown UnknownReference"]),
        (
            (SYSTEM, *FULL, ingress("gone", namespace="kube-system")),
            {},
            ["unknown UnknownReference"],
        ),
        ((*GOOD, ingress("gone", namespace="far")), {"complete": True}, ["error MissingService"]),
    ],
)
def test_a_route_leads_somewhere(
    tmp_path: Path, objects: tuple[Json, ...], options: dict[str, Any], expected: list[str]
) -> None:
    """A namespace of which no Service is given may have any; one of which some are is whole."""
    verdict = judge(tmp_path, *objects, **options)
    assert [f"{level} {rule}" for level, rule, _ in told(verdict)] == expected


@pytest.mark.parametrize(
    "objects,expected",
    [
        ((HEADLESS,), []),
        ((service("db"),), ["note GoverningService"]),
        ((OTHERS_PODS, workload("x")), ["warning GoverningService"]),
        ((service("other"), workload("other")), ["warning GoverningService"]),
        ((), ["unknown GoverningService"]),
    ],
)
def test_a_stateful_set_has_its_headless_service(
    tmp_path: Path, objects: tuple[Json, ...], expected: list[str]
) -> None:
    """It is there, is headless and selects the Pods; elsewhere it may be, for all one knows."""
    stateful = workload("db", kind="StatefulSet", serviceName="db")
    verdict = judge(tmp_path, *objects, stateful, allow_empty=True)
    assert [f"{level} {rule}" for level, rule, _ in told(verdict)] == expected


def test_a_service_may_select_one_pod_of_a_stateful_set(tmp_path: Path) -> None:
    """By the label that the controller gives to each."""
    one = service("db-1", selector={"statefulset.kubernetes.io/pod-name": "db-1"})
    stateful = workload("db", kind="StatefulSet", serviceName="db")
    verdict = judge(tmp_path, one, HEADLESS, stateful)
    assert told(verdict) == [("note", "SinglePoint", "Service shop/db-1")]


def test_a_selector_that_matches_nothing_comes_with_its_near_miss(tmp_path: Path) -> None:
    """Which workload was meant, and where it stands; the line is the selector's."""
    verdict = judge(tmp_path, service(selector={"app": "wbe"}), workload())
    (one,) = verdict.remarks
    assert one.line == 7
    assert f"Near miss: Deployment shop/web ({one.file} line 14) has app=web." in one.message


def _status(verdict: Verdict) -> tuple[int, bool | None]:
    return verdict.exit, verdict.ok


@pytest.mark.parametrize(
    "objects,options,status",
    [
        (GOOD, {}, (0, True)),
        ((service(), workload(replicas=1)), {}, (0, True)),
        ((service(), workload(replicas=1)), {"strict": True}, (1, False)),
        ((service(meta=MIN_3), workload()), {}, (1, False)),
        ((*GOOD, CUSTOM), {}, (0, True)),
        ((workload(),), {}, (2, None)),
        ((workload(),), {"allow_empty": True}, (0, True)),
    ],
)
def test_the_status_is_the_verdict(
    tmp_path: Path,
    objects: tuple[Json, ...],
    options: dict[str, bool],
    status: tuple[int, bool | None],
) -> None:
    """0: nothing is wrong; 1: something is; 2: nothing was there to check."""
    assert _status(judge(tmp_path, *objects, **options)) == status
