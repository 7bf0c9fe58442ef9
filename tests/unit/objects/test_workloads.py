from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.resources import RESOURCES, WORKLOADS
from exporter.objects.workloads import WORKLOAD_WIRES, Workload


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
    """Replicas, the labels of its Pods and the kind of its controller are read."""
    found = read_workload(
        "replicasets",
        metadata={
            "name": "s-7c9d8b6f5",
            "namespace": "d",
            "resourceVersion": "8",
            "ownerReferences": [{"kind": "Deployment", "name": "s", "controller": True}],
        },
        spec={"replicas": 0, "template": {"metadata": {"labels": {"app": "s"}}}},
    )
    assert found == Workload(
        kind="ReplicaSet",
        namespace="d",
        name="s-7c9d8b6f5",
        resource_version="8",
        replicas=0,
        template_labels={"app": "s"},
        owner_kind="Deployment",
    )


@pytest.mark.parametrize(
    "spec",
    [None, {}, {"replicas": None, "template": None}, {"template": {"metadata": {"labels": None}}}],
)
def test_replicas_that_are_not_given_are_one(spec: Any) -> None:
    """An absent count is the API's default of 1, never a wish for none."""
    found = read_workload(spec=spec)
    assert (found.replicas, found.template_labels, found.owner_kind) == (1, {}, "")
