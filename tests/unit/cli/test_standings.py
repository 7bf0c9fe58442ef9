from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.cli.gathering import Gathered
from exporter.dump import read_dump
from exporter.engine.state import Choices, State
from exporter.explaining.brief import write_notes
from exporter.model import Replace, ServiceKey, Standing
from tests.unit.cli.dumps import (
    NO_PODS,
    NO_SLICES,
    NOW,
    Json,
    down,
    endpoint,
    endpoint_slice,
    external,
    healthy,
    service,
)

IGNORE = {"annotations": {"endpoints-exporter.io/ignore": "true"}}
TWO = {"annotations": {"endpoints-exporter.io/min-ready": "2"}}
YOUNG = {"creationTimestamp": "2026-11-23T07:59:30Z"}
DUAL = ["IPv4", "IPv6"]


def settled(*objects: Json | list[Json]) -> Gathered:
    """The state that these objects make at NOW."""
    items: list[Any] = []
    for given in objects:
        items += given if isinstance(given, list) else [given]
    dump = read_dump(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode())
    state = State(Choices())
    for resource, found in dump.objects.items():
        state.deliver(Replace(resource, "", found))
    state.settle(NOW)
    return Gathered(state, NOW, ())


def v6(*addresses: str) -> Json:
    """The IPv6 slice of shop/web."""
    return endpoint_slice(*map(endpoint, addresses), name="web-v6", addressType="IPv6")


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
