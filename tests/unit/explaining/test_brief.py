from __future__ import annotations

import pytest

from exporter.explaining.brief import write_notes
from exporter.model import ServiceKey, Standing
from tests.unit.cli.dumps import (
    DUAL,
    Json,
    endpoint,
    endpoint_slice,
    healthy,
    service,
    settled,
    v6,
)


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
