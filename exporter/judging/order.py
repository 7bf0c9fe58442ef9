"""In which order Services are shown: what needs somebody most comes first."""

from __future__ import annotations

from math import isfinite

from exporter.analysis.policy import SEVERITIES, read_policy
from exporter.model import ServiceReport, Standing

#: How Services stand, worst first: the order of lists, counts and legends.
STANDINGS = tuple(Standing)

_PLACES = {standing: place for place, standing in enumerate(STANDINGS)}
#: Whose severity nobody gave is as urgent as a warning.
_URGENCIES = {"": SEVERITIES.index("warning")} | {word: at for at, word in enumerate(SEVERITIES)}

Rank = tuple[int, int, bool, int, str, str]


def rank(report: ServiceReport) -> Rank:
    """A sort key: by standing, by the owner's severity, by what broke last, by name."""
    severity = read_policy(report.service, 1).severity
    since = report.since
    moment = int(since) if since is not None and isfinite(since) else None
    place = _PLACES[report.judgement.standing]
    return (place, _URGENCIES[severity], moment is None, -(moment or 0), *report.key)
