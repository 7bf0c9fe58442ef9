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
    NOW,
    Json,
    endpoint,
    endpoint_slice,
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
    "objects,standing,notes",
    [
        (healthy("web", ready=2), Standing.READY, ()),
        (
            [
                service(
                    "web",
                    ports=[
                        {"name": "http", "protocol": "TCP", "port": 80},
                        {"name": "metrics", "protocol": "TCP", "port": 9090},
                    ],
                ),
                endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2")),
            ],
            Standing.DEGRADED,
            ("port metrics has no ready endpoint",),
        ),
        (
            [
                service("web", ipFamilies=DUAL),
                endpoint_slice(endpoint("10.0.0.1"), endpoint("10.0.0.2")),
                v6(),
            ],
            Standing.DEGRADED,
            ("no ready IPv6 endpoint",),
        ),
        (
            healthy("web", ready=2, type="LoadBalancer"),
            Standing.DEGRADED,
            ("load balancer pending",),
        ),
        (
            healthy(
                "web",
                ready=2,
                meta={"annotations": {"endpoints-exporter.io/min-ready": "three"}},
            ),
            Standing.READY,
            (
                (
                    "bad annotation: endpoints-exporter.io/min-ready='three': "
                    "takes a positive whole number"
                ),
            ),
        ),
    ],
)
def test_notes_tell_what_is_remarkable_besides(
    objects: list[Json], standing: Standing, notes: tuple[str, ...]
) -> None:
    """A port or family without endpoints, a pending load balancer, a bad annotation are noted."""
    report = settled(objects).state.reports[ServiceKey("shop", "web")]
    assert (report.judgement.standing, write_notes(report)) == (standing, notes)
