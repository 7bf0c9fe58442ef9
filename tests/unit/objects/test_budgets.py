from __future__ import annotations

import msgspec
import pytest

from exporter.objects.budgets import Budget
from exporter.objects.codec import decode_object
from exporter.objects.meta import Rejected
from exporter.objects.resources import BUDGETS
from exporter.objects.selectors import LabelSelector, Requirement
from tests.unit.apiserver import Json


def budget(**parts: Json) -> Budget:
    """A PodDisruptionBudget with these parts, as it is held."""
    loose = {"metadata": {"name": "b", "namespace": "d", "generation": 2}, **parts}
    found = decode_object(BUDGETS, msgspec.json.encode(loose))
    assert isinstance(found, Budget)
    return found


def test_what_is_kept_of_a_budget() -> None:
    """The selector, the policy for what is not ready, and what the controller counted."""
    found = budget(
        spec={
            "maxUnavailable": 1,
            "selector": {
                "matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}],
            },
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
        status={
            "observedGeneration": 2,
            "disruptionsAllowed": 1,
            "currentHealthy": 3,
            "desiredHealthy": 2,
            "expectedPods": 3,
        },
    )

    assert found == Budget(
        namespace="d",
        name="b",
        resource_version="",
        selector=LabelSelector({"app": "web"}, (Requirement("tier", "In", ("a", "b")),)),
        always=True,
        allowed=1,
        healthy=3,
        desired=2,
        observed=True,
    )


@pytest.mark.parametrize(
    "status,observed",
    [({"observedGeneration": 2}, True), ({"observedGeneration": 1}, False), ({}, False)],
)
def test_whether_its_controller_has_seen_it(status: Json, *, observed: bool) -> None:
    """The API server refuses evictions while the status speaks of an older spec, or of none."""
    assert budget(status=status).observed is observed


def test_a_budget_that_makes_no_sense_is_rejected() -> None:
    """One that can't be decoded is told, and no other is."""
    loose = {"metadata": {"name": "b", "namespace": "d"}, "spec": {"selector": "app=web"}}

    assert isinstance(decode_object(BUDGETS, msgspec.json.encode(loose)), Rejected)
