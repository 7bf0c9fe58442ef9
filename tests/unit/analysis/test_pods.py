from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.pods import look_at_pods
from exporter.judging.reasons import judge_pods
from exporter.model import PodsReport, PodsView, Reason
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod, pod_from_metadata
from exporter.objects.services import Service
from tests.unit.kubelet import (
    READINESS,
    RUNNING,
    STARTUP,
    condition,
    container,
    make_pod,
    make_service,
    pod_json,
    read_pod,
    status,
    terminated,
    unready_json,
    waiting,
)
from tests.unit.odd_pods import odd_pods, read_odd_pods

NODES = {"n1": Node("n1", "1", ready=True, schedulable=True, zone="")}
SERVICE = make_service()
DELETED = {**pod_json()["metadata"], "deletionTimestamp": "2026-11-22T10:00:20Z"}


def see(*pods: Pod, nodes: dict[str, Node] | None = None) -> PodsView:
    """What can be known of Pods around a Service."""
    return PodsView(pods, nodes, None)


class Found(NamedTuple):
    """What Pods say of their Service."""

    reason: Reason
    detail: str | None
    pods: PodsReport


def summarise(service: Service, view: PodsView, ready: Collection[str]) -> PodsReport:
    """The numbers of Pods, where these addresses are ready."""
    return look_at_pods(service, view, ready, (), recent=0.0).report()


def diagnose(service: Service, view: PodsView, ready: Collection[str]) -> Found:
    """The reason that Pods give, where these addresses are ready and none is usable."""
    pods = look_at_pods(service, view, ready, (), recent=0.0)
    return Found(*judge_pods(pods, (Reason.NO_ENDPOINTS, None)), pods.report())


def unready(name: str, *statuses: dict[str, Any], containers: Any = ()) -> Pod:
    """A Pod on a Node that is not ready."""
    return read_pod(unready_json(*containers, statuses=list(statuses), name=name))


PROBE = unready("s-probe", status(RUNNING))
STARTING = unready(
    "s-starting", status(RUNNING, started=False), containers=[container(**READINESS, **STARTUP)]
)
CRASH = unready("s-crash", status(waiting("CrashLoopBackOff"), last=terminated("Error", 1)))
OOM = unready("s-oom", status(waiting("CrashLoopBackOff"), last=terminated("OOMKilled", 137)))
PULL = unready("s-pull", status(waiting("ImagePullBackOff")))
READY = make_pod("s-ready")
TERMINATING = make_pod("s-old", metadata={**DELETED, "name": "s-old"})
SUCCEEDED = make_pod("s-done", status={"phase": "Succeeded"})
FAILED = make_pod("s-failed", status={"phase": "Failed"})
EVICTED = make_pod("s-evicted", status={"phase": "Failed", "reason": "Evicted"})


@pytest.mark.parametrize(
    "pods,reason,detail",
    [
        ([], "SelectorMatchesNoPods", None),
        ([TERMINATING], "AllPodsTerminating", None),
        ([TERMINATING, SUCCEEDED], "AllPodsTerminating", None),
        ([SUCCEEDED, SUCCEEDED], "AllPodsFinished", "Succeeded"),
        ([SUCCEEDED, FAILED], "AllPodsFinished", "Failed"),
        ([EVICTED, EVICTED], "AllPodsFinished", "Evicted"),
        ([EVICTED, FAILED], "AllPodsFinished", "Failed"),
        ([TERMINATING, PULL], "ImagePull", None),
        ([PULL, CRASH, PROBE], "ReadinessProbeFailing", None),
        ([PULL, PULL, CRASH], "CrashLoopBackOff", "Error"),
        ([CRASH, OOM], "CrashLoopBackOff", "OOMKilled"),
        ([STARTING], "ReadinessProbeFailing", "StartupProbe"),
        ([STARTING, PROBE], "ReadinessProbeFailing", None),
        ([READY, PROBE], "EndpointsLagging", None),
    ],
)
def test_the_pod_closest_to_serving_decides(
    pods: list[Pod], reason: str, detail: str | None
) -> None:
    """The smallest reason present is the Service's, in whatever order the Pods come."""
    for order in itertools.permutations(pods):
        found = diagnose(SERVICE, see(*order), ())
        assert (found.reason, found.detail) == (reason, detail)


def test_pods_are_counted_by_their_own_reason() -> None:
    """Nothing is hidden by the one that decides; old and finished Pods are selected but no more."""
    found = diagnose(SERVICE, see(PULL, CRASH, OOM, TERMINATING, SUCCEEDED), ())
    assert found.pods == PodsReport(selected=5, unready=(("CrashLoopBackOff", 2), ("ImagePull", 1)))


def test_a_healthy_service_reports_its_unready_pods_too() -> None:
    """A ready Pod among the ready addresses is well, the other is counted."""
    report = summarise(SERVICE, see(READY, PULL), {"10.0.0.1"})
    assert report == PodsReport(selected=2, unready=(("ImagePull", 1),))
    assert summarise(SERVICE, see(READY), {"10.0.0.1"}) == PodsReport(selected=1, unready=())


@pytest.mark.parametrize(
    "changes,spec,nodes,reason",
    [
        ({}, {}, None, "EndpointsLagging"),
        ({}, {}, NODES, "EndpointsLagging"),
        ({}, {}, {}, "NodeMissing"),
        ({}, {"publishNotReadyAddresses": True}, {}, "EndpointsLagging"),
        ({"spec": {"nodeName": None}}, {}, {}, "EndpointsLagging"),
        ({}, {"ipFamilies": ["IPv6"]}, None, "FamilyMismatch"),
        ({}, {"ipFamilies": ["IPv6"]}, {}, "NodeMissing"),
        ({}, {"ipFamilies": None, "clusterIPs": ["fd00::1"]}, None, "FamilyMismatch"),
        ({}, {"ipFamilies": None, "clusterIPs": ["None"]}, None, "EndpointsLagging"),
        (
            {"status": {"podIPs": [{"ip": "fd00::1"}, {"ip": "10.0.0.1"}]}},
            {},
            None,
            "EndpointsLagging",
        ),
        ({"status": {"podIPs": None, "podIP": None}}, {}, None, "PodsNotReady"),
    ],
)
def test_a_ready_pod_that_is_no_ready_entry(
    changes: dict[str, Any],
    spec: dict[str, Any],
    nodes: dict[str, Node] | None,
    reason: str,
) -> None:
    """Rules 15 to 17: the endpoints are behind, the Node is gone, or no address fits."""
    found = diagnose(make_service(**spec), see(make_pod(**changes), nodes=nodes), ())
    assert found.reason == reason
    assert found.pods.unready == ((reason, 1),)


def test_a_pod_is_published_by_any_of_its_addresses() -> None:
    """A dual-stack Pod whose second address is ready takes traffic."""
    pod = make_pod(status={"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]})
    assert summarise(SERVICE, see(pod), {"fd00::1"}).unready == ()


def test_an_unready_pod_behind_a_published_address_is_still_unready() -> None:
    """With publishNotReadyAddresses the address is ready; the Pod's own state is what counts."""
    service = make_service(publishNotReadyAddresses=True)
    assert summarise(service, see(PROBE), {"10.0.0.1"}).unready == (("ReadinessProbeFailing", 1),)


def test_an_empty_address_publishes_nobody() -> None:
    """A slice with an empty address does not make a Pod without one serve."""
    pod = make_pod(status={"podIPs": None, "podIP": None})
    assert summarise(SERVICE, see(pod), {""}).unready == (("PodsNotReady", 1),)


def test_ready_and_published_pods_that_no_port_reaches_are_endpoints_that_lag() -> None:
    """There is a reason even where objects contradict each other, and it blames no Pod."""
    found = diagnose(SERVICE, see(READY), {"10.0.0.1"})
    assert (found.reason, found.pods.unready) == ("EndpointsLagging", ())


def test_a_pod_that_can_not_be_decoded_is_selected_and_not_ready() -> None:
    """It never looks as if the selector matched nothing."""
    pod = pod_from_metadata({**pod_json(), "status": {"phase": 5}})
    assert pod is not None
    found = diagnose(SERVICE, see(pod), ())
    assert (found.reason, found.pods.selected) == ("PodsNotReady", 1)


# ── whatever a Pod says ──────────────────────────────────────────────────────────────────────

DECIDED_BY_PODS = {reason for reason in Reason if reason not in list(Reason)[:10]}
NO_PODS = {Reason.SELECTOR_MATCHES_NO_PODS, Reason.PODS_NOT_CREATED}


@given(st.lists(odd_pods, min_size=1, max_size=4))
def test_whatever_pods_say_there_is_a_reason(loose: list[dict[str, Any]]) -> None:
    """Any Pods, decodable or not: one of the reasons, counts that add up, and no exception."""
    found = read_odd_pods(loose)
    verdict = diagnose(SERVICE, see(*found), ())
    assert verdict.reason in DECIDED_BY_PODS - NO_PODS
    assert verdict.pods.selected == len(found)
    # With no ready address at all, every candidate is without traffic and is counted.
    assert sum(count for _, count in verdict.pods.unready) == sum(p.candidate for p in found)
    assert diagnose(SERVICE, see(*found[::-1]), ()) == verdict


@pytest.mark.parametrize("value", ["2999-01-01T00:00:00Z", "never", ""])
def test_times_that_make_no_sense_change_no_reason(value: str) -> None:
    """A transition in the future or without a time is judged like any other."""
    odd = [{**condition("Ready", "True"), "lastTransitionTime": value}]
    pod = make_pod(status={"conditions": odd})
    assert diagnose(SERVICE, see(pod), ()).reason == "EndpointsLagging"
