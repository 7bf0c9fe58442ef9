"""Each simulated scenario: what it expects of itself, and the text that is kept of it."""

from __future__ import annotations

import json

import msgspec
import promtext
import pytest
import run_cases

from exporter.analysis.near_misses import NearMiss, find_near_misses
from exporter.explaining.explain import explain
from exporter.model import FindingCode, Reason, ServiceKey, Standing
from exporter.sim.scenario import load_scenario
from tests.golden.moments import FOLDER, NOW, SCENARIOS, WITHOUT_PODS, Moment, play, render, text_of

EACH = pytest.mark.parametrize("name", SCENARIOS)


def answer(moment: Moment, service: str) -> dict[str, object]:
    """What `explain` says of a Service at the moment."""
    namespace, _, name = service.partition("/")
    key = ServiceKey(namespace, name)
    report, view = moment.state.reports[key], moment.state.view(key)
    assert view is not None
    near: tuple[NearMiss, ...] = ()
    if report.reason is Reason.SELECTOR_MATCHES_NO_PODS:
        near = find_near_misses(report.service, moment.state.cluster.pods())
    found = explain(view, report, now=NOW + moment.at, near_misses=near)
    said: dict[str, object] = json.loads(msgspec.json.encode(found.answer()))
    return said


@EACH
def test_the_exposition_is_the_one_that_is_kept(name: str) -> None:
    """Any change of any line shows; `python -m tests.golden` accepts it."""
    assert render(name) == (FOLDER / f"{name}.prom").read_text(encoding="utf-8")


@EACH
def test_the_scenario_is_as_it_expects(name: str) -> None:
    """At each moment its samples are there, what must not be is not, and explain agrees."""
    looked = 0
    for moment in play(name):
        if moment.expect is None:
            continue
        looked += 1
        expect = msgspec.to_builtins(moment.expect)
        case = {"expect": expect, "dump": {"items": list(moment.objects)}}
        faults = run_cases.compare(case, promtext.parse(text_of(moment.state)))
        assert faults == [], f"after {moment.at:g} s"
        for want in expect["explain"]:
            said = answer(moment, want.pop("service"))
            assert {key: said[key] for key in want} == want, f"after {moment.at:g} s"
    assert looked


@EACH
def test_the_scenario_is_judged_as_it_expects(name: str) -> None:
    """At each moment every Service stands as expected, with exactly the findings that are."""
    for moment in play(name):
        if moment.expect is None:
            continue
        judged = {}
        for key, report in moment.state.reports.items():
            judgement = report.judgement
            words = [judgement.standing, *(found.code for found in judgement.findings)]
            judged[str(key)] = " ".join(words)
        assert judged == moment.expect.judged, f"after {moment.at:g} s"


def test_every_standing_and_every_finding_has_a_scenario() -> None:
    """Whatever can be said of a Service is said of one of them."""
    scenarios = [load_scenario(name, NOW) for name in SCENARIOS]
    moments = [
        expect
        for scenario in scenarios
        for expect in (scenario.expect, *(step.expect for step in scenario.steps))
        if expect is not None
    ]
    words = {word for expect in moments for said in expect.judged.values() for word in said.split()}
    # A scenario begins with Services that are days old, and what can't be read has none.
    assert words == {*Standing, *FindingCode} - {Standing.NEW, Standing.UNKNOWN}


@EACH
def test_the_scenario_without_pods_is_as_it_expects(name: str) -> None:
    """Whoever can't read Pods is given the reason that slices tell."""
    for moment in play(name, unreadable=WITHOUT_PODS):
        for service, reason in (moment.expect.without_pods if moment.expect else {}).items():
            namespace, _, of = service.partition("/")
            assert moment.state.reports[ServiceKey(namespace, of)].reason == reason, (
                f"{service} after {moment.at:g} s"
            )


def test_every_kept_text_has_its_scenario() -> None:
    """A scenario that was renamed leaves no text behind."""
    assert {path.stem for path in FOLDER.glob("*.prom")} == set(SCENARIOS)
