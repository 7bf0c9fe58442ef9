from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.near_misses import NearMiss
from exporter.explaining.advice import ADVICE, DETAILS
from exporter.explaining.explain import explain, render_text
from exporter.history import Clock
from exporter.judging import assess
from exporter.model import PodsView, Reason, ServiceView, Source, WorkloadGroup, WorkloadsView
from exporter.objects.codec import decode_object
from exporter.objects.dependents import Dependent
from exporter.objects.pods import Pod
from exporter.objects.resources import SLICES
from exporter.objects.slices import EndpointSlice
from exporter.objects.workloads import Workload
from tests.unit.kubelet import (
    SINCE_SECONDS,
    container,
    make_pod,
    make_service,
    read_pod,
    status,
    terminated,
    unready_json,
    waiting,
)
from tests.unit.odd_pods import odd_pods, read_odd_pods

NOW = SINCE_SECONDS + 1200


def make_slice(*states: bool, ports: bool = True) -> EndpointSlice:
    """A slice of d/s with an endpoint for each state, ready or not."""
    loose = {
        "metadata": {
            "name": "s-abc",
            "namespace": "d",
            "labels": {
                "kubernetes.io/service-name": "s",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}] if ports else None,
        "endpoints": [
            {"addresses": [f"10.0.0.{n}"], "conditions": {"ready": state, "serving": state}}
            for n, state in enumerate(states, start=1)
        ],
    }
    found = decode_object(SLICES, msgspec.json.encode(loose))
    assert isinstance(found, EndpointSlice)
    return found


def _group(workloads: tuple[Workload, ...]) -> WorkloadsView:
    """Workloads that stand for themselves."""
    groups = tuple(WorkloadGroup(one.uid, one.kind, one.name, (one,)) for one in workloads)
    return WorkloadsView(workloads, groups)


def see(
    *slices: EndpointSlice,
    pods: list[Pod] | None = None,
    workloads: tuple[Workload, ...] = (),
    dependents: tuple[Dependent, ...] | None = None,
    known: bool = True,
    broken: int = 0,
    metadata: dict[str, Any] | None = None,
    **spec: Any,
) -> ServiceView:
    """What is known of Service d/s."""
    service = make_service(**spec)
    if metadata:
        service = msgspec.structs.replace(service, **metadata)
    return ServiceView(
        service=service,
        source=Source.ENDPOINTSLICES,
        slices=slices if known else None,
        broken=broken,
        pods=None if pods is None else PodsView(tuple(pods), None, _group(workloads)),
        nodes=None,
        dependents=dependents,
    )


def tell(view: ServiceView, **more: Any) -> Any:
    """The explanation of what is known, with the time that objects tell."""
    report = assess(None, view, Clock(NOW, NOW))[1]
    return explain(view, report, now=NOW, **more)


CRASHING = read_pod(
    unready_json(
        statuses=[
            status(waiting("CrashLoopBackOff"), restarts=37, last=terminated("OOMKilled", 137))
        ]
    )
)


def test_the_answer_has_nine_keys_in_order() -> None:
    """Programs read these keys and no others."""
    answer = tell(see(make_slice(False), pods=[CRASHING])).answer()
    assert list(answer) == [
        "namespace",
        "service",
        "reason",
        "message",
        "detail",
        "fix",
        "ready",
        "not_ready",
        "evidence",
    ]
    assert (answer["namespace"], answer["service"]) == ("d", "s")
    assert (answer["reason"], answer["detail"]) == ("CrashLoopBackOff", "OOMKilled")
    assert (answer["ready"], answer["not_ready"]) == (0, 1)


def test_the_text_reads_like_a_good_colleague() -> None:
    """Verdict, since when, evidence, what to do, and commands to copy."""
    written = msgspec.structs.replace(make_slice(False), changed=SINCE_SECONDS)
    text = render_text(tell(see(written, pods=[CRASHING])))
    assert text == (
        "d/s: CrashLoopBackOff (OOMKilled)\n"
        "A container ends again and again and is restarted with growing pauses. It was killed for\n"
        "using more memory than its limit.\n"
        "Since 2026-11-22 09:41:00 UTC (20m).\n"
        "\n"
        "What is there\n"
        "  - IPv4 addresses: 0 ready, 1 not ready\n"
        "  - EndpointSlice s-abc: IPv4, 1 endpoint, 0 ready, ports http 8080/TCP\n"
        "  - port http 80/TCP to 8080: 0 ready endpoints\n"
        "  - the selector app=s matches 1 Pod: 1 CrashLoopBackOff\n"
        "  - Pod s-1 (not ready for 20m): container app: CrashLoopBackOff, ended before with\n"
        "    OOMKilled (exit code 137), restarted at least 20 times\n"
        "\n"
        "What to do\n"
        "  Read what it said before it ended; after OOMKilled raise its memory limit or lower its\n"
        "  use.\n"
        "    $ kubectl logs -n d s-1 -c app --previous\n"
        "    $ kubectl describe pod -n d s-1\n"
    )


def test_a_healthy_service_says_so() -> None:
    """No reason, nothing to do, and healthy."""
    told = tell(see(make_slice(True, True), pods=[make_pod()]))
    assert (told.reason, told.detail, told.healthy) == (None, None, True)
    assert told.message == "The Service has 2 ready addresses."
    assert told.fix == "Nothing to do."
    assert render_text(told).startswith("d/s: ready\n")


def test_fewer_than_wanted_is_not_healthy() -> None:
    """min-ready is what the owner wants; the reason stays empty, for traffic does flow."""
    annotations = {"endpoints-exporter.io/min-ready": "3", "endpoints-exporter.io/owner": "shop"}
    view = see(make_slice(True, False), pods=[], metadata={"annotations": annotations})
    told = tell(view)
    assert (told.reason, told.healthy, told.owner) == (None, False, "shop")
    assert told.message == "Only 1 of at least 3 wanted endpoints is ready."


@pytest.mark.parametrize(
    "view,evidence",
    [
        (see(known=False), "EndpointSlices can't be read"),
        (
            see(make_slice(True), broken=1),
            "1 EndpointSlice of it can't be decoded: no number can be trusted",
        ),
    ],
)
def test_what_can_not_be_known_is_not_called_healthy(view: ServiceView, evidence: str) -> None:
    """Neither a reason nor numbers are made up."""
    told = tell(view)
    assert (told.reason, told.ready, told.not_ready, told.healthy) == (None, None, None, False)
    assert told.evidence[0] == evidence
    assert render_text(told).startswith("d/s: unknown\n")


def test_an_external_name_is_explained_by_the_host_it_names() -> None:
    """The reason ExternalName exists here, and is no fault."""
    told = tell(see(type="ExternalName", externalName="db.example.com"))
    assert (told.reason, told.ready, told.not_ready) == ("ExternalName", 0, 0)
    assert told.evidence == ("it is an alias of db.example.com",)


def test_without_pods_it_says_that_they_can_not_be_read() -> None:
    """The reason is coarse, and the explanation tells why and what to grant."""
    told = tell(see(make_slice(False)))
    assert told.reason == "EndpointsNotReady"
    assert "Pods can't be read: the reason is what can be told without them" in told.evidence
    assert "kubectl auth can-i list pods --all-namespaces" in told.commands


@pytest.mark.parametrize(
    "miss,detail,evidence",
    [
        (
            NearMiss("d", 2, "web-0", "tier", "backent", "backend"),
            "NearMiss",
            (
                "near miss: 2 Pods in namespace d (such as web-0): the selector wants "
                "tier=backent, found tier=backend"
            ),
        ),
        (
            NearMiss("d", 1, "web-0", "app", "web", None, "name"),
            "NearMiss",
            (
                "near miss: 1 Pod in namespace d (such as web-0): the selector wants app=web, "
                "found name=web"
            ),
        ),
        (
            NearMiss("d", 1, "web-0", "app", "web"),
            "NearMiss",
            (
                "near miss: 1 Pod in namespace d (such as web-0): the selector wants app=web, "
                "the Pods have no label app"
            ),
        ),
        (
            NearMiss("e", 1, "web-0"),
            "OtherNamespace",
            (
                "near miss: 1 Pod in namespace e (such as web-0) would match, but a Service "
                "selects in its own namespace alone"
            ),
        ),
    ],
)
def test_near_misses_are_told(miss: NearMiss, detail: str, evidence: str) -> None:
    """Which Pods, which key, what is wanted and what is there."""
    told = tell(see(make_slice(), pods=[]), near_misses=[miss])
    assert (told.reason, told.detail) == ("SelectorMatchesNoPods", detail)
    assert evidence in told.evidence


def test_a_workload_at_zero_is_named_and_can_be_scaled() -> None:
    """The workload and the command to scale it are there."""
    workload = Workload("StatefulSet", "d", "db", "u", "1", 0, 0, {"app": "s"})
    told = tell(see(make_slice(), pods=[], workloads=(workload,)))
    assert told.reason == "ScaledToZero"
    assert "StatefulSet db makes Pods with these labels and wants 0 Pods" in told.evidence
    assert told.commands == ("kubectl scale -n d statefulset/db --replicas=1",)


def test_dependents_misfits_and_bad_annotations_are_told() -> None:
    """What else is worth knowing comes with the rest."""
    probe = {"httpGet": {"path": "/z", "port": 8081}}
    pod = read_pod(
        unready_json(container(readinessProbe=probe), statuses=[status({"running": {}})])
    )
    view = see(
        make_slice(False),
        pods=[pod],
        dependents=(Dependent("Ingress", "d", "shop", "1", (("d", "s"),)),),
        metadata={"annotations": {"endpoints-exporter.io/min-ready": "three"}},
    )
    evidence = tell(view).evidence
    assert "1 depends on it: Ingress d/shop" in evidence
    assert (
        "the readiness probe of container app (GET /z on port 8081) asks a port that the Service "
        "does not send to"
    ) in evidence
    assert any("min-ready" in line for line in evidence)


def test_a_ready_pod_behind_lagging_endpoints_is_told_with_its_time() -> None:
    """How long the Pod has been ready tells whether the lag is one."""
    told = tell(see(make_slice(), pods=[make_pod()]))
    assert told.reason == "EndpointsLagging"
    assert "Pod s-1 (ready for 20m): ready, but 10.0.0.1 is no ready endpoint" in told.evidence


def test_nothing_out_of_the_cluster_moves_the_terminal() -> None:
    """Names, messages and annotations with control characters are shown escaped."""
    evil = "x\x1b]0;owned\x07\u202e; rm -rf /\n"
    pod = read_pod(
        unready_json(
            name=evil,
            statuses=[status(waiting("ErrImagePull", evil), name=evil)],
        )
    )
    view = see(
        make_slice(False),
        pods=[pod],
        metadata={
            "name": evil,
            "selector": {"app": evil},
            "annotations": {
                "endpoints-exporter.io/owner": evil,
                "endpoints-exporter.io/severity": evil,
            },
        },
        type="ClusterIP",
    )
    told = tell(view)
    for line in render_text(told).split("\n"):
        assert line.isprintable()
    for command in told.commands:
        assert "; rm -rf /" not in command.replace(
            "'x\\x1b]0;owned\\x07\\u202e; rm -rf /\\x0a'", ""
        )


def test_colour_is_only_where_asked_for() -> None:
    """With colour the verdict is red, without there is no escape at all."""
    told = tell(see(make_slice(False), pods=[CRASHING]))
    assert "\x1b[31mCrashLoopBackOff" in render_text(told, colour=True)
    assert "\x1b" not in render_text(told)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_message_a_fix_and_commands(reason: Reason) -> None:
    """Nobody is left with a bare word; placeholders are those that can be filled."""
    advice = ADVICE[reason]
    names = {
        name: name
        for name in ("namespace", "service", "selector", "pod", "container", "node", "workload")
    }
    assert advice.message.format(**names)
    assert advice.fix.format(**names)
    assert all(command.format(**names).startswith("kubectl ") for command in advice.commands)
    assert advice.commands


def test_details_belong_to_reasons_that_have_them() -> None:
    """Every sentence about a detail is for an existing reason and ends like a sentence."""
    assert all(reason in ADVICE and text.endswith(".") for (reason, _), text in DETAILS.items())


@given(st.lists(odd_pods, max_size=3), st.booleans())
def test_whatever_pods_say_they_can_be_explained(loose: list[dict[str, Any]], ready: bool) -> None:
    """Any Pods, with and without ready endpoints: printable text with a verdict and a fix."""
    told = tell(see(make_slice(ready), pods=read_odd_pods(loose)))
    assert (told.reason is None) is ready
    assert told.fix
    text = render_text(told)
    assert all(line.isprintable() for line in text.split("\n"))
