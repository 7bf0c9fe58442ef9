from __future__ import annotations

from typing import Any

import pytest

from exporter.sim.timeline import Timeline

_NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z

Objects = list[dict[str, Any]]


def _kind(objects: Objects, kind: str) -> Objects:
    return [o for o in objects if o["kind"] == kind]


def _start(service: dict[str, Any], workload: dict[str, Any], **more: Any) -> Timeline:
    return Timeline({"services": {"d/s": service}, "workloads": {"d/s": workload}, **more}, _NOW)


def _endpoints(timeline: Timeline) -> list[tuple[str, str]]:
    """(address, conditions as rst) of every endpoint of every slice."""
    out = []
    for obj in _kind(timeline.objects, "EndpointSlice"):
        for endpoint in obj["endpoints"] or []:
            rst = "".join("FT"[value] for value in endpoint["conditions"].values())
            out.append((endpoint["addresses"][0], rst))
    return out


def test_nothing_to_publish_is_one_placeholder_per_family() -> None:
    """A Service without Pods has a slice with null endpoints and null ports for each family."""
    slices = _kind(_start({"families": ["IPv4", "IPv6"]}, {}).objects, "EndpointSlice")
    assert [(s["addressType"], s["endpoints"], s["ports"]) for s in slices] == [
        ("IPv4", None, None),
        ("IPv6", None, None),
    ]


@pytest.mark.parametrize(
    "state, conditions",
    [
        ("Ready", "TTF"),
        ("NotReady", "FFF"),
        ("NodeLost", "FFF"),
        ("GateMissing", "FFF"),
        ("CrashLoopBackOff", "FFF"),
        ("ImagePullBackOff", "FFF"),
        ("Terminating", "FTT"),
        ("TerminatingNotServing", "FFT"),
    ],
)
def test_conditions_follow_the_pod(state: str, conditions: str) -> None:
    """Ready is serving and not terminating; the other two are the Pod's own."""
    timeline = _start({}, {"pods": {"1": state}})
    assert _endpoints(timeline) == [("10.128.0.1", conditions)]


@pytest.mark.parametrize(
    "state", ["Succeeded", "Failed", "Evicted", "Unschedulable", "ContainerCreating"]
)
def test_finished_and_addressless_pods_are_left_out(state: str) -> None:
    """A Pod that has ended or has no address is no endpoint."""
    assert _endpoints(_start({}, {"pods": {"1": state}})) == []


def test_published_pods_are_always_ready() -> None:
    """With publishNotReadyAddresses every Pod is ready, terminating and unready ones too."""
    timeline = _start({"publish": True}, {"pods": {"1": "NotReady", "2": "Terminating"}})
    assert _endpoints(timeline) == [("10.128.0.1", "TFF"), ("10.128.0.2", "TTT")]


def test_a_pod_of_a_missing_node_is_left_out() -> None:
    """A Pod whose Node is gone is no endpoint, unless unready Pods are published."""
    pods = {"pods": {"1": "Ready@gone"}}
    assert _endpoints(_start({}, pods)) == []
    assert _endpoints(_start({"publish": True}, pods)) == [("10.128.0.1", "TTF")]


def test_slices_hold_a_hundred_endpoints() -> None:
    """More Pods than one slice takes go on in the next."""
    slices = _kind(_start({}, {"pods": {"1..230": "Ready"}}).objects, "EndpointSlice")
    assert [len(s["endpoints"]) for s in slices] == [100, 100, 30]
    assert len({s["metadata"]["name"] for s in slices}) == 3


def test_pods_with_other_numbers_for_a_port_go_elsewhere() -> None:
    """Pods are grouped by what the Service's ports are on them."""
    pods = {"1": "Ready", "2": {"ports": {"http": 8081}}, "3": {"ports": {}}}
    timeline = _start({"ports": ["http 80>http"]}, {"pods": pods})
    slices = _kind(timeline.objects, "EndpointSlice")
    assert [s["ports"] for s in slices] == [
        [{"name": "http", "port": 8080, "protocol": "TCP"}],
        [{"name": "http", "port": 8081, "protocol": "TCP"}],
        None,
    ]


def test_a_named_port_has_to_have_the_right_protocol() -> None:
    """A container port of the same name and another protocol isn't the one."""
    timeline = _start(
        {"ports": ["dns 53>dns/UDP"]}, {"ports": {"dns": "53/TCP"}, "pods": {"1": "Ready"}}
    )
    assert _kind(timeline.objects, "EndpointSlice")[0]["ports"] is None


def test_legacy_endpoints_know_less() -> None:
    """Terminating Pods and Pods without the port are missing; unready ones stand apart."""
    pods = {"1": "Ready", "2": "NotReady", "3": "Terminating", "4": {"ports": {}}}
    timeline = _start({"ports": ["http 80>http"]}, {"pods": pods})
    (legacy,) = _kind(timeline.objects, "Endpoints")
    (subset,) = legacy["subsets"]
    assert [a["ip"] for a in subset["addresses"]] == ["10.128.0.1"]
    assert [a["ip"] for a in subset["notReadyAddresses"]] == ["10.128.0.2"]


def test_legacy_endpoints_stop_at_a_thousand() -> None:
    """Unready addresses are cut first, and an annotation says that something was."""
    timeline = _start({}, {"pods": {"1..990": "Ready", "991..1020": "NotReady"}})
    (legacy,) = _kind(timeline.objects, "Endpoints")
    assert len(legacy["subsets"][0]["addresses"]) == 990
    assert len(legacy["subsets"][0]["notReadyAddresses"]) == 10
    key = "endpoints.kubernetes.io/over-capacity"
    assert legacy["metadata"]["annotations"][key] == "truncated"


def test_the_trigger_time_is_that_of_the_pod() -> None:
    """A slice says when the Pod changed that it was written for, and nothing after a removal."""
    timeline = _start({}, {"pods": {"1": "Ready", "2": "NotReady"}})
    key = "endpoints.kubernetes.io/last-change-trigger-time"

    def trigger() -> str | None:
        (found,) = _kind(timeline.objects, "EndpointSlice")
        annotations: dict[str, str] = found["metadata"].get("annotations", {})
        return annotations.get(key)

    timeline.change({"workloads": {"d/s": {"pods": {"2": "Ready"}}}}, 30)
    assert trigger() == "2027-01-15T08:00:30Z"
    timeline.change({"workloads": {"d/s": {"pods": {"2": None}}}}, 60)
    assert trigger() is None


def test_a_change_touches_only_what_changes() -> None:
    """One Pod becoming unready rewrites the Pod, its workload and what lists it, nothing else."""
    timeline = _start({}, {"pods": {"1..2": "Ready"}})
    difference = timeline.change({"workloads": {"d/s": {"pods": {"1": "NotReady"}}}}, 30)
    assert sorted(o["kind"] for o in difference.apply) == [
        "Deployment",
        "EndpointSlice",
        "Endpoints",
        "Pod",
        "ReplicaSet",
    ]
    assert difference.delete == ()
    (pod,) = _kind(list(difference.apply), "Pod")
    ready = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["lastTransitionTime"]) == ("False", "2027-01-15T08:00:30Z")


def test_a_pod_that_comes_back_is_another_pod() -> None:
    """The same id taken away and given again is a new Pod; a StatefulSet's keeps its name."""
    timeline = _start({}, {"kind": "StatefulSet", "pods": {"0": "Ready"}})
    (before,) = _kind(timeline.objects, "Pod")
    timeline.change({"workloads": {"d/s": {"pods": {"0": None}}}}, 10)
    timeline.change({"workloads": {"d/s": {"pods": {"0": "Ready"}}}}, 20)
    (after,) = _kind(timeline.objects, "Pod")
    assert after["metadata"]["name"] == before["metadata"]["name"] == "s-0"
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["metadata"]["creationTimestamp"] == "2027-01-15T08:00:20Z"
    assert after["status"]["podIP"] != before["status"]["podIP"]


def test_a_service_that_loses_its_selector_keeps_its_slices() -> None:
    """Without a selector the controller returns early; what it wrote stays as it was."""
    timeline = _start({}, {"pods": {"1..2": "Ready"}})
    timeline.change({"services": {"d/s": {"selector": "none"}}}, 10)
    timeline.change({"workloads": {"d/s": {"pods": {"1..2": "NotReady"}}}}, 20)
    assert _endpoints(timeline) == [("10.128.0.1", "TTF"), ("10.128.0.2", "TTF")]
    gone = timeline.change({"services": {"d/s": None}}, 30)
    assert {kind for kind, _, _ in gone.delete} == {"Service", "EndpointSlice", "Endpoints"}


def test_a_mistake_in_a_declaration_is_told() -> None:
    """An unknown field, an unknown state and a bad port name what is wrong."""
    with pytest.raises(ValueError, match="unknown field `prots`"):
        _start({"prots": []}, {})
    with pytest.raises(ValueError, match="unknown state 'Reddy'"):
        _start({}, {"pods": {"1": "Reddy"}})
    with pytest.raises(ValueError, match="not a port: 'eighty'"):
        _start({"ports": ["eighty"]}, {})


def _pod(state: str, **workload: Any) -> dict[str, Any]:
    (pod,) = _kind(_start({}, {**workload, "pods": {"1": state}}).objects, "Pod")
    return pod


def _condition(pod: dict[str, Any], kind: str) -> tuple[str, str]:
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == kind:
            return condition["status"], condition.get("reason", "")
    return "absent", ""


@pytest.mark.parametrize(
    "state, phase, ready, containers",
    [
        ("Ready", "Running", ("True", ""), ("True", "")),
        (
            "NotReady",
            "Running",
            ("False", "ContainersNotReady"),
            ("False", "ContainersNotReady"),
        ),
        ("NodeLost", "Running", ("False", ""), ("True", "")),
        ("GateMissing", "Running", ("False", "ReadinessGatesNotReady"), ("True", "")),
        ("Succeeded", "Succeeded", ("False", "PodCompleted"), ("False", "PodCompleted")),
        ("Failed", "Failed", ("False", "PodFailed"), ("False", "PodFailed")),
        ("Unschedulable", "Pending", ("absent", ""), ("absent", "")),
        ("Terminating", "Running", ("True", ""), ("True", "")),
    ],
)
def test_readiness_is_written_as_the_kubelet_does(
    state: str, phase: str, ready: tuple[str, str], containers: tuple[str, str]
) -> None:
    """Phase and the two ready conditions with their reasons, state by state."""
    pod = _pod(state, gates=["example.com/gate"])
    assert pod["status"]["phase"] == phase
    assert _condition(pod, "Ready") == ready
    assert _condition(pod, "ContainersReady") == containers


def test_a_crash_loop_tells_how_it_ended() -> None:
    """The container waits, its last state was killed for want of memory, restarts are counted."""
    (status,) = _pod("OOMKilled")["status"]["containerStatuses"]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert status["lastState"]["terminated"]["exitCode"] == 137
    assert status["restartCount"] == 12


def test_an_init_container_keeps_the_others_waiting() -> None:
    """The crashing init container has the reason; the app waits for it without restarts."""
    pod = _pod("InitCrashLoopBackOff", init=True)
    (init,) = pod["status"]["initContainerStatuses"]
    (app,) = pod["status"]["containerStatuses"]
    assert init["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert app["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert app["restartCount"] == 0
    assert _condition(pod, "Initialized") == ("False", "ContainersNotInitialized")


def test_a_terminating_pod_has_the_end_of_its_grace_period() -> None:
    """The deletion timestamp is the moment of the request and thirty seconds."""
    timeline = _start({}, {"pods": {"1": {"state": "Terminating", "since": 10}}})
    (pod,) = _kind(timeline.objects, "Pod")
    assert pod["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:20Z"
    assert pod["metadata"]["deletionGracePeriodSeconds"] == 30
