from __future__ import annotations

from exporter.judging import rank
from tests.unit.cli.dumps import (
    TWO,
    down,
    external,
    healthy,
    settled,
)


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
