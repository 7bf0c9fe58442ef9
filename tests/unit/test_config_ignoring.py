from __future__ import annotations

import pytest

from exporter.config.ignoring import Ignoring
from exporter.config.kinds import BadValue
from exporter.model import Standing
from tests.unit.apiserver import report_of, service, slice_of


@pytest.mark.parametrize(
    "rule,ignored",
    [
        ("d/s", True),
        ("*/*", True),
        ("d/?", True),
        ("d/s-*", False),
        ("other/s", False),
        ("d/s,team=web", True),
        ("d/s,team==web", True),
        ("d/s,team!=web", False),
        ("d/s,team in (ops, web)", True),
        ("d/s,team notin (ops, web)", False),
        ("d/s,team", True),
        ("d/s,!team", False),
        ("d/s,team=web,tier", False),
        ("other/x; d/s", True),
        ("", False),
    ],
)
def test_a_rule_has_the_effect_of_the_annotation(rule: str, ignored: bool) -> None:
    """A Service without endpoints that a rule covers is ignored, reports no reason and no alert."""
    found = service(metadata={"labels": {"team": "web"}})
    report = report_of(found, slice_of(), ignoring=Ignoring().parse(rule))
    assert report.ignored is ignored
    assert (report.judgement.standing is Standing.INTENDED) is ignored


@pytest.mark.parametrize(
    "text,culprit,problem",
    [
        ("kube-system", "kube-system", "names no Services as NAMESPACE/NAME"),
        ("/web", "/web", "names no Services as NAMESPACE/NAME"),
        ("Shop/web", "Shop/web", "names no Services as NAMESPACE/NAME"),
        ("shop/web/x", "shop/web/x", "names no Services as NAMESPACE/NAME"),
        ("shop/web,tier in (a", "tier in (a", "is no label selector that can be matched here"),
        ("shop/web,tier>3", "tier>3", "is no label selector that can be matched here"),
    ],
)
def test_a_bad_rule_is_named(text: str, culprit: str, problem: str) -> None:
    """The part that is wrong is told, and what is wrong with it."""
    with pytest.raises(BadValue) as caught:
        Ignoring().parse(text)
    assert (caught.value.text, caught.value.problem) == (culprit, problem)


def test_rules_are_shown_as_they_were_written() -> None:
    """What is parsed and shown can be parsed again."""
    text = "kube-system/*-etcd,release=monitoring;shop/canary-*"
    kind = Ignoring()
    assert kind.show(kind.parse(text)) == text
    assert kind.parse(kind.show(kind.parse(text))) == kind.parse(text)
