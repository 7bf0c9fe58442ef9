"""Each finding: when it holds, with which weight, and a neighbour for which it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from exporter.model import Finding, FindingCode, Forget, ServiceReport, Source, Standing
from exporter.objects.slices import CONTROLLER, MIRRORING_CONTROLLER
from tests.unit.apiserver import (
    KEY,
    NOW,
    Json,
    endpoint,
    endpoints_of,
    headless,
    node,
    pod,
    replace,
    report_of,
    service,
    slice_of,
    state_of,
)

TWO = [endpoint(".1", nodeName="n1"), endpoint(".2", nodeName="n2")]
OWN: Json = {"selector": None}
SIX = slice_of(name="s-6", addressType="IPv6")
PORTS = [{"name": "http", "port": 80}, {"name": "web", "port": 81}]
BALANCER: Json = {"type": "LoadBalancer"}
LOCAL: Json = {"type": "NodePort", "externalTrafficPolicy": "Local"}
INTERNAL: Json = {"internalTrafficPolicy": "Local"}
BAD = {"annotations": {"endpoints-exporter.io/min-ready": "three"}}
THREE = {"annotations": {"endpoints-exporter.io/min-ready": "3"}}
ONE = {"annotations": {"endpoints-exporter.io/min-ready": "1"}}
IGNORED = {"annotations": {"endpoints-exporter.io/ignore": "true"}}


def at(seconds: float) -> str:
    """The time so many seconds after NOW."""
    return datetime.fromtimestamp(NOW + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ready(number: int, **spec: Any) -> Json:
    """The Pod behind the endpoint of this number."""
    found = pod(f"pod-10.0.0.{number}", f"10.0.0.{number}")
    found["spec"] |= spec
    return found


def unready(number: int, since: float = -3600) -> Json:
    """A Pod that is not ready."""
    found = ready(number)
    found["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "lastTransitionTime": at(since)}
    ]
    return found


def leaving(number: int, ago: float) -> Json:
    """A Pod whose grace period ended so many seconds ago."""
    found = ready(number)
    found["metadata"]["deletionTimestamp"] = at(-ago)
    return found


def workload(replicas: int, existing: int, since: float | None = None) -> Json:
    """The Deployment behind d/s."""
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "exceeded quota",
        "lastTransitionTime": at(since or 0),
    }
    return {
        "kind": "Deployment",
        "metadata": {"namespace": "d", "name": "web", "uid": "w", "resourceVersion": "1"},
        "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "s"}}}},
        "status": {"replicas": existing, "conditions": [condition] if since is not None else []},
    }


def zoned(name: str, zone: str) -> Json:
    """A Node in a zone."""
    found = node(name)
    found["metadata"]["labels"] = {"topology.kubernetes.io/zone": zone}
    return found


def told(report: ServiceReport) -> dict[str, str]:
    """The findings by code, with their weight."""
    return {str(one.code): str(one.weight) for one in report.judgement.findings}


def mirrored(**metadata: Any) -> Json:
    """A slice that mirrors an Endpoints object."""
    return slice_of(*TWO, managed_by=MIRRORING_CONTROLLER, metadata=metadata)


OVER = {"endpoints.kubernetes.io/over-capacity": "truncated"}


@pytest.mark.parametrize(
    "objects,read,expected",
    [
        # nothing is remarkable
        ((service(), slice_of(*TWO)), (), {}),
        ((service(), slice_of(*TWO), ready(1), ready(2), node("n1"), node("n2")), (), {}),
        ((headless(), slice_of(*TWO)), (), {}),
        # too few, dead ports and families
        (
            (service(metadata=THREE), slice_of(*TWO)),
            (),
            {"BelowMinReady": "warning"},
        ),
        ((service(ports=PORTS), slice_of(*TWO)), (), {"PortWithoutEndpoints": "warning"}),
        ((headless(ports=PORTS), slice_of(*TWO)), (), {}),
        (
            (service(ipFamilies=["IPv4", "IPv6"]), slice_of(*TWO), SIX),
            (),
            {"FamilyWithoutEndpoints": "warning"},
        ),
        ((service(ipFamilies=["IPv4", "IPv6"], **OWN), slice_of(*TWO, managed_by="me")), (), {}),
        # unready candidates
        (
            (
                service(),
                slice_of(*TWO, *[endpoint(f".{n}", "FFF") for n in (3, 4, 5)]),
                *[ready(n) for n in (1, 2)],
                *[unready(n) for n in (3, 4, 5)],
            ),
            (),
            {"HalfUnready": "warning"},
        ),
        (
            (service(metadata=ONE), slice_of(*TWO, *[endpoint(f".{n}", "FFF") for n in (3, 4, 5)])),
            (),
            {"HalfUnready": "note"},
        ),
        (
            (service(), slice_of(*TWO, endpoint(".3", "FFF")), ready(1), ready(2), unready(3)),
            (),
            {"SomeUnready": "note"},
        ),
        ((service(), slice_of(*TWO, endpoint(".3", "FFF"))), (), {"SomeUnready": "note"}),
        ((service(), slice_of(*TWO, endpoint(".3", "FTT"))), (), {}),
        # load balancers
        ((service(**BALANCER), slice_of(*TWO)), (), {"LoadBalancerPending": "warning"}),
        (
            (service(metadata={"creationTimestamp": at(-5)}, **BALANCER), slice_of(*TWO)),
            (),
            {},
        ),
        # traffic policies: every Node that could take some, or some of them
        (
            (service(**LOCAL), slice_of(*TWO), node("n1"), node("n2"), node("n3")),
            (),
            {"LocalPolicyGap": "note"},
        ),
        (
            (service(**INTERNAL), slice_of(*TWO), node("n3"), node("n1", cordoned=True)),
            (),
            {"LocalPolicyGap": "warning"},
        ),
        ((service(**LOCAL), slice_of(*TWO), node("n1"), node("n2")), (), {}),
        ((service(externalTrafficPolicy="Local"), slice_of(*TWO), node("n3")), (), {}),
        ((service(**LOCAL), slice_of(*TWO)), (), {}),
        # Pods that don't go: five minutes past the end of their grace period
        (
            (service(), slice_of(*TWO), ready(1), ready(2), leaving(9, 301)),
            (),
            {"TerminatingStuck": "warning"},
        ),
        ((service(), slice_of(*TWO), ready(1), ready(2), leaving(9, 299)), (), {}),
        ((service(), slice_of(*TWO), ready(1), ready(2), leaving(9, -30)), (), {}),
        # Pods that are not made
        (
            (service(), slice_of(*TWO), ready(1), ready(2), workload(3, 2, since=-61)),
            (),
            {"ReplicasMissing": "warning"},
        ),
        ((service(), slice_of(*TWO), ready(1), ready(2), workload(3, 2, since=-59)), (), {}),
        ((service(), slice_of(*TWO), ready(1), ready(2), workload(3, 2)), (), {}),
        ((service(), slice_of(*TWO), ready(1), ready(2), workload(2, 2, since=-99)), (), {}),
        # slices that nobody keeps up, or that are cut
        ((service(), mirrored()), (), {"LeftoverSlices": "warning"}),
        ((service(**OWN), slice_of(*TWO)), (), {"LeftoverSlices": "warning"}),
        ((service(**OWN), mirrored()), (), {}),
        ((service(**OWN), slice_of(*TWO, managed_by="me")), (), {}),
        (
            (service(type="ExternalName"), slice_of(*TWO)),
            (),
            {"LeftoverSlices": "warning"},
        ),
        ((service(**OWN), mirrored(annotations=OVER)), (), {"Truncated": "warning"}),
        ((service(), slice_of(*TWO, metadata={"annotations": OVER})), (), {}),
        # readiness that is masked, hints, places
        (
            (service(publishNotReadyAddresses=True), slice_of(*TWO, endpoint(".3", "TFF"))),
            (),
            {"MaskedReadiness": "note"},
        ),
        (
            (service(), slice_of(TWO[0], {**TWO[1], "hints": {"forZones": [{"name": "a"}]}})),
            (),
            {"HintsIgnored": "note"},
        ),
        (
            (
                service(),
                slice_of(*[{**one, "hints": {"forZones": [{"name": "a"}]}} for one in TWO]),
                zoned("n1", "a"),
                zoned("n2", "b"),
            ),
            (),
            {"ZoneWithoutHint": "note"},
        ),
        ((service(), slice_of(endpoint(".1"))), (), {"SinglePoint": "note"}),
        (
            (service(), slice_of(*[{**one, "nodeName": "n1"} for one in TWO])),
            (),
            {"SinglePoint": "note"},
        ),
        ((service(), slice_of(*[{**o, "nodeName": "n1"} for o in TWO]), node("n1")), (), {}),
        (
            (
                service(),
                slice_of(*[{**one, "zone": "a"} for one in TWO]),
                zoned("n1", "a"),
                zoned("n2", "a"),
                zoned("n3", "b"),
            ),
            (),
            {"SinglePoint": "note"},
        ),
        # what does not fit
        (
            (
                service(),
                slice_of(*TWO),
                slice_of(
                    {**TWO[0], "targetRef": {"kind": "Pod", "name": "other"}}, name="s-2"
                ),
            ),
            (),
            {"SharedAddress": "note"},
        ),
        (
            (
                service(),
                slice_of({key: TWO[0][key] for key in TWO[0] if key != "targetRef"}),
                slice_of(*TWO, name="s-2"),
                slice_of(
                    {**TWO[0], "targetRef": {"kind": "Pod", "name": "other"}}, name="s-3"
                ),
            ),
            (),
            {"SharedAddress": "note"},
        ),
        ((service(), slice_of(*TWO), slice_of(TWO[0], name="s-2")), (), {}),
        (
            (
                service(),
                slice_of(*TWO),
                ready(1, containers=[{"name": "app", "ports": [{"containerPort": 9}]}]),
                ready(2),
            ),
            (),
            {"TargetPortUndeclared": "note"},
        ),
        ((service(metadata=BAD), slice_of(*TWO)), (), {"BadAnnotation": "note"}),
        # what the owner has told us to ignore has none, but of its annotations
        ((service(metadata=IGNORED, **BALANCER), slice_of(endpoint(".1"))), (), {}),
        # addresses that can't be read: what needs none of them
        ((service(metadata=BAD, **BALANCER),), None, {
            "LoadBalancerPending": "warning",
            "BadAnnotation": "note",
        }),
    ],
)  # fmt: skip
def test_a_finding_holds_when_its_row_says_so(
    objects: tuple[Json, ...], read: tuple[str, ...] | None, expected: dict[str, str]
) -> None:
    """A warning makes the Service degraded, a note leaves it as it stands."""
    state = state_of(*objects, read=read or ())
    if read is None:
        state.deliver(replace("endpointslices"))
        state.deliver(Forget("endpointslices", ""))
        state.settle(NOW)
    report = state.reports[KEY]
    assert told(report) == expected
    if report.known and report.reason is None and not report.ignored:
        warned = "warning" in expected.values()
        assert report.judgement.standing is (Standing.DEGRADED if warned else Standing.READY)


def test_the_legacy_source_tells_when_it_is_cut() -> None:
    """An Endpoints object says so itself."""
    addresses = [{"ip": f"10.0.0.{number}"} for number in (1, 2)]
    found = endpoints_of(
        {"addresses": addresses, "ports": [{"name": "http", "port": 8080}]}, annotations=OVER
    )
    state = state_of(service(), found, source=Source.ENDPOINTS)
    assert told(state.reports[KEY]) == {"Truncated": "warning"}


def test_withdrawn_endpoints_are_an_outage() -> None:
    """A Service without a selector that had some is down without; one that never had is not."""
    state = state_of(service(**OWN), slice_of(*TWO, managed_by="me"))
    never = state_of(service(**OWN))
    assert state.reports[KEY].judgement.standing is Standing.READY
    state.deliver(replace("endpointslices"))
    state.settle(NOW + 100)
    judgement = state.reports[KEY].judgement
    assert judgement.standing is Standing.DOWN
    found = judgement.find(FindingCode.ENDPOINTS_WITHDRAWN)
    assert found is not None
    assert (found.weight, found.count) == ("warning", 2)
    assert never.reports[KEY].judgement.standing is Standing.INTENDED


def test_stale_and_late_endpoints_are_told_when_they_are_old_enough() -> None:
    """By the one threshold; a Pod that is gone has no time of it: it begins when it is missed."""
    gone = (service(), slice_of(*TWO), ready(1))
    state = state_of(*gone, lag_threshold=30.0)
    assert told(state.reports[KEY]) == {}
    state.touch(state.growing(NOW + 30))
    state.settle(NOW + 30)
    assert told(state.reports[KEY]) == {"StaleEndpoints": "warning"}
    [found] = state.reports[KEY].judgement.findings
    assert found.about == (("10.0.0.2", "pod-10.0.0.2"),)

    late = (service(), slice_of(*TWO, endpoint(".3", "FFF")), ready(1), ready(2), ready(3))
    report = report_of(*late)
    assert told(report) == {"EndpointsLagging": "warning"}


def test_a_slice_that_is_newer_than_the_pod_is_believed_for_a_while() -> None:
    """The Pod's own event may still be on its way: then nobody blames the controller."""
    healthy = ready(1)
    healthy["status"]["conditions"][0]["lastTransitionTime"] = at(-5000)
    trigger = {"annotations": {"endpoints.kubernetes.io/last-change-trigger-time": at(-1)}}
    fresh = slice_of(endpoint(".1", "FFF"), metadata=trigger)
    state = state_of(service(), fresh, healthy)
    assert state.reports[KEY].reason == "EndpointsNotReady"
    state.touch(state.growing(NOW + 60))
    state.settle(NOW + 60)
    assert state.reports[KEY].reason == "EndpointsLagging"
    state.heed(pods_behind=True)
    state.settle(NOW + 61)
    assert (state.reports[KEY].reason, state.reports[KEY].lags) == ("EndpointsNotReady", ())


def test_new_is_over_when_the_grace_period_is() -> None:
    """What is down is first new, and time alone makes it down."""
    young = service(metadata={"creationTimestamp": at(-20)})
    state = state_of(young, slice_of(endpoint(".1", "FFF")))
    assert state.reports[KEY].judgement.standing is Standing.NEW
    assert set(state.growing(NOW + 39)) == set()
    state.touch(state.growing(NOW + 40))
    state.settle(NOW + 40)
    assert state.reports[KEY].judgement.standing is Standing.DOWN


def test_a_node_that_came_back_is_told() -> None:
    """The kubelet never set Ready back: told as a detail, and as soon as the Node is ready."""
    lost = unready(1)
    lost["status"]["conditions"] += [
        {"type": "ContainersReady", "status": "True"},
        {"type": "Initialized", "status": "True"},
    ]
    down = node("n1")
    down["status"]["conditions"][0]["status"] = "Unknown"
    state = state_of(service(), slice_of(endpoint(".1", "FFF")), lost, down)
    assert (state.reports[KEY].reason, state.reports[KEY].detail) == ("NodeNotReady", None)
    back = node("n1")
    back["metadata"]["resourceVersion"] = "2"
    state.deliver(replace("nodes", back))
    state.settle(NOW + 1)
    assert state.reports[KEY].detail == "NodeRecovered"


def test_a_healthy_service_makes_no_objects_for_findings() -> None:
    """All healthy Services share one judgement."""
    one = report_of(service(), slice_of(*TWO))
    other = report_of(service(), slice_of(*TWO, endpoint(".3", nodeName="n3")))
    assert one.judgement is other.judgement


def test_a_finding_tells_of_a_few_and_counts_all() -> None:
    """A thousand Pods make no finding of a thousand names."""
    many = [endpoint(f".{number}", "FFF") for number in range(3, 60)]
    report = report_of(
        service(), slice_of(*TWO, *many), ready(1), ready(2), *[unready(n) for n in range(3, 60)]
    )
    [found] = report.judgement.findings
    assert isinstance(found, Finding)
    assert (found.count, found.total, len(found.about)) == (57, 59, 20)
    assert CONTROLLER not in found.detail
