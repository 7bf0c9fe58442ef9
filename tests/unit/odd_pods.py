"""Pods that nobody should write, and somebody will: hypothesis strategies over their JSON."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exporter.objects.pods import Pod, pod_from_metadata
from tests.unit.kubelet import read_pod

texts = st.sampled_from(
    (
        *("", "True", "False", "Unknown", "Ready", "ContainersReady", "CrashLoopBackOff"),
        *("Pending", "Unschedulable", "ReadinessGatesNotReady", "app"),
        *("2999-01-01T00:00:00Z", "\x00\u202e"),
    )
)
values = st.one_of(st.none(), texts, st.integers(-1, 300), st.booleans())
states = st.fixed_dictionaries(
    {},
    optional={
        "running": st.none() | st.just({}),
        "waiting": st.none() | st.fixed_dictionaries({}, optional={"reason": texts}),
        "terminated": st.none()
        | st.fixed_dictionaries({}, optional={"reason": texts, "exitCode": st.integers(-1, 300)}),
    },
)
statuses = st.fixed_dictionaries(
    {"name": texts},
    optional={
        "ready": values,
        "started": values,
        "state": st.none() | states,
        "lastState": st.none() | states,
    },
)
odd_pods = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"name": st.just("p")},
            optional={"deletionTimestamp": st.none() | texts, "creationTimestamp": texts},
        )
    },
    optional={
        "spec": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "nodeName": values,
                "containers": st.none() | st.lists(st.fixed_dictionaries({"name": texts})),
                "initContainers": st.none()
                | st.lists(st.fixed_dictionaries({"name": texts, "restartPolicy": texts})),
                "readinessGates": st.none()
                | st.lists(st.fixed_dictionaries({"conditionType": texts})),
            },
        ),
        "status": st.none()
        | values
        | st.fixed_dictionaries(
            {},
            optional={
                "phase": values,
                "conditions": st.none()
                | st.lists(
                    st.fixed_dictionaries(
                        {"type": texts, "status": texts}, optional={"reason": texts}
                    )
                ),
                "podIPs": st.none()
                | st.lists(st.sampled_from([{}, {"ip": "10.0.0.1"}, {"ip": "x"}])),
                "containerStatuses": st.none() | st.lists(statuses),
                "initContainerStatuses": st.none() | st.lists(statuses),
            },
        ),
    },
)


def read_odd_pods(loose: list[dict[str, Any]]) -> list[Pod]:
    """The Pods p-0, p-1 …: decoded, or what their metadata tells where the rest is nonsense."""
    found = []
    for number, item in enumerate(loose):
        item["metadata"]["name"] = f"p-{number}"
        try:
            found.append(read_pod(item))
        except AssertionError:  # the codec rejected it
            pod = pod_from_metadata(item)
            assert pod is not None
            found.append(pod)
    return found
