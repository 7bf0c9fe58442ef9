from __future__ import annotations

from typing import Any

import pytest

from exporter.analysis.candidates import own_reason
from exporter.objects.pod_facts import Facts
from exporter.objects.pods import pod_from_metadata
from tests.unit.kubelet import (
    READINESS,
    RUNNING,
    STARTUP,
    UNREADY,
    condition,
    conditions,
    container,
    make_pod,
    pod_json,
    read_pod,
    status,
    terminated,
    unready_json,
    waiting,
)

NO_NODE: dict[str, Any] = {"nodeName": None, "containers": [container(**READINESS)]}
CREATING = waiting("ContainerCreating")
INITIALIZING = waiting("PodInitializing")


def facts(**changes: Any) -> Facts:
    """Facts of a Pod as pod_json makes it."""
    return make_pod(**changes).facts


def unready(*statuses: dict[str, Any], containers: Any = (), **changes: Any) -> Facts:
    """Facts of a Pod on a Node whose containers are not all ready."""
    return read_pod(unready_json(*containers, statuses=list(statuses), **changes)).facts


def with_init(
    init_status: dict[str, Any],
    *,
    policy: str | None = None,
    initialized: str = "False",
    **app: Any,
) -> Facts:
    """Facts of a Pod with an init container (or sidecar) `init` and a waiting app container."""
    return facts(
        spec={
            "initContainers": [container("init", restartPolicy=policy)],
        },
        status={
            "phase": "Pending",
            "conditions": conditions(**UNREADY, Initialized=initialized),
            "initContainerStatuses": [{**init_status, "name": "init"}],
            "containerStatuses": [status(app.get("state", INITIALIZING), started=False)],
        },
    )


def scheduled(value: str, reason: str) -> dict[str, Any]:
    """The status of a Pod that has no Node."""
    return {
        "phase": "Pending",
        "podIP": None,
        "podIPs": None,
        "containerStatuses": None,
        "conditions": [condition("PodScheduled", value, reason)],
    }


GATE = {"nodeName": "n1", "readinessGates": [{"conditionType": "example.com/gate"}]}

TABLE: dict[str, tuple[Facts, str, str | None]] = {
    "the gate's condition is missing": (
        facts(
            spec=GATE,
            status={"conditions": conditions(Ready="False:ReadinessGatesNotReady")},
        ),
        "ReadinessGateNotReady",
        None,
    ),
    "the gate is closed and the Ready condition gives another reason": (
        facts(
            spec=GATE,
            status={
                "conditions": [
                    *conditions(Ready="False"),
                    condition("example.com/gate", "False"),
                ]
            },
        ),
        "ReadinessGateNotReady",
        None,
    ),
    "a lost node turns Ready alone to False": (
        facts(status={"conditions": conditions(Ready="False")}),
        "NodeNotReady",
        None,
    ),
    "a lost node, and the gate is open": (
        facts(
            spec=GATE,
            status={
                "conditions": [
                    *conditions(Ready="Unknown:NodeStatusUnknown"),
                    condition("example.com/gate", "True"),
                ]
            },
        ),
        "NodeNotReady",
        None,
    ),
    "running, started, with a readiness probe": (
        unready(status(RUNNING)),
        "ReadinessProbeFailing",
        None,
    ),
    "running, its startup probe has not succeeded": (
        unready(status(RUNNING, started=False), containers=[container(**READINESS, **STARTUP)]),
        "ReadinessProbeFailing",
        "StartupProbe",
    ),
    "one of two containers is not ready and runs": (
        unready(
            status(RUNNING, ready=True),
            status(RUNNING, name="cache"),
            containers=[container(), container("cache", **READINESS)],
        ),
        "ReadinessProbeFailing",
        None,
    ),
    "running without any probe, not ready for a moment": (
        unready(status(RUNNING), containers=[container()]),
        "PodsNotReady",
        None,
    ),
    "crash loop after an error": (
        unready(
            status(waiting("CrashLoopBackOff"), restarts=7, last=terminated("Error", 1)),
        ),
        "CrashLoopBackOff",
        "Error",
    ),
    "crash loop out of memory": (
        unready(status(waiting("CrashLoopBackOff"), last=terminated("OOMKilled", 137))),
        "CrashLoopBackOff",
        "OOMKilled",
    ),
    "crash loop, and nobody says what happened": (
        unready(status(waiting("CrashLoopBackOff"))),
        "CrashLoopBackOff",
        None,
    ),
    "the command can't be run": (
        unready(status(waiting("RunContainerError"), last=terminated("StartError", 128))),
        "CrashLoopBackOff",
        "StartError",
    ),
    "the hook after the start fails": (
        unready(status(waiting("PostStartHookError"))),
        "CrashLoopBackOff",
        None,
    ),
    "it has just ended with an error": (
        unready(status(terminated("Error", 2))),
        "CrashLoopBackOff",
        "Error",
    ),
    "one crashes while another fails its probe": (
        unready(
            status(waiting("CrashLoopBackOff"), last=terminated("Error", 1)),
            status(RUNNING, name="cache"),
            containers=[container(**READINESS), container("cache", **READINESS)],
        ),
        "CrashLoopBackOff",
        "Error",
    ),
    "it has ended well and is not started again yet": (
        unready(status(terminated("Completed", 0))),
        "PodsNotReady",
        None,
    ),
    "a sidecar crashes": (
        with_init(
            status(waiting("CrashLoopBackOff"), started=False, last=terminated("Error", 1)),
            policy="Always",
        ),
        "CrashLoopBackOff",
        "Error",
    ),
    "an init container runs": (with_init(status(RUNNING)), "InitNotComplete", None),
    "an init container crashes": (
        with_init(status(waiting("CrashLoopBackOff"))),
        "InitNotComplete",
        None,
    ),
    "an init container has just failed": (
        with_init(status(terminated("Error", 1))),
        "InitNotComplete",
        None,
    ),
    "a sidecar has not started, those after it wait": (
        with_init(status(RUNNING, started=False), policy="Always"),
        "InitNotComplete",
        None,
    ),
    "a started sidecar holds up nobody": (
        with_init(status(RUNNING, ready=True), policy="Always", state=CREATING),
        "ContainerCreating",
        None,
    ),
    "the image of an init container is missing": (
        with_init(status(waiting("ErrImagePull"))),
        "ImagePull",
        None,
    ),
    "all init containers are done, the app is being made": (
        with_init(status(terminated("Completed", 0), ready=True), initialized="True"),
        "ContainerCreating",
        None,
    ),
    **{
        f"image: {reason}": (unready(status(waiting(reason), started=False)), "ImagePull", None)
        for reason in (
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "ImageInspectError",
            "RegistryUnavailable",
            "SignatureValidationFailed",
        )
    },
    **{
        f"config: {reason}": (unready(status(waiting(reason))), "ContainerConfigError", None)
        for reason in (
            "CreateContainerConfigError",
            "CreateContainerError",
            "PreCreateHookError",
            "PreStartHookError",
        )
    },
    "the container is being made": (unready(status(CREATING)), "ContainerCreating", None),
    "the kubelet has not reported yet": (unready(), "ContainerCreating", None),
    "scheduled a moment ago, nothing but that is known": (
        facts(status={**scheduled("True", ""), "phase": "Pending"}),
        "ContainerCreating",
        None,
    ),
    "no status at all, on a Node": (facts(status=None), "ContainerCreating", None),
    "the sandbox is gone": (
        facts(
            status={
                "conditions": conditions(**UNREADY, PodReadyToStartContainers="False"),
                "containerStatuses": [status(terminated("Completed", 0))],
            }
        ),
        "ContainerCreating",
        None,
    ),
    "no Node fits": (
        facts(spec=NO_NODE, status=scheduled("False", "Unschedulable")),
        "Unschedulable",
        None,
    ),
    "the scheduler fails": (
        facts(spec=NO_NODE, status=scheduled("False", "SchedulerError")),
        "Unschedulable",
        None,
    ),
    "a scheduling gate": (
        facts(spec=NO_NODE, status=scheduled("False", "SchedulingGated")),
        "SchedulingGated",
        None,
    ),
    "nobody has looked at it": (
        facts(spec=NO_NODE, status={**scheduled("", ""), "conditions": None}),
        "Unscheduled",
        None,
    ),
    "no spec and no status": (facts(spec=None, status=None), "Unscheduled", None),
    "PodScheduled gives a reason nobody knows": (
        facts(spec=NO_NODE, status=scheduled("False", "Holiday")),
        "PodsNotReady",
        None,
    ),
    "waiting for a reason nobody knows": (
        unready(status(waiting("SomethingNew"))),
        "PodsNotReady",
        None,
    ),
    "waiting without a reason": (unready(status({"waiting": {}})), "PodsNotReady", None),
    "an unknown phase, all else as if ready but the Ready condition": (
        unready(status(RUNNING, ready=True), phase="Sleeping"),
        "PodsNotReady",
        None,
    ),
}


@pytest.mark.parametrize("state,reason,detail", TABLE.values(), ids=TABLE)
def test_a_pod_tells_its_own_reason(state: Facts, reason: str, detail: str | None) -> None:
    """The first of rules 18 to 29 of the semantics holds, with its detail."""
    assert own_reason(state) == (reason, detail)


def test_a_pod_that_can_not_be_decoded_is_not_ready_and_no_more_is_said() -> None:
    """Nothing is concluded from a status that could not be read."""
    pod = pod_from_metadata({**pod_json(), "status": 5})
    assert pod is not None
    assert own_reason(pod.facts) == ("PodsNotReady", None)


def test_of_several_causes_of_a_crash_the_telling_one_is_named() -> None:
    """Whatever the order of containers, OOMKilled stands before other causes."""
    oom = status(waiting("CrashLoopBackOff"), last=terminated("OOMKilled", 137))
    error = status(waiting("CrashLoopBackOff"), name="cache", last=terminated("Error", 1))
    containers = [container(), container("cache")]
    for order in (containers, containers[::-1]):
        found = own_reason(unready(oom, error, containers=order))
        assert found == ("CrashLoopBackOff", "OOMKilled")
