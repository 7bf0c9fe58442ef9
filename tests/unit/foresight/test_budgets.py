from __future__ import annotations

from typing import Any

import pytest

from exporter.foresight import GuardState
from tests.unit.apiserver import Json
from tests.unit.foresight.worlds import budget, foretold, running, served

READ = ("pods", "poddisruptionbudgets")


def guards(*objects: Json) -> dict[str, str] | None:
    """What PodDisruptionBudgets say to a drain of n1, with the Pods it is about."""
    found = foretold(
        served("s", "n1", "n1", "n2"), running("s", 3, "n2"), *objects, read=READ, drained=("n1",)
    )
    if found.guards is None:
        return None
    return {one.name: f"{one.state} {','.join(one.pods)}" for one in found.guards}


ONE, TWO = running("s", 1, "n1"), running("s", 2, "n1")
UNREADY: Any = {"conditions": [{"type": "Ready", "status": "False"}]}


@pytest.mark.parametrize(
    "objects,told",
    [
        ((ONE, TWO), {}),
        ((ONE, TWO, budget("b", "s")), {"b": "blocks s-1,s-2"}),
        ((ONE, TWO, budget("b", "other")), {}),
        ((ONE, TWO, budget("b", "s", disruptionsAllowed=1)), {"b": "waits s-1,s-2"}),
        ((ONE, TWO, budget("b", "s", disruptionsAllowed=2)), {}),
        ((ONE, budget("b", "s", disruptionsAllowed=1)), {}),
        ((budget("b", "s"),), {}),
        ((ONE, budget("b", "s", observedGeneration=0)), {"b": "unobserved s-1"}),
        (
            (ONE, budget("b", "s", disruptionsAllowed=9), budget("c", "s", disruptionsAllowed=9)),
            {"b": "several s-1", "c": "several s-1"},
        ),
        ((ONE, budget("b", "s", spec={"selector": None})), {}),
        ((ONE, budget("b", "s", spec={"selector": {}})), {"b": "blocks s-1"}),
        (
            (
                ONE,
                budget(
                    "b",
                    "s",
                    spec={"selector": {"matchExpressions": [{"key": "app", "operator": "Is"}]}},
                ),
            ),
            {},
        ),
        ((running("s", 1, "n1", ("DaemonSet", "x")), budget("b", "s")), {}),
        ((running("s", 1, "n1", ("Node", "n1")), budget("b", "s")), {}),
        ((running("s", 1, "n1", phase="Succeeded"), budget("b", "s")), {}),
        ((running("s", 1, "n1", phase="Pending"), budget("b", "s")), {}),
        ((running("s", 1, "n1", **UNREADY), budget("b", "s")), {}),
        (
            (running("s", 1, "n1", **UNREADY), budget("b", "s", currentHealthy=1)),
            {"b": "blocks s-1"},
        ),
        (
            (running("s", 1, "n1", **UNREADY), budget("b", "s", desiredHealthy=0)),
            {"b": "blocks s-1"},
        ),
        (
            (
                running("s", 1, "n1", **UNREADY),
                budget(
                    "b",
                    "s",
                    currentHealthy=1,
                    spec={"unhealthyPodEvictionPolicy": "AlwaysAllow"},
                ),
            ),
            {},
        ),
    ],
)
def test_what_budgets_say_to_a_drain(objects: tuple[Json, ...], told: dict[str, str]) -> None:
    """The API server's own rules of eviction, for the Pods that a drain evicts."""
    assert guards(*objects) == told


def test_budgets_that_cant_be_read_are_unknown() -> None:
    """None is not the same as no budget."""
    found = foretold(served("s", "n1"), ONE, drained=("n1",))

    assert found.guards is None


@pytest.mark.parametrize("question", [{"zones": ("a",)}, {"worst": 1}])
def test_only_a_drain_asks_budgets(question: Json) -> None:
    """A zone that is lost asks nobody."""
    found = foretold(served("s", "n1/a"), ONE, budget("b", "s"), **question)

    assert found.guards is None


@pytest.mark.parametrize(
    "state,blocks",
    [("blocks", True), ("unobserved", True), ("several", True), ("waits", False)],
)
def test_which_of_them_hold_a_drain_up(state: str, *, blocks: bool) -> None:
    """One that lets some go lets all go in the end, once others are ready elsewhere."""
    assert GuardState(state).blocks is blocks


def test_a_drain_that_is_blocked_is_harm() -> None:
    """No Service would be down, and the drain would not get through."""
    objects = (served("s", "n1", "n2"), ONE, running("s", 2, "n2"), budget("b", "s"))

    assert foretold(*objects, read=READ, drained=("n1",)).harmful
    assert not foretold(*objects, read=READ, zones=()).harmful


def test_pods_without_a_controller_are_named() -> None:
    """`kubectl drain` refuses them without --force, and nothing makes them anew."""
    found = foretold(
        served("s", "n1"), running("s", 1, "n1", ("", "")), running("s", 2, "n1"), drained=("n1",)
    )

    assert found.unmanaged == ("d/s-1",)
