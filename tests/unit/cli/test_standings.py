from __future__ import annotations

import pytest

from exporter.explaining.brief import write_notes
from exporter.model import ServiceKey, Standing
from tests.unit.cli.dumps import (
    DUAL,
    IGNORE,
    NO_PODS,
    NO_SLICES,
    TWO,
    YOUNG,
    Json,
    down,
    endpoint,
    endpoint_slice,
    external,
    healthy,
    service,
    settled,
    v6,
)


@pytest.mark.parametrize(
    "objects,standing,words",
    [
        (healthy("web"), Standing.READY, "single endpoint"),
        (healthy("web", ready=2), Standing.READY, ""),
        (down("web"), Standing.DOWN, ""),
        (down("web", meta=IGNORE), Standing.INTENDED, "ignored"),
        (down("web", meta=YOUNG), Standing.NEW, ""),
        (healthy("web", meta=TWO), Standing.DEGRADED, "below min-ready 2, single endpoint"),
        (healthy("web", ready=2, meta=TWO), Standing.READY, ""),
        (healthy("web", meta={**TWO, **YOUNG}), Standing.NEW, "below min-ready 2, single endpoint"),
        ([external("web")], Standing.INTENDED, ""),
        ([service("web", selector=None), NO_SLICES], Standing.INTENDED, ""),
        ([service("web"), NO_SLICES], Standing.DOWN, ""),
        ([service("web")], Standing.UNKNOWN, "its endpoints can't be read"),
        ([service("web", meta=IGNORE)], Standing.INTENDED, "ignored"),
        (
            [service("web", meta={"deletionTimestamp": "2026-11-23T07:00:00Z"}), NO_SLICES],
            Standing.INTENDED,
            "",
        ),
        (
            [service("web", ipFamilies=DUAL, meta=TWO), endpoint_slice(endpoint("10.0.0.1")),
             v6("fd00::1")],
            Standing.DEGRADED,
            "below min-ready 2, single endpoint",
        ),
    ],
)  # fmt: skip
def test_standing(objects: list[Json], standing: Standing, words: str) -> None:
    """What counts as it should be: enough ready endpoints, or a zero that is meant."""
    report = settled(objects).state.reports[ServiceKey("shop", "web")]
    judgement = report.judgement
    assert (judgement.standing, ", ".join(write_notes(report))) == (standing, words)
    assert judgement.fine is (standing in ("ready", "new", "intended"))


def test_an_undecodable_slice_makes_its_service_unknown() -> None:
    """Numbers that depend on a slice nobody can read are not taken for zero."""
    broken = endpoint_slice(endpoint("10.0.0.1"))
    broken["endpoints"] = "nonsense"
    report = settled(service("web"), broken).state.reports[ServiceKey("shop", "web")]
    assert report.judgement.standing is Standing.UNKNOWN


def test_scaled_to_zero_is_meant() -> None:
    """A Service without Pods whose Deployment asks for none is as it should be."""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "1"},
        "spec": {"replicas": 0, "template": {"metadata": {"labels": {"app": "web"}}}},
    }
    gathered = settled(service("web"), endpoint_slice(), NO_PODS, deployment)
    report = gathered.state.reports[ServiceKey("shop", "web")]
    assert report.judgement.standing is Standing.INTENDED
