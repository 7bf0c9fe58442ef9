from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.objects.codec import decode_object
from exporter.objects.nodes import Node
from exporter.objects.resources import NODES

READY = {"conditions": [{"type": "Ready", "status": "True"}]}


def read_node(**parts: Any) -> Node:
    """A Node n1 of zone a with these parts, through the bytes."""
    loose = {
        "metadata": {
            "name": "n1",
            "resourceVersion": "7",
            "labels": {"topology.kubernetes.io/zone": "a"},
        },
        **parts,
    }
    found = decode_object(NODES, msgspec.json.encode(loose))
    assert isinstance(found, Node)
    return found


def test_a_node_keeps_readiness_schedulability_and_zone() -> None:
    """What analysis asks of a Node is there, and its namespace is empty."""
    assert read_node(spec={}, status=READY) == Node(
        name="n1", resource_version="7", ready=True, schedulable=True, zone="a", namespace=""
    )


@pytest.mark.parametrize(
    "spec,schedulable",
    [
        (None, True),
        ({"unschedulable": None, "taints": None}, True),
        ({"unschedulable": True}, False),
        ({"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}, False),
        ({"taints": [{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]}, True),
    ],
)
def test_a_cordoned_node_is_not_schedulable(spec: Any, schedulable: bool) -> None:
    """A cordon counts, a taint that some Pods tolerate does not."""
    assert read_node(spec=spec).schedulable is schedulable


@pytest.mark.parametrize(
    "status,ready",
    [
        (None, False),
        ({"conditions": None}, False),
        ({"conditions": [{"type": "Ready", "status": "Unknown"}]}, False),
        ({"conditions": [{"type": "MemoryPressure", "status": "True"}]}, False),
        (READY, True),
    ],
)
def test_a_node_is_ready_only_when_it_says_so(status: Any, ready: bool) -> None:
    """Unknown, False and nothing at all are not ready."""
    assert read_node(status=status).ready is ready


def test_a_node_without_a_zone_has_the_empty_one() -> None:
    """No zone label reads as "", as slices have it."""
    assert read_node(metadata={"name": "n1", "labels": None}).zone == ""
