from __future__ import annotations

import json
from typing import Any

from exporter.cli.gathering import Gathered
from exporter.dump import read_dump
from exporter.engine.state import Choices, State
from exporter.judging import rank
from exporter.model import Replace
from tests.unit.cli.dumps import (
    NOW,
    Json,
    down,
    endpoint,
    endpoint_slice,
    external,
    healthy,
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


def test_worst_first() -> None:
    """Down before unknown and degraded, the owner's severity next, names last."""
    critical = {"annotations": {"endpoints-exporter.io/severity": "critical"}}
    info = {"annotations": {"endpoints-exporter.io/severity": "info"}}
    gathered = settled(
        healthy("a-healthy"),
        external("b-external"),
        healthy("c-degraded", meta=TWO),
        down("d-down-info", meta=info),
        down("e-down"),
        down("f-down-critical", meta=critical),
    )
    reports = sorted(gathered.reports(), key=rank)
    assert [report.key.name for report in reports] == [
        "f-down-critical",
        "e-down",
        "d-down-info",
        "c-degraded",
        "a-healthy",
        "b-external",
    ]
