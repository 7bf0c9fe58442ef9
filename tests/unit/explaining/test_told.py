"""What each finding reads like: its sentence, what shows it and what to do, out of real objects."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.cli.explain import explain_service
from exporter.cli.gathering import Gathered
from exporter.explaining.brief import note_findings
from exporter.explaining.told import Told
from exporter.model import Finding, FindingCode, Weight
from tests.unit.apiserver import KEY, NOW, endpoint, pod, service, slice_of, state_of


def tell(finding: Finding, **spec: Any) -> tuple[Told, str]:
    """A finding on d/s told, and its note in a list."""
    first, second = pod("web-0", "10.0.0.1", app="s"), pod("web-1", "10.0.0.2", app="s")
    second["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    state = state_of(
        service(**spec), slice_of(endpoint(".1"), endpoint(".2", "FFF")), first, second
    )
    report = state.reports[KEY]
    judgement = msgspec.structs.replace(report.judgement, findings=(finding,))
    report = msgspec.structs.replace(report, judgement=judgement)
    gathered = Gathered(Stand(state, report), NOW, ())  # type: ignore[arg-type]  # as much as is asked
    found = explain_service(gathered, KEY)
    assert found is not None
    return found[1].findings[0], note_findings(report)[0].text


class Stand:
    """A state that says something else of d/s."""

    def __init__(self, state: Any, report: Any) -> None:
        self.reports = {KEY: report}
        self.view = state.view
        self.cluster = state.cluster


W, N = Weight.WARNING, Weight.NOTE


@pytest.mark.parametrize(
    "finding,note,message,evidence",
    [
        (
            Finding(FindingCode.ENDPOINTS_WITHDRAWN, W, count=3),
            "endpoints withdrawn",
            "The Service had endpoints that somebody wrote for it, and they were taken away.",
            "it had 3 endpoints, and has none now",
        ),
        (
            Finding(FindingCode.STALE_ENDPOINTS, W, (("10.0.0.9", "web-9"),), count=1),
            "1 stale address",
            (
                "1 ready address leads to a Pod that is gone or has another address: what is sent "
                "there is lost."
            ),
            "address 10.0.0.9 is listed for Pod web-9, which has another address",
        ),
        (
            Finding(FindingCode.BELOW_MIN_READY, W, count=1, total=3),
            "below min-ready 3",
            "Only 1 of at least 3 wanted endpoints is ready.",
            "the default of endpoints-exporter.io/min-ready is 3",
        ),
        (
            Finding(FindingCode.PORT_WITHOUT_ENDPOINTS, W, (("http", "8080"),), count=1, total=2),
            "port http has no ready endpoint",
            "The port http has no ready endpoint, though other ports have some.",
            "port http to targetPort 8080: no ready endpoint",
        ),
        (
            Finding(FindingCode.FAMILY_WITHOUT_ENDPOINTS, W, (("IPv6", ""),), count=1, total=2),
            "no ready IPv6 endpoint",
            "No IPv6 address is ready, though the Service wants some and others are.",
            "IPv6 is one of the Service's ipFamilies: 0 ready, 0 not ready",
        ),
        (
            Finding(
                FindingCode.HALF_UNREADY, W, (("web-1", "PodsNotReady"),), 1, 2, "PodsNotReady"
            ),
            "1 of 2 Pods not ready",
            "1 of 2 Pods is not ready: fewer serve than should.",
            (
                "Pod web-1 (not ready for 22h): on Node n1, phase Running, the kubelet has "
                "reported no container yet"
            ),
        ),
        (
            Finding(FindingCode.ENDPOINTS_LAGGING, W, (("web-0", "10.0.0.1"),), count=1),
            "slices behind 1 Pod",
            "The EndpointSlices do not say what 1 Pod says: the endpoint controller is behind.",
            "Pod web-0 is ready for 22h, its address 10.0.0.1 says otherwise",
        ),
        (
            Finding(
                FindingCode.LOCAL_POLICY_GAP,
                N,
                (("n1", ""), ("n2", "")),
                2,
                5,
                "internalTrafficPolicy,externalTrafficPolicy",
            ),
            "2 of 5 Nodes without a local endpoint",
            (
                "internalTrafficPolicy and externalTrafficPolicy are Local, and 2 of 5 schedulable "
                "Nodes have no ready endpoint of their own: traffic that gets there is dropped."
            ),
            "Nodes without a ready endpoint of their own: n1, n2",
        ),
        (
            Finding(FindingCode.BROKEN_REFERENCE, W, (("Ingress d/shop", "8080"),), count=1),
            "1 reference to a port it lacks",
            "1 object points at a port that the Service does not have.",
            "Ingress d/shop names port 8080; the Service has http 80",
        ),
        (
            Finding(
                FindingCode.REPLICAS_MISSING,
                W,
                (("Deployment web", "exceeded quota\x1b[2J"),),
                0,
                3,
                "FailedCreate",
            ),
            "0 of 3 Pods made",
            "Only 0 of 3 wanted Pods exist.",
            "Deployment web: FailedCreate: exceeded quota\\x1b[2J",
        ),
        (
            Finding(FindingCode.SINGLE_POINT, N, (("n1", ""),), 2, 0, "node"),
            "on a single Node",
            "All 2 ready endpoints are on one Node, n1: its failure is an outage.",
            "2 ready addresses on Node n1",
        ),
        (
            Finding(FindingCode.HINTS_IGNORED, N, (), 1, 4, "zone"),
            "zone hints ignored",
            "The zone hints are ignored: 1 of 4 ready endpoints has none.",
            (
                "3 of 4 ready endpoints have a zone hint: kube-proxy heeds hints only while all "
                "have one"
            ),
        ),
    ],
)
def test_a_finding_is_told_with_its_names_and_numbers(
    finding: Finding, note: str, message: str, evidence: str
) -> None:
    """The note, the sentence and the first line of evidence, in the right number, escaped."""
    told, short = tell(finding)
    assert (short, told.message, told.evidence[0]) == (note, message, evidence)
    assert (told.code, told.weight) == (finding.code, finding.weight)
    assert told.runbook == f"reasons.md#{finding.code.lower()}"


def test_long_lists_are_cut_and_counted() -> None:
    """Five lines of evidence, and how many more there are of those that have no name."""
    about = tuple((f"10.0.1.{n:03}", f"web-{n}") for n in range(20))
    told, _ = tell(Finding(FindingCode.STALE_ENDPOINTS, W, about, count=1000))
    assert len(told.evidence) == 6
    assert told.evidence[-1] == "995 more"


def test_commands_speak_of_what_the_finding_is_about() -> None:
    """The Pod that is not ready, the workload whose Pods can't be made, the leftover slice."""
    unready = Finding(FindingCode.SOME_UNREADY, N, (("web-1", "ImagePull"),), 1, 2, "ImagePull")
    assert "kubectl describe pod -n d web-1" in tell(unready)[0].commands
    missing = Finding(FindingCode.REPLICAS_MISSING, W, (("Deployment web", ""),), 0, 3)
    assert tell(missing)[0].commands[0] == "kubectl describe -n d deployment/web"
    leftover = Finding(FindingCode.LEFTOVER_SLICES, W, (("s; rm -rf /", "me"),), count=1)
    assert tell(leftover)[0].commands[1] == "kubectl delete endpointslice -n d 's; rm -rf /'"


def test_the_alert_that_watches_it_is_named_or_none() -> None:
    """By weight where that decides: a gap on some Nodes wakes nobody."""
    policies = "internalTrafficPolicy"
    gap = Finding(FindingCode.LOCAL_POLICY_GAP, N, (("n1", ""),), 1, 2, policies)
    assert tell(gap)[0].alert is None
    everywhere = msgspec.structs.replace(gap, weight=W, count=2)
    assert tell(everywhere)[0].alert == "KubeServiceTrafficPolicyBlackHole"
