from __future__ import annotations

import functools
from typing import Any

import pytest

from exporter.sim.scenario import Expect, Scenario, list_scenarios, load_scenario
from exporter.sim.store import Store
from tests.unit.sim.counting import count, parse_sample

_NOW = 1_800_000_000.0
#: Read from legacy Endpoints, which the second count knows nothing of; or too large for it.
_NOT_COUNTED = {"legacy-endpoints", "legacy-truncated", "ten-thousand"}
_LARGE = {"legacy-truncated", "ten-thousand"}

#: The reasons of the contract, and what only `explain` says.
_REASONS = {
    "ServiceDeleting",
    "SelectorlessNoEndpoints",
    "SelectorlessUnusable",
    "SelectorlessNotReady",
    "EndpointSlicesMissing",
    "NamedPortMissing",
    "EndpointsNotReady",
    "AllTerminating",
    "NoEndpoints",
    "ScaledToZero",
    "PodsNotCreated",
    "SelectorMatchesNoPods",
    "AllPodsTerminating",
    "AllPodsFinished",
    "EndpointsLagging",
    "NodeMissing",
    "FamilyMismatch",
    "ReadinessGateNotReady",
    "NodeNotReady",
    "ReadinessProbeFailing",
    "CrashLoopBackOff",
    "InitNotComplete",
    "ImagePull",
    "ContainerConfigError",
    "ContainerCreating",
    "Unschedulable",
    "SchedulingGated",
    "Unscheduled",
    "PodsNotReady",
}


@functools.cache
def _load(name: str) -> Scenario:
    return load_scenario(name, _NOW)


def _expectations(name: str) -> list[tuple[float, Expect]]:
    scenario = _load(name)
    later = [(step.at, step.expect) for step in scenario.steps if step.expect is not None]
    return [(0.0, scenario.expect), *later]


def _moments(scenario: Scenario) -> list[tuple[str, list[dict[str, Any]], Expect]]:
    """Every moment of a scenario that says what to expect, with the objects as they are then."""
    store = Store()
    store.load(scenario.objects)
    kinds = ("Service", "EndpointSlice", "Endpoints", "Pod")

    def now() -> list[dict[str, Any]]:
        return [obj for kind in kinds for obj in store.objects(kind)]

    out = [("start", now(), scenario.expect)]
    for step in scenario.steps:
        for key in step.delete:
            assert store.delete(*key), key
        store.load(step.apply)
        if step.expect is not None:
            out.append((f"{step.at:g} s", now(), step.expect))
    return out


@pytest.mark.parametrize("name", list_scenarios())
def test_expected_samples_are_well_formed_and_said_once(name: str) -> None:
    """Every expectation is a series of a known form, and no series is expected twice."""
    for when, expect in _expectations(name):
        seen = set()
        for text in expect.samples:
            family, labels, value = parse_sample(text)
            assert value is not None, (when, text)
            assert family.startswith(("k8s_service_", "k8s_endpointslices_", "k8s_route")), text
            key = (family, frozenset(labels.items()))
            assert key not in seen, (when, text)
            seen.add(key)
            if family in {"k8s_service_endpoints_reason", "k8s_service_pods_unready"}:
                assert labels["reason"] in _REASONS, (when, text)
        for text in (*expect.absent, *expect.absent_or_zero):
            assert parse_sample(text)[2] is None, (when, text)
        for reason in expect.without_pods.values():
            assert reason is None or reason in _REASONS, (when, reason)


@pytest.mark.parametrize("name", sorted(set(list_scenarios()) - _NOT_COUNTED))
def test_expected_counts_follow_from_the_slices(name: str) -> None:
    """Counts that slices decide are what a second, independent count says at each moment."""
    for when, objects, expect in _moments(_load(name)):
        counted = count(objects)
        families = {family for family, _ in counted}
        for text in expect.samples:
            family, labels, value = parse_sample(text)
            if family in families:
                assert counted.get((family, frozenset(labels.items()))) == value, (when, text)


@pytest.mark.parametrize("name", list_scenarios())
def test_every_reason_has_no_usable_endpoint(name: str) -> None:
    """A reason is expected only of a Service that has an explain entry with the same reason."""
    for when, expect in _expectations(name):
        explained = {e.service: e.reason for e in expect.explain}
        for text in expect.samples:
            family, labels, _ = parse_sample(text)
            if family == "k8s_service_endpoints_reason":
                service = f"{labels['namespace']}/{labels['service']}"
                assert explained[service] == labels["reason"], (when, text)


def test_each_reason_has_a_scenario() -> None:
    """Every reason of the contract is what some scenario comes to, with or without Pods."""
    seen: set[str | None] = set()
    for name in list_scenarios():
        for _, expect in _expectations(name):
            seen |= {e.reason for e in expect.explain if isinstance(e.reason, str)}
            seen |= set(expect.without_pods.values())
    assert seen - {None} == _REASONS | {"ExternalName"}


def test_no_two_scenarios_share_a_namespaced_object() -> None:
    """Scenarios can be played side by side: none touches what belongs to another."""
    owners: dict[tuple[str, str, str], str] = {}
    for name in sorted(set(list_scenarios()) - _LARGE):
        scenario = _load(name)
        objects = [*scenario.objects, *(o for step in scenario.steps for o in step.apply)]
        for obj in objects:
            namespace = obj["metadata"].get("namespace")
            if namespace:
                key = (obj["kind"], namespace, obj["metadata"]["name"])
                assert owners.setdefault(key, name) == name, key


def test_loading_is_the_same_every_time() -> None:
    """Two loads at the same moment give the same objects, uids and addresses included."""
    first = load_scenario("node-lost", _NOW)
    second = load_scenario("node-lost", _NOW)
    assert first.objects == second.objects
    assert first.steps == second.steps


def test_timestamps_follow_the_start() -> None:
    """A scenario loaded an hour later has every creation an hour later."""
    early = load_scenario("web-shop", _NOW).objects
    late = load_scenario("web-shop", _NOW + 3600).objects
    pod = next(o for o in early if o["kind"] == "Pod")
    moved = next(o for o in late if o["kind"] == "Pod")
    assert pod["metadata"]["creationTimestamp"] == "2027-01-15T06:00:00Z"
    assert moved["metadata"]["creationTimestamp"] == "2027-01-15T07:00:00Z"
    assert pod["metadata"]["uid"] == moved["metadata"]["uid"]


def test_an_unknown_scenario_is_one_clear_line() -> None:
    """Asking for a scenario that doesn't exist names those that do."""
    with pytest.raises(
        KeyError, match="no scenario 'nonsense'; there are: annotations, broken-reference"
    ):
        load_scenario("nonsense", _NOW)


def test_rewinding_gives_the_start_again() -> None:
    """After its last step a scenario can be brought back to where it began, stale slices too."""
    scenario = load_scenario("reason-endpoints-lagging", _NOW)
    timeline = scenario.timeline(_NOW)

    def conditions() -> list[bool]:
        slices = [o for o in timeline.objects if o["kind"] == "EndpointSlice"]
        return [e["conditions"]["ready"] for s in slices for e in s["endpoints"]]

    assert conditions() == [False, False]
    for at, _, change in scenario.changes:
        timeline.change(change, at)
    assert conditions() == [True, True]
    scenario.rewind(timeline, 500.0)
    assert conditions() == [False, False]
