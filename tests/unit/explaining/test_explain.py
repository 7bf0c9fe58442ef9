from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.analysis.near_misses import NearMiss
from exporter.engine.state import Choices, State
from exporter.explaining.advice import ADVICE, DETAILS
from exporter.explaining.explain import explain, render_text
from exporter.model import Reason, Replace, ServiceKey
from exporter.objects.codec import decode_object
from exporter.objects.meta import Rejected
from exporter.objects.pods import Pod
from exporter.objects.resources import RESOURCES, SLICES
from exporter.objects.slices import EndpointSlice
from tests.unit.kubelet import (
    SINCE_SECONDS,
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
            "annotations": {
                "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-22T09:41:00Z"
            },
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


BROKEN = Rejected("endpointslices", "d", "s-broken", "s", "it is nonsense")


def tell(
    *slices: EndpointSlice | Rejected,
    pods: list[Pod] | None = None,
    others: tuple[dict[str, Any], ...] = (),
    known: bool = True,
    near_misses: Sequence[NearMiss] = (),
    metadata: dict[str, Any] | None = None,
    **spec: Any,
) -> Any:
    """The explanation of Service d/s at NOW, as a state that holds these objects would give it.

    `pods` None: they can't be read. `others`: further objects, as they are written.
    """
    state = State(Choices())
    service = msgspec.structs.replace(make_service(**spec), **metadata or {})
    state.deliver(Replace("services", "", (service,)))
    if known:
        state.deliver(Replace("endpointslices", "", slices))
    if pods is not None:
        state.deliver(Replace("pods", "", tuple(pods)))
    for found in others:
        resource = next(one for one in RESOURCES.values() if one.kind == found["kind"])
        state.deliver(
            Replace(resource.name, "", (decode_object(resource, msgspec.json.encode(found)),))
        )
    state.settle(NOW)
    key = ServiceKey(service.namespace, service.name)
    view = state.view(key)
    assert view is not None
    return explain(view, state.reports[key], now=NOW, near_misses=near_misses)


WRITTEN = msgspec.structs.replace(make_slice(False), changed=SINCE_SECONDS)

CRASHING = read_pod(
    unready_json(
        statuses=[
            status(waiting("CrashLoopBackOff"), restarts=37, last=terminated("OOMKilled", 137))
        ]
    )
)


def test_the_answer_has_its_keys_in_order() -> None:
    """Programs read these keys and no others."""
    answer = tell(WRITTEN, pods=[CRASHING]).answer()
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
        "standing",
        "since",
        "findings",
        "commands",
    ]
    assert (answer["standing"], answer["since"]) == ("down", "2026-11-22T09:41:00Z")
    assert (answer["namespace"], answer["service"]) == ("d", "s")
    assert (answer["reason"], answer["detail"]) == ("CrashLoopBackOff", "OOMKilled")
    assert (answer["ready"], answer["not_ready"]) == (0, 1)


def test_the_text_reads_like_a_good_colleague() -> None:
    """Verdict, since when, evidence, what to do, and commands to copy."""
    text = render_text(tell(WRITTEN, pods=[CRASHING]))
    assert text == (
        "d/s: down, CrashLoopBackOff (OOMKilled)\n"
        "A container ends again and again and is restarted with growing pauses. It was killed for\n"
        "using more memory than its limit.\n"
        "At least since 2026-11-22 09:41:00 UTC (20m).\n"
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
    """No reason, no finding, nothing to do."""
    told = tell(make_slice(True, True))
    assert (told.reason, told.detail, told.fine) == (None, None, True)
    assert told.message == "The Service has 2 ready addresses."
    assert told.fix == "Nothing to do."
    assert render_text(told).startswith("d/s: ready\n")


def test_fewer_than_wanted_is_not_healthy() -> None:
    """min-ready is what the owner wants; the reason stays empty, for traffic does flow."""
    annotations = {"endpoints-exporter.io/min-ready": "3", "endpoints-exporter.io/owner": "shop"}
    told = tell(make_slice(True, False), metadata={"annotations": annotations})
    assert (told.reason, told.standing, told.owner) == (None, "degraded", "shop")
    assert told.findings[0].code == "BelowMinReady"
    assert told.message == "Only 1 of at least 3 wanted endpoints is ready."


@pytest.mark.parametrize(
    "slices,known,evidence",
    [
        ((), False, "EndpointSlices can't be read"),
        (
            (make_slice(True), BROKEN),
            True,
            "1 EndpointSlice of it can't be decoded: no number can be trusted",
        ),
    ],
)
def test_what_can_not_be_known_is_not_called_healthy(
    slices: tuple[Any, ...], known: bool, evidence: str
) -> None:
    """Neither a reason nor numbers are made up, and no Pod is said to be missing from slices."""
    told = tell(*slices, known=known, pods=[make_pod()])
    assert (told.reason, told.ready, told.not_ready) == (None, None, None)
    assert told.standing == "unknown"
    assert told.evidence == (evidence, "the selector app=s matches 1 Pod: 1 ready")
    assert render_text(told).startswith("d/s: unknown\n")


def test_an_external_name_is_explained_by_the_host_it_names() -> None:
    """The reason ExternalName exists here, and is no fault."""
    told = tell(type="ExternalName", externalName="db.example.com")
    assert (told.reason, told.ready, told.not_ready) == ("ExternalName", 0, 0)
    assert told.evidence == ("it is an alias of db.example.com",)


def test_without_pods_it_says_that_they_can_not_be_read() -> None:
    """The reason is coarse, and the explanation tells why and what to grant."""
    told = tell(make_slice(False))
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
    told = tell(make_slice(), pods=[], near_misses=[miss])
    assert (told.reason, told.detail) == ("SelectorMatchesNoPods", detail)
    assert evidence in told.evidence


def workload(kind: str, name: str, replicas: int, **metadata: Any) -> dict[str, Any]:
    """A workload whose Pods d/s selects."""
    return {
        "kind": kind,
        "metadata": {"namespace": "d", "name": name, "uid": f"uid-{kind}-{name}", **metadata},
        "spec": {"replicas": replicas, "template": {"metadata": {"labels": {"app": "s"}}}},
    }


def test_a_workload_at_zero_is_named_and_can_be_scaled() -> None:
    """The workload and the command to scale it are there; it is a zero that was meant."""
    told = tell(make_slice(), pods=[], others=(workload("StatefulSet", "db", 0),))
    assert (told.reason, told.standing, told.fine) == ("ScaledToZero", "intended", True)
    assert "StatefulSet db makes Pods with these labels and wants 0 Pods" in told.evidence
    assert told.commands == ("kubectl scale -n d statefulset/db --replicas=1",)
    assert told.fix == "Nothing to do. If endpoints are wanted, scale StatefulSet db up."


def test_who_depends_on_it_is_told() -> None:
    """An Ingress that points at it is named."""
    backend = {"service": {"name": "s", "port": {"number": 80}}}
    ingress = {
        "kind": "Ingress",
        "metadata": {"name": "shop", "namespace": "d"},
        "spec": {"defaultBackend": backend},
    }
    told = tell(make_slice(True), others=(ingress,))
    assert "1 depends on it: Ingress d/shop" in told.evidence


def test_marks_of_others_are_told() -> None:
    """That it may be served from elsewhere is evidence, and no verdict."""
    marks = {"service.cilium.io/global": "true"}
    told = tell(make_slice(), pods=[], metadata={"annotations": marks})
    assert (
        "service.cilium.io/global is true: other clusters of the mesh may serve it too"
        in told.evidence
    )
    assert told.standing == "down"


def test_a_ready_pod_behind_lagging_endpoints_is_told_with_its_time() -> None:
    """How long the Pod has been ready tells whether the lag is one."""
    told = tell(make_slice(), pods=[make_pod()])
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
    told = tell(
        make_slice(False),
        pods=[pod],
        metadata={
            "selector": {"app": evil},
            "annotations": {
                "endpoints-exporter.io/owner": evil,
                "endpoints-exporter.io/severity": evil,
            },
        },
        type="ClusterIP",
    )
    for line in render_text(told).split("\n"):
        assert line.isprintable()
    for command in told.commands:
        assert "; rm -rf /" not in command.replace(
            "'x\\x1b]0;owned\\x07\\u202e; rm -rf /\\x0a'", ""
        )


def test_colour_is_only_where_asked_for() -> None:
    """With colour the verdict is red, without there is no escape at all."""
    told = tell(make_slice(False), pods=[CRASHING])
    assert "\x1b[31mdown, CrashLoopBackOff" in render_text(told, colour=True)
    assert "\x1b" not in render_text(told)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_message_a_fix_and_commands(reason: Reason) -> None:
    """Nobody is left with a bare word; placeholders are those that can be filled."""
    advice = ADVICE[reason]
    names = {
        name: name
        for name in (
            *("namespace", "service", "selector", "owner"),
            *("pod", "container", "node", "workload", "maker"),
        )
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
    told = tell(make_slice(ready), pods=read_odd_pods(loose))
    assert (told.reason is None) is ready
    assert told.fix
    text = render_text(told)
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    "namespace,app,told",
    [
        ("kube-system", "kube-prometheus-stack-kube-scheduler", True),
        ("kube-system", "scheduler", False),
        ("shop", "kube-prometheus-stack-kube-scheduler", False),
    ],
)
def test_services_for_a_hosted_control_plane_are_known(
    namespace: str, app: str, told: bool
) -> None:
    """What kube-prometheus-stack makes for a control plane is told as such while it is down."""
    answer = tell(
        pods=[], metadata={"namespace": namespace, "labels": {"app": app}}, known=True
    ).answer()
    text = " ".join(answer["evidence"])
    assert ("set kubeScheduler.enabled to false" in text) is told
