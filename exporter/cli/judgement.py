"""In which order Services are shown: the worst first."""

from __future__ import annotations

from exporter.analysis.policy import read_policy
from exporter.model import ServiceReport, Standing

_ORDER = tuple(Standing)
_SEVERITIES = {"critical": 0, "": 1, "warning": 1, "info": 2}


def rank(report: ServiceReport) -> tuple[object, ...]:
    """A sort key: worst first, then by the owner's severity, then by name."""
    severity = read_policy(report.service, 1).severity
    return (_ORDER.index(report.judgement.standing), _SEVERITIES[severity], report.key)
