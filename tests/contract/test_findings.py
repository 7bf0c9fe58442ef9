"""Findings and the alerts that watch them: what explain says of it is what the rules do."""

from __future__ import annotations

import re

from exporter.explaining.findings import FINDINGS
from exporter.model import FindingCode
from tests.contract.rules import read_alerts

#: Stated by more than the finding: by the peak in the rules, and by namespace.
OTHERWISE = {
    (FindingCode.ENDPOINTS_WITHDRAWN, "KubeServiceLostAllEndpoints"),
    (FindingCode.LEFTOVER_SLICES, "KubeEndpointSlicesFrozen"),
}


def test_findings_name_the_alerts_that_fire_for_them() -> None:
    """An alert that a finding names asks for that finding, and every one that asks is named."""
    told = {
        (key if isinstance(key, FindingCode) else key[0], telling.alert)
        for key, telling in FINDINGS.items()
        if telling.alert
    }
    asked = {
        (FindingCode(code), alert.name)
        for alert in read_alerts()
        for codes in re.findall(r'finding=~?"([^"]+)"', alert.expr)
        for code in codes.split("|")
    }
    assert told - OTHERWISE == asked
    assert {alert for _, alert in OTHERWISE} <= {alert.name for alert in read_alerts()}
