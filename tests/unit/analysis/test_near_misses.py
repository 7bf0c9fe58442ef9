from __future__ import annotations

import itertools
from typing import Any

import pytest

from exporter.analysis.near_misses import NearMiss, find_near_misses
from exporter.objects.pods import Pod
from tests.unit.kubelet import make_pod, make_service


def labelled(name: str, labels: dict[str, str], namespace: str = "d", **more: Any) -> Pod:
    """A Pod with these labels."""
    return make_pod(metadata={"name": name, "namespace": namespace, "labels": labels}, **more)


@pytest.mark.parametrize(
    "selector,labels,expected",
    [
        (
            {"app": "web", "tier": "backent"},
            {"app": "web", "tier": "backend"},
            NearMiss("d", 1, "p", "tier", "backent", "backend"),
        ),
        (
            {"app": "web", "tier": "backend"},
            {"app": "web"},
            NearMiss("d", 1, "p", "tier", "backend", None),
        ),
        (
            {"app": "web", "tier": "backend"},
            {"app": "web", "layer": "backend"},
            NearMiss("d", 1, "p", "tier", "backend", None, "layer"),
        ),
        ({"app": "shop"}, {"app": "Shop"}, NearMiss("d", 1, "p", "app", "shop", "Shop")),
        ({"app": "shop"}, {"app": "shop-v2"}, NearMiss("d", 1, "p", "app", "shop", "shop-v2")),
        (
            {"app": "shop"},
            {"app.kubernetes.io/name": "shop"},
            NearMiss("d", 1, "p", "app", "shop", None, "app.kubernetes.io/name"),
        ),
        ({"app": "shop"}, {"app": "postgres"}, None),
        ({"app": "shop"}, {}, None),
        ({"app": "web", "tier": "backend"}, {"app": "x", "tier": "y"}, None),
        ({}, {"app": "web"}, None),
    ],
)
def test_a_pod_that_misses_by_one_pair_is_a_near_miss(
    selector: dict[str, str], labels: dict[str, str], expected: NearMiss | None
) -> None:
    """The pair that differs and what the Pods have instead; with one pair, only what is alike."""
    found = find_near_misses(make_service(selector=selector), [labelled("p", labels)])
    assert found == (() if expected is None else (expected,))


def test_matching_pods_elsewhere_are_told() -> None:
    """Pods of another namespace that match in full are near misses, those that nearly do not."""
    pods = [
        labelled("a", {"app": "s", "v": "1"}, "e"),
        labelled("b", {"app": "s", "v": "2"}, "e"),
        labelled("c", {"app": "z"}, "e"),
        labelled("d", {"app": "s"}, "f"),
    ]
    for order in itertools.permutations(pods):
        assert find_near_misses(make_service(), order) == (
            NearMiss("e", 2, "a"),
            NearMiss("f", 1, "d"),
        )


def test_the_likeliest_comes_first_and_three_are_enough() -> None:
    """A slip of one letter stands before all else, and the number of results is bounded."""
    service = make_service(selector={"env": "prod", "app": "checkout"})
    others = [labelled(f"o-{n}", {"env": "prod", "app": f"zz{n}"}) for n in range(50)]
    slip = labelled("slip", {"env": "prod", "app": "chekout"})
    assert find_near_misses(service, [*others, slip]) == (
        NearMiss("d", 1, "slip", "app", "checkout", "chekout"),
    )
    assert len(find_near_misses(service, others)) == 3


def test_pods_that_end_or_have_ended_are_no_near_misses() -> None:
    """Neither a finished Pod nor one that was asked to stop would help."""
    gone = "2026-11-22T10:00:20Z"
    pods = [
        labelled("done", {"app": "S"}, status={"phase": "Succeeded"}),
        make_pod(metadata={"name": "old", "labels": {"app": "S"}, "deletionTimestamp": gone}),
    ]
    assert find_near_misses(make_service(), pods) == ()
