from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.resources import RESOURCES, WORKLOADS
from exporter.objects.workloads import WORKLOAD_WIRES, Failure, Workload


def read_workload(resource: str = "deployments", **parts: Any) -> Workload:
    """A workload d/s of a resource, through the bytes."""
    loose = {"metadata": {"name": "s", "namespace": "d", "resourceVersion": "7"}, **parts}
    found = decode_object(RESOURCES[resource], msgspec.json.encode(loose))
    assert isinstance(found, Workload)
    return found


@pytest.mark.parametrize("resource", WORKLOADS, ids=lambda resource: resource.name)
def test_the_kind_comes_from_the_resource(resource: Any) -> None:
    """Items of a typed list don't say what they are; every workload resource has its kind."""
    assert read_workload(resource.name).kind == resource.kind
    assert set(WORKLOAD_WIRES) == {item.name for item in WORKLOADS}


def test_a_workload_keeps_what_it_wants() -> None:
    """Replicas, the labels of its Pods, its controller and why Pods can't be made are read."""
    found = read_workload(
        "replicasets",
        metadata={
            "name": "s-7c9d8b6f5",
            "namespace": "d",
            "uid": "u-1",
            "resourceVersion": "8",
            "ownerReferences": [
                {"kind": "Node", "name": "n", "uid": "u-9"},
                {"kind": "Deployment", "name": "s", "uid": "u-2", "controller": True},
            ],
        },
        spec={"replicas": 2, "template": {"metadata": {"labels": {"app": "s"}}}},
        status={
            "replicas": 1,
            "conditions": [
                {"type": "Available", "status": "True"},
                {
                    "type": "ReplicaFailure",
                    "status": "True",
                    "reason": "FailedCreate",
                    "message": "exceeded quota",
                    "lastTransitionTime": "2026-11-22T09:59:58Z",
                },
            ],
        },
    )
    assert found == Workload(
        kind="ReplicaSet",
        namespace="d",
        name="s-7c9d8b6f5",
        uid="u-1",
        resource_version="8",
        replicas=2,
        existing=1,
        template_labels={"app": "s"},
        owner_kind="Deployment",
        owner_name="s",
        owner_uid="u-2",
        failure=Failure("FailedCreate", "exceeded quota", 1795341598.0),
    )


@pytest.mark.parametrize(
    "spec",
    [None, {}, {"replicas": None, "template": None}, {"template": {"metadata": {"labels": None}}}],
)
def test_replicas_that_are_not_given_are_one(spec: Any) -> None:
    """An absent count is the API's default of 1, never a wish for none."""
    found = read_workload(spec=spec)
    assert (found.replicas, found.template_labels, found.owner_kind) == (1, {}, "")


@pytest.mark.parametrize(
    "status,generation,wanted,existing",
    [
        ({"desiredNumberScheduled": 0, "currentNumberScheduled": 0}, 1, 0, 0),
        ({"desiredNumberScheduled": 3, "currentNumberScheduled": 2}, 1, 3, 2),
        ({"desiredNumberScheduled": 0, "observedGeneration": 1}, 2, 1, None),
        ({"desiredNumberScheduled": 0, "observedGeneration": 2}, 2, 0, 0),
        ({}, 1, 1, None),
        (None, 1, 1, None),
    ],
)
def test_a_daemon_set_wants_a_pod_for_each_node_that_fits(
    status: Any, generation: int, wanted: int, existing: int | None
) -> None:
    """Its status says how many those are; one of an older spec, or none, tells nothing."""
    metadata = {"name": "s", "namespace": "d", "generation": generation}
    found = read_workload("daemonsets", metadata=metadata, status=status)
    assert (found.replicas, found.existing) == (wanted, existing)


def test_a_status_without_a_count_is_one_of_no_pods() -> None:
    """Zeros are left out of a status; without a status nothing is known."""
    assert read_workload(status={}).existing == 0
    assert read_workload().existing is None
